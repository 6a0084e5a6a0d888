import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import {
  CreateDBInstanceCommand,
  type CreateDBInstanceCommandInput,
  CreateDBSnapshotCommand,
  DeleteDBInstanceCommand,
  DescribeDBSnapshotsCommand,
  RDSClient,
} from '@aws-sdk/client-rds';
import { CreateSecretCommand, ResourceExistsException, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { CloudFormationStackArtifact } from 'aws-cdk-lib/cx-api';
import { ask } from './ask';
import { clientConfiguration } from './emulator';

const MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';

/** What a deployment finds in an account because somebody has put it there. */
export interface Given {
  readonly region: string;
  /** Names of Secrets with a licence key. */
  readonly licenses: string[];
  /** Names by their ids. */
  readonly hostedZones: { [id: string]: string };
}

/** What a template of this library takes for granted. */
export function givenFor(stack: CloudFormationStackArtifact, region: string): Given {
  const { Resources = {} }: { Resources?: { [id: string]: Resource } } = JSON.parse(
    fs.readFileSync(stack.templateFullPath, 'utf8'),
  );
  const licenses = new Set<string>();
  const hostedZones: Given['hostedZones'] = {};
  for (const { Type, Properties = {} } of Object.values(Resources)) {
    if (Type === 'Custom::NocoBasePreflight') {
      for (const { Variable, SecretArn } of Properties.Checks) {
        const [, name] = /:secret:([^:"]+)"/.exec(JSON.stringify(SecretArn)) ?? [];
        if (Variable === 'licence key' && name) licenses.add(name);
      }
    }
    if (Type === 'AWS::Route53::RecordSet' && typeof Properties.HostedZoneId === 'string') {
      hostedZones[Properties.HostedZoneId] = Properties.Name.replace(/\.$/, '').split('.').slice(-2).join('.');
    }
  }
  return { region, licenses: [...licenses], hostedZones };
}

interface Resource {
  readonly Type: string;
  readonly Properties?: any;
}

/** Puts it there; returns what has been made, in words. */
export async function give(url: string, given: Given): Promise<string[]> {
  const made: string[] = [];
  for (const name of given.licenses) {
    const isNew = await giveSecret(url, given.region, name, 'stands in for a licence key');
    if (isNew) made.push(`the Secret ${name}`);
  }
  for (const [id, name] of Object.entries(given.hostedZones)) {
    await giveHostedZone(url, id, name);
    made.push(`the hosted zone ${name}`);
  }
  return made;
}

/** A Secret, unless there is one of that name. Returns whether there was none. */
export async function giveSecret(url: string, region: string, Name: string, SecretString: string): Promise<boolean> {
  try {
    const secretsManager = new SecretsManagerClient(clientConfiguration(url, region));
    await secretsManager.send(new CreateSecretCommand({ Name, SecretString }));
    return true;
  } catch (error) {
    if (error instanceof ResourceExistsException) return false;
    throw error;
  }
}

export async function giveHostedZone(url: string, id: string, name: string): Promise<void> {
  await control(url, `hosted-zones/${id}`, { name });
}

/** A certificate for a domain, by its ARN. */
export async function giveCertificate(url: string, arn: string, domainName: string): Promise<void> {
  const [, , , region, , certificate] = arn.split(':');
  await control(url, `certificates/${region}/${certificate.split('/')[1]}`, { domainName });
}

/** A rule by which ECR fetches the images of Docker Hub, for repositories with this prefix. */
export async function giveDockerHubCache(url: string, region: string, prefix: string): Promise<void> {
  await control(url, `pull-through-cache-rules/${region}/${prefix}`, { UpstreamRegistryUrl: 'registry-1.docker.io' });
}

/** An image that somebody has pushed, in a repository that is made if it is not there. */
export async function giveImage(url: string, region: string, repositoryName: string, imageTag: string): Promise<void> {
  const ecr = (operation: string, body: object) =>
    ask(url, region, 'ecr', `AmazonEC2ContainerRegistry_V20150921.${operation}`, body);
  const unlessThere = (error: Error) => {
    if (!/AlreadyExistsException/.test(error.message)) throw error;
  };
  await ecr('CreateRepository', { repositoryName }).catch(unlessThere);
  const digest = `sha256:${createHash('sha256').update(`${repositoryName}:${imageTag}`).digest('hex')}`;
  const imageManifest = JSON.stringify({ schemaVersion: 2, mediaType: MANIFEST, layers: [{ digest }] });
  await ecr('PutImage', { repositoryName, imageTag, imageManifest }).catch(unlessThere);
}

/** A snapshot of a PostgreSQL that is there no more. */
export async function giveSnapshot(
  url: string,
  region: string,
  DBSnapshotIdentifier: string,
  settings: Partial<CreateDBInstanceCommandInput> = {},
): Promise<void> {
  const rds = new RDSClient(clientConfiguration(url, region));
  const { DBSnapshots = [] } = await rds.send(new DescribeDBSnapshotsCommand({}));
  if (DBSnapshots.some((snapshot) => snapshot.DBSnapshotIdentifier === DBSnapshotIdentifier)) return;
  const DBInstanceIdentifier = `of-${DBSnapshotIdentifier}`;
  await rds.send(
    new CreateDBInstanceCommand({
      DBInstanceIdentifier,
      DBInstanceClass: 'db.t4g.medium',
      Engine: 'postgres',
      EngineVersion: '17.4',
      AllocatedStorage: 20,
      DBName: 'nocobase',
      MasterUsername: 'nocobase',
      MasterUserPassword: 'only-in-the-local-aws',
      ...settings,
    }),
  );
  await rds.send(new CreateDBSnapshotCommand({ DBInstanceIdentifier, DBSnapshotIdentifier }));
  await rds.send(new DeleteDBInstanceCommand({ DBInstanceIdentifier, SkipFinalSnapshot: true }));
}

/** Sets what is no part of AWS. */
export async function control(url: string, what: string, value: unknown): Promise<void> {
  const response = await fetch(`${url}/_emulator/${what}`, { method: 'PUT', body: JSON.stringify(value) });
  if (!response.ok) throw new Error(await response.text());
}
