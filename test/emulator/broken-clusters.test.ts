import { CreateStackCommand } from '@aws-sdk/client-cloudformation';
import { App } from 'aws-cdk-lib';
import * as minimal from '../../examples/minimal/app';
import { LocalAws } from './local-aws';

// Templates that CloudFormation would deploy, and whose nodes would never start or serve.

let aws: LocalAws;
let template: any;
beforeAll(async () => {
  aws = await LocalAws.start();
  await aws.giveSecret('nocobase-license', 'a licence key');
  await aws.bootstrap();
  await aws.deploy(aws.synthesize(minimal.build));
  const app = new App();
  minimal.build(app);
  template = app.synth().stacks[0].template;
});
afterAll(() => aws?.stop());

type Resource = { Type: string; Properties: any; DependsOn?: string | string[] };

/** The only resource whose logical id matches. */
function one(broken: any, logicalId: RegExp): Resource {
  const found = Object.keys(broken.Resources).filter((id) => logicalId.test(id));
  expect(found).toHaveLength(1);
  return broken.Resources[found[0]];
}

function without(broken: any, logicalId: RegExp) {
  for (const id of Object.keys(broken.Resources).filter((name) => logicalId.test(name))) {
    delete broken.Resources[id];
    for (const resource of Object.values<Resource>(broken.Resources)) {
      resource.DependsOn = [resource.DependsOn ?? []].flat().filter((name) => name !== id);
    }
  }
}

const container = (broken: any) =>
  one(broken, /WebTaskDefinition[0-9A-F]{8}[0-9a-f]*$/).Properties.ContainerDefinitions[0];

test.each<[string, (broken: any) => void, RegExp]>([
  [
    'the database lets nobody in',
    (broken) => without(broken, /DataDatabaseSecurityGroupfrom/),
    /cannot reach the database .*: the security groups let nothing through on TCP port 5432/,
  ],
  [
    'Redis lets in on another port',
    (broken) => {
      one(broken, /DataRedisSecurityGroupfrom/).Properties.ToPort = 6378;
      one(broken, /DataRedisSecurityGroupfrom/).Properties.FromPort = 6378;
    },
    /cannot reach the cache .* TCP port 6379/,
  ],
  [
    'the broker lets in by another protocol',
    (broken) => {
      one(broken, /DataQueueSecurityGroupfrom/).Properties.IpProtocol = 'udp';
    },
    /cannot reach the broker .* TCP port 5671/,
  ],
  [
    'the storage lets in nobody',
    (broken) => without(broken, /DataStorageSecurityGroupfrom/),
    /the mount of fs-\w+ timed out/,
  ],
  [
    'the nodes let in no load balancer',
    (broken) => without(broken, /NodeSecurityGroupfrom/),
    /cannot reach the tasks: the security groups let nothing through on TCP port 13000/,
  ],
  [
    'the load balancer is let out to another port',
    (broken) => {
      one(broken, /AlbSecurityGroupto/).Properties.ToPort = 80;
      one(broken, /AlbSecurityGroupto/).Properties.FromPort = 80;
    },
    /cannot reach the tasks/,
  ],
  [
    'the nodes have no way out',
    (broken) => without(broken, /NodesSubnet1DefaultRoute/),
    /unable to pull the image \S+: the subnet subnet-\w+ has no route to it/,
  ],
  [
    'the way out ends at the NAT gateway',
    (broken) => without(broken, /PublicSubnet1RouteTableAssociation/),
    /nat-\w+, by which subnet-\w+ would get out, is in a subnet without a route to the internet/,
  ],
  [
    'a secret names a field that is not there',
    (broken) => {
      const secret = container(broken).Secrets.find(({ Name }: any) => Name === 'REDIS_URL');
      secret.ValueFrom['Fn::Join'][1][1] = ':REDIS_URI::';
    },
    /did not contain json key REDIS_URI/,
  ],
  [
    'the container mounts a volume that is not there',
    (broken) => {
      container(broken).MountPoints[0].SourceVolume = 'storag';
    },
    /Unknown volume storag of the container NocoBase/,
  ],
  [
    'the load balancer asks another port',
    (broken) => {
      container(broken).PortMappings[0].ContainerPort = 13001;
    },
    /The container NocoBase did not have a container port 13000 defined/,
  ],
  [
    'the nodes may not read their secrets',
    (broken) => without(broken, /WebTaskDefinitionExecutionRoleDefaultPolicy/),
    /execution role .* is not authorized/,
  ],
  [
    'the nodes may not mount their storage',
    (broken) => without(broken, /WebTaskDefinitionTaskRoleDefaultPolicy/),
    /is not authorized to perform elasticfilesystem:ClientMount/,
  ],
  [
    'a route to the internet does not wait for the gateway, which is there by luck',
    (broken) => {
      one(broken, /PublicSubnet2DefaultRoute/).DependsOn = [];
    },
    /PublicSubnet2DefaultRoute\w+ needs \w+VPCGW\w+ without depending on it/,
  ],
  [
    'nodes may start before the database is there',
    (broken) => {
      one(broken, /WebService[0-9A-F]{8}$/).DependsOn = [];
    },
    /./,
  ],
])('a deployment fails where %s', async (what, breakIt, message) => {
  const broken = structuredClone(template);
  breakIt(broken);
  const StackName = `Broken-${what.replace(/\W+/g, '-')}`;
  one(broken, /DataQueueBroker/).Properties.BrokerName = StackName.slice(0, 50);
  await aws.cloudFormation.send(
    new CreateStackCommand({
      StackName,
      TemplateBody: JSON.stringify(broken),
      Capabilities: ['CAPABILITY_IAM'],
      DisableRollback: true,
    }),
  );
  const { StackStatus } = await aws.stack(StackName);
  const why = (await aws.events(StackName)).map(({ ResourceStatusReason }) => ResourceStatusReason).join('\n');
  expect(why).toMatch(message);
  expect(StackStatus).toBe('CREATE_FAILED');
});
