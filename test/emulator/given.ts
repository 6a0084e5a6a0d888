import * as fs from 'node:fs';
import { CreateSecretCommand, ResourceExistsException, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { CloudFormationStackArtifact } from 'aws-cdk-lib/cx-api';
import { clientConfiguration } from './emulator';

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
  const secretsManager = new SecretsManagerClient(clientConfiguration(url, given.region));
  for (const Name of given.licenses) {
    try {
      await secretsManager.send(new CreateSecretCommand({ Name, SecretString: 'stands in for a licence key' }));
      made.push(`the Secret ${Name}`);
    } catch (error) {
      if (!(error instanceof ResourceExistsException)) throw error;
    }
  }
  for (const [id, name] of Object.entries(given.hostedZones)) {
    await giveHostedZone(url, id, name);
    made.push(`the hosted zone ${name}`);
  }
  return made;
}

export async function giveHostedZone(url: string, id: string, name: string): Promise<void> {
  await control(url, `hosted-zones/${id}`, { name });
}

/** Sets what is no part of AWS. */
export async function control(url: string, what: string, value: unknown): Promise<void> {
  const response = await fetch(`${url}/_emulator/${what}`, { method: 'PUT', body: JSON.stringify(value) });
  if (!response.ok) throw new Error(await response.text());
}
