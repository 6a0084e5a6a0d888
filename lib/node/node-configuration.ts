import { CfnParameter, SecretValue, Stack, Token, Validations } from 'aws-cdk-lib';
import type * as ecs from 'aws-cdk-lib/aws-ecs';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { invalidProp } from '../invalid-prop';
import { contentsOf } from '../token-contents';
import type { NodeContribution } from './contribution';
import { NO_PROP, ownerOf } from './owned-variables';
import { StoredSecret } from './stored-secret';

/** A contribution and the prop that it comes from. */
export interface NamedContribution {
  readonly prop: string;
  readonly contribution: NodeContribution;
}

export interface NodeConfigurationProps {
  readonly contributions: NamedContribution[];
  /** What nodes have unless the user says otherwise. */
  readonly defaults: { [name: string]: string };
  readonly userEnvironment: { [name: string]: string };
  readonly userSecrets: { [name: string]: StoredSecret };
  readonly encryptionKey?: kms.IKey;
}

/** The one set of variables that all nodes get; the only place where they come together. */
export class NodeConfiguration extends Construct {
  public readonly environment: { [name: string]: string };
  public readonly secrets: { [name: string]: ecs.Secret };
  /** Every URL with a password, one field a variable. */
  public readonly connectionUrls: secretsmanager.Secret;

  private readonly sources = new Map<string, string>();

  constructor(scope: Construct, id: string, props: NodeConfigurationProps) {
    super(scope, id);
    const environment: { [name: string]: string } = {};
    const secrets: { [name: string]: ecs.Secret } = {};
    const urls: { [name: string]: string } = {};

    for (const { prop, contribution } of props.contributions) {
      this.take(environment, contribution.environment, prop);
      this.take(secrets, contribution.secrets, prop);
      this.take(urls, contribution.connectionUrls, prop);
    }
    const certificates = props.contributions.flatMap(({ contribution }) => contribution.trustedCertificates ?? []);
    if (certificates.length > 0) {
      environment.LAUNCHER_TRUSTED_CERTIFICATES = [...new Set(certificates)].map((pem) => `${pem.trim()}\n`).join('');
    }
    this.refuseOwned(Object.keys(props.userEnvironment), 'environment');
    this.refuseOwned(Object.keys(props.userSecrets), 'secrets');
    this.refuseOtherThanText(props.userEnvironment);
    this.refuseOtherThanStored(props.userSecrets);
    this.take(environment, props.userEnvironment, 'environment');
    this.take(secrets, props.userSecrets, 'secrets');
    for (const [name, value] of Object.entries(props.defaults)) {
      if (!this.sources.has(name)) {
        environment[name] = value;
      }
    }

    // Dynamic references are resolved by CloudFormation: the passwords meet their URLs in Secrets Manager and
    // nowhere else. They are not resolved again when an inner Secret rotates.
    this.connectionUrls = new secretsmanager.Secret(this, 'ConnectionUrls', {
      description: 'Connection URLs of the nodes of a NocoBase cluster',
      encryptionKey: props.encryptionKey,
      secretObjectValue: Object.fromEntries(
        Object.entries(urls).map(([name, url]) => [name, SecretValue.unsafePlainText(url)]),
      ),
    });
    Validations.of(this.connectionUrls).acknowledge({
      id: 'AwsSolutions-SMG4',
      reason:
        'Derived from the Secrets of Redis and the message queue by CloudFormation; it has the values that they had when a deployment last wrote it.',
    });
    for (const name of Object.keys(urls)) {
      secrets[name] = StoredSecret.inSecretsManager(this.connectionUrls, name);
    }
    this.environment = sorted(environment);
    // Not before the end: a text may be produced late.
    this.node.addValidation({ validate: () => this.secretsInPlainText() });
    this.secrets = sorted(secrets);
  }

  /** Whether nodes read values from Parameter Store when they start. */
  public get usesParameterStore(): boolean {
    return Object.values(this.secrets).some(({ arn }) => /^[^:]+:[^:]+:ssm:/.test(arn));
  }

