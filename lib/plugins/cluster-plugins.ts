import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { invalidProp, typeOf } from '../invalid-prop';
import type { NodeContribution } from '../node/contribution';
import { StoredSecret } from '../node/stored-secret';

/** How a cluster gets its adapters, bound. */
export interface ClusterPluginsBinding {
  /** Part of the generation: a change of it is an upgrade. */
  readonly kind: string;

  /**
   * Whether the cluster adapters are there. Without them nodes drift apart, so
   * there is exactly one node then.
   */
  readonly clustered: boolean;

  /** What the choice gives to every node. */
  readonly contribution: NodeContribution;

  /**
   * The licence key.
   *
   * @default - there is none
   */
  readonly licenseKey?: StoredSecret;

  /**
   * What nodes reach for it that the endpoints of a VPC do not. Without a way
   * out they would not start.
   *
   * @default - nothing
   */
  readonly internet?: string;
}

/** What the choice of plug-ins depends on. */
export interface ClusterPluginsContext {
  /** The plug-ins that the parts of the cluster need, as package names. */
  readonly adapterPlugins: string[];
}

/**
 * Where the plug-ins come from that make several nodes one cluster: sync
 * signal, message queue, distributed lock, worker-id allocator. They are
 * commercial, and the licence is issued for an instance that has already
 * started once.
 */
export abstract class ClusterPlugins {
  /**
   * Nodes download the plug-ins with this licence key when they start, into the
   * shared storage. They need a way out to NocoBase's package service.
   *
   * @param licenseKey a Secret whose value is the key as NocoBase issued it.
   *   Given by `Secret.fromSecretNameV2`, its name must not end in a hyphen and
   *   six characters, which Secrets Manager takes for the random end of an ARN.
   */
  public static licensed(licenseKey: secretsmanager.ISecret): ClusterPlugins {
    return new Licensed(licenseKey);
  }

  /** The image carries the plug-ins. */
  public static preinstalled(): ClusterPlugins {
    return new Preinstalled();
  }

  /**
   * There is no licence yet. Exactly one node runs, with local adapters, also
   * during updates; the output `NextStep` says how to go on.
   */
  public static pending(): ClusterPlugins {
    return new Pending();
  }

  /** Called once, by the cluster. */
  public abstract bind(scope: Construct, context: ClusterPluginsContext): ClusterPluginsBinding;
}

function required(context: ClusterPluginsContext): { [name: string]: string } {
  const plugins = context.adapterPlugins.join(',');
  return {
    // NocoBase enables what is named here on installation and on every upgrade, if it is there …
    APPEND_PRESET_BUILT_IN_PLUGINS: plugins,
    // … and the launcher ends a node on which it is not: it would look healthy and fail at the first write.
    LAUNCHER_REQUIRED_PLUGINS: plugins,
  };
}

class Licensed extends ClusterPlugins {
  constructor(private readonly licenseKey: secretsmanager.ISecret) {
    super();
  }

  public bind(scope: Construct, context: ClusterPluginsContext): ClusterPluginsBinding {
    this.checkLicenseKey(scope);
    const licenseKey = StoredSecret.inSecretsManager(this.licenseKey);
    return {
      kind: 'licensed',
      clustered: true,
      licenseKey,
      internet: 'the service that licensed plug-ins are downloaded from',
      contribution: {
        environment: { ...required(context), LAUNCHER_LICENSE: 'required' },
        secrets: { LAUNCHER_LICENSE_KEY: licenseKey },
      },
    };
  }

  /** Without saying what was given, which may be the key itself. */
  private checkLicenseKey(scope: Construct) {
    const given: unknown = this.licenseKey;
    if (typeof (given as Partial<secretsmanager.ISecret> | null | undefined)?.secretArn !== 'string') {
      throw invalidProp(scope, {
        prop: 'plugins',
        problem: `must be given the Secret that holds the licence key, got: ${typeOf(given)}`,
        remedy:
          "Write ClusterPlugins.licensed(Secret.fromSecretNameV2(this, 'License', name)); the key itself belongs into no template",
      });
    }
  }
}

class Preinstalled extends ClusterPlugins {
  public bind(_scope: Construct, context: ClusterPluginsContext): ClusterPluginsBinding {
    return { kind: 'preinstalled', clustered: true, contribution: { environment: required(context) } };
  }
}

class Pending extends ClusterPlugins {
  public bind(): ClusterPluginsBinding {
    return { kind: 'pending', clustered: false, contribution: {} };
  }
}
