import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { GeneratedKeys } from './generated-keys';

/** The keys of a cluster, bound. Each Secret holds the bare value. */
export interface ApplicationKeysBinding {
  /** `APP_KEY`: signs the tokens of users. */
  readonly appKey: secretsmanager.ISecret;

  /** `APP_AES_SECRET_KEY`: 64 hexadecimal characters; encrypts fields in the database. */
  readonly aesSecretKey: secretsmanager.ISecret;

  /** The password the first administrator gets on the first installation. */
  readonly rootPassword: secretsmanager.ISecret;
}

/** The "key secrets" of the guide, and the password of the first administrator. */
export abstract class ApplicationKeys {
  /**
   * Keys that Secrets Manager generates once. They are kept when the stack is
   * deleted: without them the encrypted fields of a database are lost.
   */
  public static generated(): ApplicationKeys {
    return new Generated();
  }

  /** Makes or looks up what the strategy stands for. Called once, by the cluster. */
  public abstract bind(scope: Construct): ApplicationKeysBinding;
}

class Generated extends ApplicationKeys {
  public bind(scope: Construct): ApplicationKeysBinding {
    return new GeneratedKeys(scope, 'Keys');
  }
}
