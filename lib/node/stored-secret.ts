import { type IResource, Stack, Token } from 'aws-cdk-lib';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type * as ssm from 'aws-cdk-lib/aws-ssm';
import type { IConstruct } from 'constructs';
import { pathOf, referredResource } from '../app-resources';
import { invalidProp, isKnown, typeOf } from '../invalid-prop';
import { checkRegion } from '../same-region';

/**
 * A secret value that stays in Secrets Manager or Parameter Store: ECS injects
 * it into nodes, and the template holds no more than where it is.
 *
 * It can be given wherever an `ecs.Secret` can. The difference: who may read is
 * said in the policies of the reader alone, key of the Secret included, and so
 * Secret and key can be of another stack or of none.
 */
export abstract class StoredSecret extends ecs.Secret {
  /**
   * The value of a Secret, or of one field of it. Give an imported Secret its
   * key (`Secret.fromSecretAttributes(this, id, { secretCompleteArn, encryptionKey })`),
   * or nodes may not decrypt it. Give one of another account by its complete ARN;
   * it needs a KMS key of its own, and Secret and key have to let this account
   * in. A Secret whose name ends in a hyphen and six characters, which Secrets
   * Manager takes for the random end of an ARN, is given by its complete ARN as
   * well. It has to be in the region of the cluster.
   *
   * Where the key is known by an alias only, reading is allowed with whatever key
   * has that alias.
   *
   * @param field of the JSON object that the Secret's value is; without it the whole value
   */
  public static inSecretsManager(secret: secretsmanager.ISecret, field?: string): StoredSecret {
    const stored = new InSecretsManager(secret, field);
    checkArn(secret);
    return stored;
  }

  /**
   * The newest version of a SecureString in Parameter Store. Any other type of
   * parameter is refused: it would hold the value in clear text.
   *
   * Where it is encrypted with a key of yours, give the parameter that key
   * (`StringParameter.fromSecureStringParameterAttributes(this, id, { parameterName, encryptionKey })`),
   * or nodes may not decrypt it.
   */
  public static inParameterStore(parameter: ssm.IParameter): StoredSecret {
    return new InParameterStore(parameter);
  }

  /** The ARN of the Secret or of the parameter. */
  public abstract readonly storeArn: string;

  /** What people find it by: the name of the Secret or of the parameter. */
  public abstract readonly storeName: string;

  /**
   * The field of the Secret that the value is in.
   *
   * @default - the value is the whole Secret or parameter
   */
  public abstract readonly field?: string;

  /**
   * What CloudFormation replaces by the value, where that is allowed.
   *
   * @default - it cannot be: CloudFormation resolves no SecureString in a Secret
   */
  public abstract readonly dynamicReference?: string;

  /** The region that it is in. */
  public abstract readonly storeRegion: string;

  /** Refuses one of another region than the scope: nodes and CloudFormation look in their own. */
  public checkRegion(scope: IConstruct, prop: string) {
    const resource = referredResource(this.storeArn);
    const name = Token.isUnresolved(this.storeName) ? 'by a token' : this.storeName;
    checkRegion(scope, prop, {
      what: `(${resource ? pathOf(resource) : name})`,
      region: this.storeRegion,
      remedy:
        this.dynamicReference === undefined
          ? 'Store the value there as well (aws ssm put-parameter --type SecureString), and give that one'
          : 'Replicate it there (aws secretsmanager replicate-secret-to-regions), and give that one',
    });
  }
}

/** One that is asked for by its name, which may end as it likes. */
export function storedByName(secret: secretsmanager.ISecret): StoredSecret {
  return new InSecretsManager(secret);
}

class InSecretsManager extends StoredSecret {
  public readonly arn: string;
  public readonly hasField: boolean;
  public readonly storeArn: string;
  public readonly storeName: string;
  public readonly storeRegion: string;

  constructor(
    private readonly secret: secretsmanager.ISecret,
    public readonly field?: string,
  ) {
    super();
    refuseOther(secret, 'StoredSecret.inSecretsManager', 'a Secret of Secrets Manager', secret?.secretArn);
    checkKeyRegion(secret);
    if (field !== undefined && !Token.isUnresolved(field) && !/^[^:]+$/.test(field)) {
      throw invalidProp(secret, {
        prop: 'field',
        problem: `must be the name of a field of a JSON object, without colon, got: '${field}'`,
        remedy: 'Leave it out where the value is the whole Secret; ECS cannot name a field with a colon',
      });
    }
    this.arn = field === undefined ? secret.secretArn : `${secret.secretArn}:${field}::`;
    this.hasField = field !== undefined;
    this.storeArn = secret.secretArn;
    this.storeName = secret.secretName;
    this.storeRegion = secret.env.region;
  }

  public get dynamicReference(): string {
    const { secret, field } = this;
    return (field === undefined ? secret.secretValue : secret.secretValueFromJson(field)).unsafeUnwrap();
  }

  public grantRead(grantee: iam.IGrantable): iam.Grant {
    const { secret } = this;
    const grant = iam.Grant.addToPrincipal({
      grantee,
      actions: ['secretsmanager:GetSecretValue', 'secretsmanager:DescribeSecret'],
      // A name without the random end stands for the Secret with whatever end.
      resourceArns: [secret.secretFullArn === undefined ? `${secret.secretArn}-??????` : secret.secretArn],
    });
    return grant.combine(grantDecrypt(grantee, secret, 'secretsmanager', secret.encryptionKey));
  }
}

