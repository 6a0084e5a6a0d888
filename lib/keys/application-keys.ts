import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct, type IConstruct } from 'constructs';
import { checkRequired, checkSecret } from '../given';
import { invalidProp } from '../invalid-prop';
import { StoredSecret } from '../node/stored-secret';
import { GeneratedKeys, generatedRootPassword } from './generated-keys';

/** The keys of a cluster, bound. */
export interface ApplicationKeysBinding {
  /** `APP_KEY`: signs the tokens of users. */
  readonly appKey: StoredSecret;

  /** `APP_AES_SECRET_KEY`: 64 hexadecimal characters; encrypts fields in the database. */
  readonly aesSecretKey: StoredSecret;

  /** The password the first administrator gets on the first installation. */
  readonly rootPassword: StoredSecret;
}

/** Keys that there are already. */
export interface ExistingKeys {
  /** `APP_KEY`: any text. Another one than before signs all users out. */
  readonly appKey: StoredSecret;

  /**
   * `APP_AES_SECRET_KEY`: 64 hexadecimal characters. With another one than
   * before the encrypted fields in the database cannot be read.
   */
  readonly aesSecretKey: StoredSecret;

  /**
   * The password that the first administrator gets, if the database is empty.
   *
   * @default - a generated one
   */
  readonly rootPassword?: StoredSecret;
}

/** Where keys are bound. */
export interface ApplicationKeysContext {
  /**
   * The KMS key for Secrets that are made.
   *
   * @default - the key that AWS manages for Secrets Manager
   */
  readonly encryptionKey?: kms.IKey;
}

/** What the keys of a cluster can be: made by `ApplicationKeys`, or `GeneratedKeys` of another stack. */
export interface IApplicationKeys {
  /** Makes or looks up what it stands for. Called once, by the cluster. */
  bind(scope: Construct, context: ApplicationKeysContext): ApplicationKeysBinding;
}

/** The "key secrets" of the guide, and the password of the first administrator. */
export abstract class ApplicationKeys implements IApplicationKeys {
  /**
   * Keys that Secrets Manager generates once. They are kept when the stack is
   * deleted: without them the encrypted fields of a database are lost.
   */
  public static generated(): ApplicationKeys {
    return new Generated();
  }

  /**
   * One Secret with the fields `APP_KEY` and `APP_AES_SECRET_KEY`, as
   * `cdk-nocobase import-keys` makes it out of the files of a single NocoBase.
   *
   * Keys that were generated before are kept, outside the stack.
   */
  public static fromSecret(secret: secretsmanager.ISecret): ApplicationKeys {
    return new Existing((scope) => {
      checkSecret(scope, 'keys', secret);
      return {
        appKey: StoredSecret.inSecretsManager(secret, 'APP_KEY'),
        aesSecretKey: StoredSecret.inSecretsManager(secret, 'APP_AES_SECRET_KEY'),
      };
    });
  }

  /**
   * Keys in Secrets of their own, in fields of any name, or in Parameter Store.
   * Their values are looked at before anything that holds data is made, and they
   * have to be in the region of the cluster.
   */
  public static existing(keys: ExistingKeys): ApplicationKeys {
    return new Existing(() => keys);
  }

  /** Makes or looks up what the strategy stands for. Called once, by the cluster. */
  public abstract bind(scope: Construct, context: ApplicationKeysContext): ApplicationKeysBinding;
}

class Generated extends ApplicationKeys {
  public bind(scope: Construct, context: ApplicationKeysContext): ApplicationKeysBinding {
    return new GeneratedKeys(scope, 'Keys', context).bind(scope, context);
  }
}

class Existing extends ApplicationKeys {
  constructor(private readonly given: (scope: IConstruct) => ExistingKeys) {
    super();
  }

  public bind(scope: Construct, context: ApplicationKeysContext): ApplicationKeysBinding {
    const keys = new Construct(scope, 'Keys');
    const given = this.given(keys);
    checkRequired(keys, { 'keys.appKey': given?.appKey, 'keys.aesSecretKey': given?.aesSecretKey });
    const { appKey, aesSecretKey, rootPassword } = given;
    checkStored(keys, given);
    refuseOneForTwo(keys, given);
    return {
      appKey,
      aesSecretKey,
      // Of the id that it has among generated keys: it stays the same when those are exchanged for others.
      rootPassword: rootPassword ?? StoredSecret.inSecretsManager(generatedRootPassword(keys, context.encryptionKey)),
    };
  }
}

/** The preflight check reads them, and has to know where they are. */
function checkStored(scope: IConstruct, { appKey, aesSecretKey, rootPassword }: ExistingKeys) {
  for (const [prop, secret] of Object.entries({ appKey, aesSecretKey, rootPassword })) {
    if (secret !== undefined && typeof secret.storeArn !== 'string') {
      throw invalidProp(scope, {
        prop: `keys.${prop}`,
        problem: 'is no StoredSecret, so its value cannot be looked at before a deployment',
        remedy: 'Write StoredSecret.inSecretsManager(secret, field), or StoredSecret.inParameterStore(parameter)',
      });
    }
  }
}

/** Most likely a slip of the hand, and hard to undo once there is data. */
function refuseOneForTwo(scope: IConstruct, { appKey, aesSecretKey, rootPassword }: ExistingKeys) {
  const taken = new Map<string, string>();
  for (const [prop, secret] of Object.entries({ appKey, aesSecretKey, rootPassword })) {
    if (secret === undefined) continue;
    const earlier = taken.get(secret.arn);
    if (earlier !== undefined) {
      throw invalidProp(scope, {
        prop: `keys.${prop}`,
        problem: `is the same value as \`keys.${earlier}\``,
        remedy: 'Name a Secret, or a field of one, for each',
      });
    }
    taken.set(secret.arn, prop);
  }
}
