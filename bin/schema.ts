import { existsSync } from 'node:fs';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { z } from 'zod';
import { DEFAULT_ROOT_EMAIL } from '../lib/cluster-checks';
import { HOST_NAME } from '../lib/entrance/domain-name';

/*
 * What `nocobase` in cdk.json may hold. The message of every issue is what is allowed instead; `problems.ts` makes
 * sentences of them. Numbers, yes/no and lists may come as text, because `-c key=value` can only give text.
 */

const SECRET_NAME = /^[\w/+=.@-]{1,128}$/;
/** Secrets Manager would take the end of such a name for the random part of an ARN. */
const ENDS_LIKE_AN_ARN = /-.{6}$/;
const IPV4_RANGE = /^\d{1,3}(\.\d{1,3}){3}\/\d{1,2}$/;
/** NocoBase has 32 worker ids, and a node that stops holds its own beside that of the node which takes its place. */
const MOST_NODES = 16;
const RETENTION_DAYS = Object.values(RetentionDays).filter(
  (days): days is RetentionDays => typeof days === 'number' && days !== RetentionDays.INFINITE,
);

const CA_CERTIFICATE_FILE = 'the path of a file that exists, with the RSA2048-G1 root of RDS, PEM';

export const DEFAULT_LICENSE_SECRET = 'nocobase-license';

/** Between the known keys in the message of an issue about an unknown one. No key holds it. */
export const KNOWN_KEYS_SEPARATOR = ', ';

/** A group of keys, of which there are no others. */
function group<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys' ? Object.keys(shape).join(KNOWN_KEYS_SEPARATOR) : 'a group of keys: { … }',
  });
}

function text(allowed: string, pattern: RegExp) {
  return z.string({ error: allowed }).regex(pattern, { error: allowed });
}

function whole(from: number, to: number, unit = '') {
  const error = `a whole number from ${from} to ${to}${unit}`;
  const number = z.int({ error }).min(from, { error }).max(to, { error });
  return z.preprocess((given) => (typeof given === 'string' && /^\d+$/.test(given) ? Number(given) : given), number);
}

function yesOrNo() {
  const texts: { [text: string]: boolean } = { true: true, false: false };
  return z.preprocess(
    (given) => (typeof given === 'string' ? (texts[given] ?? given) : given),
    z.boolean({ error: 'true or false' }),
  );
}

function oneOf<const Values extends readonly [string, ...string[]]>(values: Values) {
  return z.enum(values, { error: values.join(' or ') });
}