class InParameterStore extends StoredSecret {
  public readonly arn: string;
  public readonly hasField = false;
  public readonly storeArn: string;
  public readonly storeName: string;
  public readonly storeRegion: string;
  public readonly field = undefined;
  public readonly dynamicReference = undefined;

  constructor(private readonly parameter: ssm.IParameter) {
    super();
    refuseOther(parameter, 'StoredSecret.inParameterStore', 'a parameter of Parameter Store', parameter?.parameterArn);
    const { parameterType } = parameter;
    // Of a parameter that is made by this app the type is a token: CloudFormation makes no SecureString.
    if (parameterType !== 'SecureString') {
      throw invalidProp(parameter, {
        prop: 'parameter',
        problem: `is ${Token.isUnresolved(parameterType) ? 'made by this app, and so no SecureString' : `a ${parameterType}`}: everybody who may read parameters would see the value`,
        remedy:
          'Put it into a SecureString (aws ssm put-parameter --type SecureString) and import that with StringParameter.fromSecureStringParameterAttributes, or use a Secret',
      });
    }
    this.arn = this.storeArn = parameter.parameterArn;
    this.storeName = parameter.parameterName;
    this.storeRegion = parameter.env.region;
  }

  public grantRead(grantee: iam.IGrantable): iam.Grant {
    const { parameter } = this;
    const grant = iam.Grant.addToPrincipal({
      grantee,
      // The first is what ECS calls, the second the preflight check.
      actions: ['ssm:GetParameters', 'ssm:GetParameter'],
      resourceArns: [parameter.parameterArn],
    });
    // The interface does not tell of the key, all that implement it in CDK do.
    return grant.combine(
      grantDecrypt(grantee, parameter, 'ssm', (parameter as { encryptionKey?: kms.IKey }).encryptionKey),
    );
  }
}

/** There is no scope yet to be named; where it was called from is in the trace. */
function refuseOther(given: unknown, factory: string, wanted: string, arn: unknown) {
  if (typeof arn === 'string') return;
  throw new Error(
    `cdk-nocobase: \`${factory}\` takes ${wanted}, got: ${typeOf(given)}. Import it, by its name or ARN, and give that.`,
  );
}

/** Of an ARN without its random end not every name is found. */
function checkArn(secret: secretsmanager.ISecret) {
  const { secretFullArn, secretArn } = secret;
  // CDK takes it for that end as well, and leaves it out of `secretName`.
  const name = secretArn.slice(secretArn.lastIndexOf(':') + 1);
  if (secretFullArn === undefined && isKnown(name) && /-[A-Za-z0-9]{6}$/.test(name)) {
    throw invalidProp(secret, {
      prop: 'secret',
      problem: `'${name}' ends in a hyphen and six characters, which Secrets Manager takes for the random end of an ARN, and so does not find it by a part of its ARN`,
      remedy: 'Import it by its complete ARN: Secret.fromSecretCompleteArn, or fromSecretAttributes with its key',
    });
  }
}

function checkKeyRegion(secret: secretsmanager.ISecret) {
  const { encryptionKey, env } = secret;
  if (encryptionKey !== undefined) {
    checkRegion(secret, 'encryptionKey', {
      region: encryptionKey.env.region,
      here: env.region,
      remedy: 'Give a key of that region, of a multi-Region key the replica that is there',
    });
  }
}

/**
 * The grants of CDK would write into the policy of the key: nothing for a key that is not of this app, and a circle of
 * references for one of another stack.
 */
function grantDecrypt(grantee: iam.IGrantable, store: IResource, service: string, key?: kms.IKey): iam.Grant {
  if (key === undefined) return iam.Grant.drop(grantee, 'Encrypted with a key of AWS');
  const { arn, alias } = decryptingKey(key);
  return iam.Grant.addToPrincipal({
    grantee,
    actions: ['kms:Decrypt'],
    resourceArns: [arn],
    conditions: {
      // KMS calls services so in all partitions.
      StringEquals: { 'kms:ViaService': `${service}.${store.env.region}.amazonaws.com` },
      ...(alias && { 'ForAnyValue:StringEquals': { 'kms:ResourceAliases': alias } }),
    },
  });
}

/** In a policy the ARN of an alias stands for the alias, and never for the key: KMS would refuse to decrypt. */
function decryptingKey(key: kms.IKey): { readonly arn: string; readonly alias?: string } {
  const target = targetOf(key as kms.IAlias);
  if (target !== undefined) return { arn: target.keyArn };
  const alias = (key as kms.IAlias).aliasName ?? /:(alias\/.+)$/.exec(key.keyArn)?.[1];
  if (alias === undefined) return { arn: key.keyArn };
  const { account, region } = key.env;
  // Which key has the alias is not known, hence all of them, limited by the condition to the one that has it.
  return {
    arn: Stack.of(key).formatArn({ service: 'kms', account, region, resource: 'key', resourceName: '*' }),
    alias,
  };
}

/** One that was imported by its name throws. */
function targetOf(alias: kms.IAlias): kms.IKey | undefined {
  try {
    return alias.aliasTargetKey;
  } catch {
    return undefined;
  }
}
