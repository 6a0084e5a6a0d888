import { App, Fn, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { type IKey, Key } from 'aws-cdk-lib/aws-kms';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import {
  ApplicationKeys,
  ClusterPlugins,
  EfsStorage,
  GeneratedKeys,
  NocoBaseCluster,
  type PartContext,
  PostgresDatabase,
  RabbitMqBroker,
  StoredSecret,
  ValkeyCache,
} from '../lib';

const HERE = { account: '111122223333', region: 'eu-central-1' };

interface PartProps {
  readonly vpc: ec2.IVpc;
  readonly encryptionKey?: IKey;
}

interface Part {
  bind(scope: Construct, context: PartContext): unknown;
}

/** What is made on its own, by the prop that it is given as. */
const PARTS: [string, new (scope: Construct, id: string, props: PartProps) => Part][] = [
  ['database', PostgresDatabase],
  ['redis', ValkeyCache],
  ['queue', RabbitMqBroker],
  ['storage', EfsStorage],
  ['keys', GeneratedKeys],
];

describe.each(PARTS)('what is given as %s', (prop, Made) => {
  const bind = (env: { account?: string; region?: string }) => {
    const app = new App();
    const data = new Stack(app, 'Data', { env, crossRegionReferences: true });
    const nodes = new Stack(app, 'Nodes', { env: HERE, crossRegionReferences: true });
    const vpc = new ec2.Vpc(data, 'Vpc', { maxAzs: 2 });
    const dataSubnets = { subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS };
    return () => new Made(data, 'Part', { vpc }).bind(nodes, { vpc, dataSubnets });
  };

  test('is refused from another region, or another account', () => {
    expect(bind({ ...HERE, region: 'us-east-1' })).toThrow(
      `[Nodes]: \`${prop}\` Data/Part is in us-east-1, and has to be in eu-central-1. Make it in a stack of the region of the nodes.`,
    );
    expect(bind({ ...HERE, account: '999999999999' })).toThrow(
      `\`${prop}\` Data/Part is in account 999999999999, and has to be in 111122223333. Make it in a stack of the account of the nodes.`,
    );
  });

  test('is taken from the same place, or where that is not known', () => {
    expect(bind(HERE)).not.toThrow();
    expect(bind({})).not.toThrow();
  });

  test('is not encrypted by a key of another region', () => {
    const make = (keyOf: (stack: Stack) => IKey) => () => {
      const stack = new Stack(new App(), 'Data', { env: HERE });
      return new Made(stack, 'Part', { vpc: new ec2.Vpc(stack, 'Vpc', { maxAzs: 2 }), encryptionKey: keyOf(stack) });
    };
    const ofRegion = (region: string) => (stack: Stack) =>
      Key.fromKeyArn(stack, 'Key', `arn:aws:kms:${region}:111122223333:key/1`);
    expect(make(ofRegion('us-east-1'))).toThrow(
      '[Data/Part]: `encryptionKey` Data/Key is in us-east-1, and has to be in eu-central-1. Give a key of that region',
    );
    expect(make(ofRegion('eu-central-1'))).not.toThrow();
    expect(make((stack) => Key.fromKeyArn(stack, 'Key', Fn.importValue('Key')))).not.toThrow();
    expect(make(() => 'arn:aws:kms:eu-central-1:111122223333:key/1' as any)).toThrow(
      '[Data/Part]: `encryptionKey` must be a key of KMS, got: string.',
    );
  });
});

test('the password of the first administrator is not encrypted by a key of another region', () => {
  const stack = new Stack(new App(), 'Prod', { env: HERE });
  const secret = Secret.fromSecretNameV2(stack, 'Secret', 'keys');
  const encryptionKey = Key.fromKeyArn(stack, 'Key', 'arn:aws:kms:us-east-1:111122223333:key/1');
  expect(() => ApplicationKeys.fromSecret(secret).bind(stack, { encryptionKey })).toThrow(
    '[Prod/Keys]: `encryptionKey` Prod/Key is in us-east-1',
  );
});

test('of keys in another region it is said which ones they are, and no token', () => {
  const app = new App();
  const data = new Stack(app, 'Data', { env: { ...HERE, region: 'us-east-1' }, crossRegionReferences: true });
  const nodes = new Stack(app, 'Nodes', { env: HERE, crossRegionReferences: true });
  const [appKey, aesSecretKey] = ['AppKey', 'AesSecretKey'].map((id) =>
    StoredSecret.inSecretsManager(new Secret(data, id)),
  );
  expect(
    () =>
      new NocoBaseCluster(nodes, 'NocoBase', {
        keys: ApplicationKeys.existing({ appKey, aesSecretKey }),
        plugins: ClusterPlugins.preinstalled(),
      }),
  ).toThrow('(Data/AppKey) is in us-east-1, and has to be in eu-central-1. Replicate it there');
});
