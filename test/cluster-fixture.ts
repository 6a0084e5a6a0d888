import { App, Stack, type StackProps } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { ClusterPlugins, NocoBaseCluster, type NocoBaseClusterProps } from '../lib';

export interface SynthesizedCluster {
  readonly stack: Stack;
  readonly cluster: NocoBaseCluster;
  readonly template: Template;
}

/** A stack with a licensed cluster, with what a test changes about it. */
export function newCluster(props: Partial<NocoBaseClusterProps> = {}, stackProps: StackProps = {}) {
  const stack = new Stack(new App(), 'Prod', stackProps);
  const licenseKey = secretsmanager.Secret.fromSecretNameV2(stack, 'License', 'nocobase-license');
  const cluster = new NocoBaseCluster(stack, 'NocoBase', { plugins: ClusterPlugins.licensed(licenseKey), ...props });
  return { stack, cluster };
}

let defaults: SynthesizedCluster | undefined;

/** The same, synthesized; once for all tests of a file where nothing is changed. */
export function synthesize(props?: Partial<NocoBaseClusterProps>, stackProps?: StackProps): SynthesizedCluster {
  if (props === undefined && stackProps === undefined) {
    defaults ??= synthesize({});
    return defaults;
  }
  const { stack, cluster } = newCluster(props, stackProps);
  return { stack, cluster, template: Template.fromStack(stack) };
}

/** What holds data. */
export const STATEFUL = [
  'AWS::RDS::DBInstance',
  'AWS::ElastiCache::ReplicationGroup',
  'AWS::AmazonMQ::Broker',
  'AWS::EFS::FileSystem',
  'AWS::EFS::AccessPoint',
];

/** The only resource of a type, with its logical id. */
export function only(template: Template, type: string): { id: string; properties: any; resource: any } {
  const found = Object.entries(template.findResources(type));
  expect(found.map(([id]) => id)).toHaveLength(1);
  const [id, resource] = found[0];
  return { id, resource, properties: resource.Properties };
}

/** The container of NocoBase as it stands in the template. */
export function container(template: Template): any {
  return only(template, 'AWS::ECS::TaskDefinition').properties.ContainerDefinitions[0];
}

/** Environment variables of the container by name. */
export function environment(template: Template): { [name: string]: any } {
  return Object.fromEntries(container(template).Environment.map((entry: any) => [entry.Name, entry.Value]));
}

/** Injected secrets of the container by name. */
export function secrets(template: Template): { [name: string]: any } {
  return Object.fromEntries(container(template).Secrets.map((entry: any) => [entry.Name, entry.ValueFrom]));
}

/** The fields of the Secret with the connection URLs; `<Id>` and `<Id.Attribute>` stand for references. */
export function connectionUrls(template: Template): { [name: string]: string } {
  const [secret] = Object.values(template.findResources('AWS::SecretsManager::Secret')).filter(
    (resource) => resource.Properties.SecretString,
  );
  return JSON.parse(render(secret.Properties.SecretString));
}

/** A value of a template as text, with its references as `<Id>` and `<Id.Attribute>`. */
export function render(value: any): string {
  if (typeof value === 'string') {
    return value;
  }
  const [[name, argument]] = Object.entries<any>(value);
  switch (name) {
    case 'Ref':
      return `<${argument}>`;
    case 'Fn::GetAtt':
      return `<${argument.join('.')}>`;
    case 'Fn::Join':
      return argument[1].map(render).join(argument[0]);
    case 'Fn::Select':
      return `select(${argument[0]}, ${render(argument[1])})`;
    case 'Fn::Split':
      return `split(${argument[0]}, ${render(argument[1])})`;
    default:
      throw new Error(`No rendering for ${name}`);
  }
}