  private take<T>(target: { [name: string]: T }, source: { [name: string]: T } | undefined, prop: string) {
    for (const [name, value] of Object.entries(source ?? {})) {
      const earlier = this.sources.get(name);
      if (earlier !== undefined) {
        throw invalidProp(this, {
          prop,
          problem: `sets the variable ${name}, which \`${earlier}\` has set already`,
          remedy: `Leave it to one of the two`,
        });
      }
      if (value === undefined || value === null) {
        throw invalidProp(this, { prop, problem: `has no value for ${name}`, remedy: 'Give it one or leave it out' });
      }
      this.sources.set(name, prop);
      target[name] = value;
    }
  }

  private refuseOtherThanText(environment: { [name: string]: string }) {
    for (const [name, value] of Object.entries(environment)) {
      if (value !== undefined && value !== null && typeof value !== 'string') {
        const isObject = typeof value === 'object';
        throw invalidProp(this, {
          prop: `environment.${name}`,
          problem: `must be text, got: ${isObject ? 'object' : value}`,
          remedy: isObject ? 'Give the text that nodes are to get of it' : `Write it in quotes: '${value}'`,
        });
      }
    }
  }

  private refuseOtherThanStored(secrets: { [name: string]: StoredSecret }) {
    for (const [name, value] of Object.entries(secrets)) {
      if (value !== undefined && value !== null && typeof value.storeArn !== 'string') {
        throw invalidProp(this, {
          prop: `secrets.${name}`,
          problem: 'is no StoredSecret',
          remedy: 'Write StoredSecret.inSecretsManager(secret, field), or StoredSecret.inParameterStore(parameter)',
        });
      }
    }
  }

  /** A dynamic reference would stand resolved in the task definition, for everybody who may read that. */
  private secretsInPlainText(): string[] {
    const stack = Stack.of(this);
    const hidden = stack.node.findAll().filter((node) => node instanceof CfnParameter && node.noEcho) as CfnParameter[];
    return Object.entries(this.environment).flatMap(([name, value]) => {
      if (!isSecret(stack, value, hidden)) return [];
      const prop = this.sources.get(name);
      const { message } = invalidProp(this, {
        prop: prop === 'environment' ? `environment.${name}` : `${prop}`,
        problem: `has a secret in ${name}, which would stand in clear text in the task definition`,
        remedy:
          prop === 'environment'
            ? `Inject it: secrets: { ${name}: StoredSecret.inSecretsManager(secret) }`
            : 'Write out names, users and ports, or keep them in Parameter Store; only passwords are injected',
      });
      return [message];
    });
  }

  private refuseOwned(names: string[], prop: string) {
    for (const name of names) {
      if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
        throw invalidProp(this, {
          prop: `${prop}.${name}`,
          problem: 'is not a name that an environment variable can have',
          remedy: 'Use letters, digits and underscores',
        });
      }
      const owner = ownerOf(name) ?? this.sources.get(name);
      if (owner !== undefined) {
        throw invalidProp(this, {
          prop: `${prop}.${name}`,
          problem: 'is decided by the library, so that all parts of the cluster agree on it',
          remedy: owner === NO_PROP ? 'Leave it out' : `Use the prop \`${owner}\` instead`,
        });
      }
    }
  }
}

/** A dynamic reference, or what was given to the deployment as a parameter that is not to be shown. */
function isSecret(stack: Stack, value: string, hidden: readonly CfnParameter[]): boolean {
  if (!Token.isUnresolved(value) && !value.includes('{{resolve:')) return false;
  const { references } = contentsOf(stack, value);
  const text = JSON.stringify(stack.resolve(value));
  return (
    references.some(({ target }) => target instanceof CfnParameter && target.noEcho) ||
    hidden
      .map(({ logicalId }) => stack.resolve(logicalId))
      .some((id) => text.includes(`{"Ref":"${id}"}`) || text.includes(`\${${id}}`)) ||
    /\{\{resolve:(secretsmanager|ssm-secure):/.test(text)
  );
}

function sorted<T>(record: { [name: string]: T }): { [name: string]: T } {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}