function texts(allowed: string, name: RegExp) {
  return z.record(z.string().regex(name), z.string({ error: 'text, in quotes' }), {
    error: (issue) => (issue.code === 'invalid_key' ? allowed : 'a group of texts: { "name": "value" }'),
  });
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

function nameOfSecret(what: string) {
  return text(`${what}. A name must not end in a hyphen and six characters`, SECRET_NAME).refine(
    (name) => !ENDS_LIKE_AN_ARN.test(name),
    {
      error:
        'a name that does not end in a hyphen and six characters, which Secrets Manager takes for the random end of an ARN',
    },
  );
}

const allowedCidrs = z.preprocess(
  (given) => (typeof given === 'string' ? given.split(',') : given),
  z
    .array(text('an IPv4 range such as 203.0.113.7/32', IPV4_RANGE), { error: 'a list of IPv4 ranges: [ … ]' })
    .nonempty({ error: 'at least one IPv4 range, e.g. ["203.0.113.7/32"]' }),
);

const domainName = text('the name users type, in small letters, e.g. nocobase.example.com', HOST_NAME);
const deletionProtection = yesOrNo().optional();

/** How users reach the cluster; `type` decides which other keys there are. */
const ENTRANCES = {
  cloudFront: group({ type: z.literal('cloudFront'), deletionProtection }),
  domain: group({
    type: z.literal('domain'),
    domainName,
    hostedZoneId: text('the ID of a public hosted zone in Route 53, e.g. Z0123456789ABCDEFGHIJ', /^Z[A-Z0-9]{4,31}$/),
    hostedZoneName: text('the name of that hosted zone, e.g. example.com', HOST_NAME),
    allowedCidrs: allowedCidrs.optional(),
    deletionProtection,
  }),
  certificate: group({
    type: z.literal('certificate'),
    domainName,
    certificateArn: text(
      'the ARN of a certificate in ACM, in the region of the stack: arn:aws:acm:REGION:ACCOUNT:certificate/ID',
      /^arn:aws[\w-]*:acm:[a-z0-9-]+:\d{12}:certificate\/[\w-]+$/,
    ),
    allowedCidrs: allowedCidrs.optional(),
    deletionProtection,
  }),
  http: group({ type: z.literal('http'), allowedCidrs, deletionProtection }),
};

const entrance = z.discriminatedUnion(
  'type',
  [ENTRANCES.cloudFront, ENTRANCES.domain, ENTRANCES.certificate, ENTRANCES.http],
  {
    error: (issue) =>
      issue.code === 'invalid_union'
        ? Object.keys(ENTRANCES).join(' or ')
        : 'a group of keys, e.g. { "type": "cloudFront" }',
  },
);

const SHAPE = {
  license: nameOfSecret(
    `the name of the Secret in Secrets Manager that holds the licence key, e.g. ${DEFAULT_LICENSE_SECRET}, or pending`,
  ).optional(),
  plugins: oneOf(['licensed', 'preinstalled']).default('licensed'),
  profile: oneOf(['small', 'production']).default('small'),
  stackName: text('letters, digits and hyphens, up to 128, a letter first', /^[A-Za-z][A-Za-z0-9-]{0,127}$/).default(
    'NocoBase',
  ),
  region: text('an AWS region, e.g. eu-central-1', /^[a-z]{2,}(-[a-z]+)+-\d+$/).optional(),
  version: text(
    'a numeric tag of the image nocobase/nocobase, e.g. 2.2.15 or 2.2.15-full',
    /^\d+\.\d+\.\d+[\w.-]*$/,
  ).optional(),
  image: text(
    'the full name of an image with its tag or digest, e.g. registry.example.com/nocobase:2.2.15',
    /^[\w./:-]+(:[\w][\w.-]*|@sha256:[0-9a-f]{64})$/,
  ).optional(),
  cpuArchitecture: oneOf(['arm64', 'x86_64']).default('arm64'),
  entrance,
  vpcId: text('the ID of a VPC in your account, e.g. vpc-0123456789abcdef0', /^vpc-[0-9a-f]{8,17}$/).optional(),
  natGateways: whole(0, 2).optional(),
  keys: nameOfSecret(
    'the name of the Secret with the keys of a NocoBase that there was before, as `cdk-nocobase import-keys` makes it',
  ).optional(),
  web: group({
    minNodes: whole(2, MOST_NODES).optional(),
    maxNodes: whole(2, MOST_NODES).optional(),
    cpu: whole(1024, 16384, ' (1024 is one vCPU)').optional(),
    memoryLimitMiB: whole(2048, 122880, ' (MiB)').optional(),
  }).default({}),
  database: group({
    instanceType: text(
      'an RDS instance class, e.g. db.t4g.medium or db.m7g.large',
      /^db\.[a-z0-9]+\.[a-z0-9]+$/,
    ).optional(),
    multiAz: yesOrNo().optional(),
    backupRetentionDays: whole(1, 35).optional(),
    snapshotBeforeUpgrade: yesOrNo().optional(),
    deletionProtection,
    caCertificateFile: z
      .string({ error: CA_CERTIFICATE_FILE })
      .refine(existsSync, { error: CA_CERTIFICATE_FILE })
      .optional(),
  }).default({}),
  redis: group({
    nodeType: text(
      'an ElastiCache node type, e.g. cache.t4g.small or cache.m7g.large',
      /^cache\.[a-z0-9-]+\.[a-z0-9]+$/,
    ).optional(),
  }).default({}),
  queue: group({
    instanceType: text('mq.m7g.medium or mq.m7g.large or larger', /^mq\.m7g\.(medium|large|\d*xlarge)$/).optional(),
    deployment: oneOf(['SINGLE_INSTANCE', 'CLUSTER_MULTI_AZ']).optional(),
  }).default({}),
  rootEmail: text('an e-mail address', /^[^\s@]+@[^\s@]+$/).default(DEFAULT_ROOT_EMAIL),
  timeZone: z
    .string({ error: 'the name of a time zone, e.g. Europe/Berlin' })
    .refine(isTimeZone, { error: 'the name of a time zone, e.g. Europe/Berlin' })
    .optional(),
  environment: texts('the name of an environment variable', /^[A-Za-z_]\w*$/).default({}),
  logRetentionDays: whole(1, 3653)
    .refine((days) => RETENTION_DAYS.includes(days), { error: `one of ${RETENTION_DAYS.join(', ')}` })
    .optional(),
  upgradeTimeoutMinutes: whole(10, 720).optional(),
  upgradeTries: whole(1, 10).optional(),
  allowOnMigratedDatabase: text(
    'the full name of the image that is deployed, e.g. nocobase/nocobase:2.2.15',
    /^[^\s]+[:@][^\s]+$/,
  ).optional(),
  allowChangedKeys: yesOrNo().default(false),
  maintenanceAlarmHours: whole(1, 24).optional(),
  enableExecuteCommand: yesOrNo().default(false),
  terminationProtection: yesOrNo().optional(),
  tags: texts('a tag key of up to 128 characters that does not begin with aws:', /^(?!aws:).{1,128}$/i).default({}),
};

export const SCHEMA = group(SHAPE);

export type Settings = z.infer<typeof SCHEMA>;
export type EntranceSettings = Settings['entrance'];
export type Profile = Settings['profile'];

/** Every key there is, as it is written after `nocobase.`: `license`, `web.maxNodes`, … */
export const KEYS: readonly string[] = Object.entries(SHAPE).flatMap(([key, schema]) => [
  key,
  ...keysOf(schema).map((inner) => `${key}.${inner}`),
]);

function keysOf(schema: z.core.$ZodType): string[] {
  if (schema instanceof z.ZodDefault) {
    return keysOf(schema.unwrap());
  }
  if (schema instanceof z.ZodDiscriminatedUnion) {
    return [...new Set(schema.options.flatMap(keysOf))];
  }
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}
