import { blockOf } from './block';
import { ConfigurationError, type Problem, problemsOf } from './problems';
import { PROFILES } from './profiles';
import { DEFAULT_LICENSE_SECRET, SCHEMA, type Settings } from './schema';

/** Where a deployment goes, as the CLI found out from the AWS profile. */
export interface Destination {
  readonly account?: string;
  readonly region?: string;
}

/** The settings of the cluster, checked, with those of the profile where none were given. */
export interface Configuration extends Omit<Settings, 'license' | 'plugins' | 'profile' | 'region' | 'version'> {
  readonly plugins: 'licensed' | 'preinstalled' | 'pending';
  /** The Secret that holds the licence key, or will. */
  readonly licenseSecret: string;
  readonly version?: string;
  readonly destination: Destination;
}

/** Reads the configuration from the context of the app; throws one `ConfigurationError` about all that is wrong. */
export function parseConfiguration(context: { [key: string]: unknown }, destination: Destination = {}): Configuration {
  const block = blockOf(context);
  const parsed = SCHEMA.safeParse(block.value);
  const problems = [
    ...block.strays,
    ...(parsed.error ? problemsOf(parsed.error.issues, block.value, block.where) : []),
    // Also beside other problems, so that all of them are told at once.
    ...clashes(block.value, destination, block.where),
  ];
  if (problems.length > 0 || !parsed.success) {
    throw new ConfigurationError(problems);
  }

  const { license, plugins, profile, region, ...settings } = parsed.data;
  const sizes = PROFILES[profile];
  const web = { ...sizes.web, ...settings.web };
  return {
    ...settings,
    plugins: license === 'pending' ? 'pending' : plugins,
    licenseSecret: licenseSecret(license, context),
    destination: { ...destination, region: region ?? destination.region },
    natGateways: settings.natGateways ?? (settings.vpcId === undefined ? sizes.natGateways : undefined),
    web: {
      ...web,
      ...(web.maxNodes !== undefined && { maxNodes: Math.max(web.maxNodes, settings.web.minNodes ?? 0) }),
    },
    database: { ...sizes.database, ...settings.database },
    redis: { ...sizes.redis, ...settings.redis },
    queue: { ...sizes.queue, ...settings.queue },
    entrance: { ...sizes.entrance, ...settings.entrance },
    terminationProtection: settings.terminationProtection ?? sizes.terminationProtection,
  };
}

/** With `-c license=pending` the block still says under which name the key will be looked for. */
function licenseSecret(license: string | undefined, context: { [key: string]: unknown }): string {
  const { license: inBlock } = (context.nocobase ?? {}) as { license?: unknown };
  const [name] = [license, inBlock].filter((given) => typeof given === 'string' && given !== 'pending');
  return typeof name === 'string' ? name : DEFAULT_LICENSE_SECRET;
}

/** Values that are right each by itself and not together. */
function clashes(value: unknown, destination: Destination, where: (path: readonly PropertyKey[]) => string): Problem[] {
  if (typeof value !== 'object' || value === null) {
    return [];
  }
  const block = value as { [key: string]: unknown };
  const { license, plugins, version, image, vpcId, natGateways, region } = block;
  const { minNodes, maxNodes } = (block.web ?? {}) as { [key: string]: unknown };
  const { TZ } = (block.environment ?? {}) as { [key: string]: unknown };
  const problems: Problem[] = [];
  const refuse = (path: string[], given: unknown, why: string, allowed: string) =>
    problems.push({ where: where(path), given, why, allowed });

  if (plugins === 'preinstalled') {
    if (license !== undefined) {
      refuse(
        ['license'],
        license,
        'plugins that are preinstalled need no licence here',
        'leave out license or plugins',
      );
    }
    if (image === undefined) {
      refuse(
        ['plugins'],
        plugins,
        'the official image carries no cluster plug-ins',
        'licensed, or name your own image',
      );
    }
  } else if (license === undefined) {
    refuse(
      ['license'],
      license,
      'a cluster needs the commercial cluster plug-ins',
      `the name of the Secret that holds the licence key, e.g. ${DEFAULT_LICENSE_SECRET}, or pending before there is one`,
    );
  }
  if (version !== undefined && image !== undefined) {
    refuse(['image'], image, 'there is a version as well, and an image has its own', 'leave out image or version');
  }
  if (vpcId !== undefined && natGateways !== undefined) {
    refuse(['natGateways'], natGateways, 'the VPC of vpcId has its own', 'leave out natGateways or vpcId');
  }
  if (vpcId !== undefined && (destination.account === undefined || (region ?? destination.region) === undefined)) {
    refuse(
      ['vpcId'],
      vpcId,
      'the VPC is looked up in your account, for which there are no AWS credentials',
      'sign in first (aws sso login) and name the profile: npx cdk deploy --profile NAME',
    );
  }
  if (Number(minNodes) > Number(maxNodes)) {
    refuse(['web', 'minNodes'], minNodes, `it is more than web.maxNodes, ${maxNodes}`, `at most ${maxNodes}`);
  }
  if (block.timeZone !== undefined && TZ !== undefined) {
    refuse(['environment', 'TZ'], TZ, 'timeZone says it as well', 'leave out timeZone or environment.TZ');
  }
  return problems;
}
