import { App, Fn, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import { Key } from 'aws-cdk-lib/aws-kms';
import * as logs from 'aws-cdk-lib/aws-logs';
import { ClusterPlugins, NocoBaseCluster, type NocoBaseClusterProps } from '../lib';

const ENV = { account: '111122223333', region: 'eu-central-1' };

/** A cluster with something of the user's. */
function given(
  props: (stack: Stack) => Partial<NocoBaseClusterProps>,
  stack = new Stack(new App(), 'Prod', { env: ENV }),
) {
  const plugins = ClusterPlugins.preinstalled();
  return expect(() => new NocoBaseCluster(stack, 'NocoBase', { plugins, ...props(stack) }));
}

test.each([
  ['vpc', "Vpc.fromLookup(this, 'Vpc', { vpcId })"],
  ['ecsCluster', "Cluster.fromClusterAttributes(this, 'Ecs', { clusterName, vpc })"],
  ['encryptionKey', "Key.fromKeyArn(this, 'Key', keyArn)"],
  ['logGroup', "LogGroup.fromLogGroupName(this, 'Logs', logGroupName)"],
])('an id in place of %s is refused', (prop, imported) => {
  given(() => ({ [prop]: 'some-id' })).toThrow(
    `cdk-nocobase [Prod/NocoBase]: \`${prop}\` must be a construct, got: string. Where there is one already, import it: ${imported}.`,
  );
  given(() => ({ [prop]: null as any })).toThrow(`\`${prop}\` must be a construct`);
});

describe('an ECS cluster', () => {
  const imported = (attributes: Partial<ecs.ClusterAttributes>) =>
    given((stack) => {
      const vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 2 });
      return {
        ecsCluster: ecs.Cluster.fromClusterAttributes(stack, 'Ecs', { clusterName: 'platform', vpc, ...attributes }),
      };
    });
  const arn = (account: string, region: string) => `arn:aws:ecs:${region}:${account}:cluster/platform`;

  test('of another region or account is refused', () => {
    imported({ clusterArn: arn(ENV.account, 'us-east-1') }).toThrow(
      '`ecsCluster` is in us-east-1, and has to be in eu-central-1. Give one that is where the nodes are to be',
    );
    imported({ clusterArn: arn('444455556666', ENV.region) }).toThrow(
      '`ecsCluster` is in account 444455556666, and has to be in 111122223333.',
    );
    imported({ clusterArn: arn(ENV.account, ENV.region) }).not.toThrow();
    imported({ clusterArn: Fn.importValue('ClusterArn') }).not.toThrow();
  });

  test('is known by its name, not by its ARN', () => {
    imported({ clusterName: arn(ENV.account, ENV.region) }).toThrow(
      "`ecsCluster` was imported with a clusterName that is not a name: 'arn:aws:ecs:eu-central-1:111122223333:cluster/platform'. Write what follows on 'cluster/' in its ARN.",
    );
    imported({ clusterName: Fn.importValue('ClusterName') }).not.toThrow();
    imported({ clusterName: `arn:aws:ecs:${Fn.ref('AWS::Region')}:1:cluster/x` }).toThrow('that is not a name. Write');
  });
});

describe('a log group', () => {
  test.each([logs.LogGroupClass.INFREQUENT_ACCESS, logs.LogGroupClass.DELIVERY])(
    'of the class %s is refused',
    (one) => {
      given((stack) => ({ logGroup: new logs.LogGroup(stack, 'Logs', { logGroupClass: one }) })).toThrow(
        `\`logGroup\` Prod/Logs is of the class ${one}, and CloudWatch makes metrics of the class STANDARD only. Give one of the class STANDARD`,
      );
    },
  );

  test('of the class STANDARD is taken, also by its name', () => {
    given((stack) => ({ logGroup: new logs.LogGroup(stack, 'Logs') })).not.toThrow();
    const { STANDARD } = logs.LogGroupClass;
    given((stack) => ({
      logGroup: new logs.LogGroup(stack, 'Logs', { logGroupClass: STANDARD, logGroupName: 'nocobase' }),
    })).not.toThrow();
    given((stack) => ({ logGroup: logs.LogGroup.fromLogGroupName(stack, 'Logs', 'nocobase') })).not.toThrow();
  });

  test('of another region or account is refused', () => {
    const of = (account: string, region: string) =>
      given((stack) => ({
        logGroup: logs.LogGroup.fromLogGroupArn(
          stack,
          'Logs',
          `arn:aws:logs:${region}:${account}:log-group:nocobase:*`,
        ),
      }));
    of(ENV.account, 'us-east-1').toThrow('`logGroup` is in us-east-1, and has to be in eu-central-1.');
    of('444455556666', ENV.region).toThrow('`logGroup` is in account 444455556666, and has to be in 111122223333.');
    of(ENV.account, ENV.region).not.toThrow();
  });
});

test('a key of another region is refused', () => {
  const key = (region: string) =>
    given((stack) => ({
      encryptionKey: Key.fromKeyArn(stack, 'Key', `arn:aws:kms:${region}:444455556666:key/mrk-1234`),
    }));
  key('us-east-1').toThrow('`encryptionKey` Prod/Key is in us-east-1, and has to be in eu-central-1.');
  key(ENV.region).not.toThrow();
});
