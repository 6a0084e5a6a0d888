import { type Configuration, type Destination, parseConfiguration } from '../../bin/configuration';
import { ConfigurationError, type Problem } from '../../bin/problems';
import cdkJson from '../../cdk.json';

const BLOCK = { license: 'nocobase-license', entrance: { type: 'cloudFront' } };
const DESTINATION = { account: '111122223333', region: 'eu-central-1' };

/** A block that is right, with what a test changes about it, and what the command line says. */
function parse(block: object = {}, commandLine: object = {}, destination: Destination = {}): Configuration {
  return parseConfiguration({ nocobase: { ...BLOCK, ...block }, ...commandLine }, destination);
}

function errorOf(run: () => unknown): ConfigurationError {
  try {
    run();
  } catch (error) {
    if (error instanceof ConfigurationError) {
      return error;
    }
    throw error;
  }
  throw new Error('Nothing was wrong with the configuration');
}

function problemsOf(block: object, commandLine: object = {}, destination: Destination = {}): readonly Problem[] {
  return errorOf(() => parse(block, commandLine, destination)).problems;
}

test('a domain name may end in Punycode', () => {
  const domainName = 'nocobase.xn--p1ai';
  const certificateArn = 'arn:aws:acm:eu-central-1:111122223333:certificate/1';
  expect(parse({ entrance: { type: 'certificate', domainName, certificateArn } }).entrance).toMatchObject({
    domainName,
  });
});

test('the committed configuration is right, and names a licence, HTTPS and the small sizes', () => {
  const configuration = parseConfiguration(cdkJson.context);
  expect(configuration).toMatchObject({
    plugins: 'licensed',
    licenseSecret: 'nocobase-license',
    stackName: 'NocoBase',
    entrance: { type: 'cloudFront' },
    web: {},
    database: {},
  });
});

describe('what is wrong is told with where it is, what is there and what may be', () => {
  const secretName =
    'the name of the Secret in Secrets Manager that holds the licence key, e.g. nocobase-license, or pending. A name must not end in a hyphen and six characters';
  const retention =
    'one of 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653';
  const memory = 'a whole number from 2048 to 122880 (MiB)';

  test.each<[key: string, block: object, given: unknown, allowed: string]>([
    ['license', { license: 5 }, 5, secretName],
    ['license', { license: '' }, '', secretName],
    ['plugins', { plugins: 'pending' }, 'pending', 'licensed or preinstalled'],
    ['profile', { profile: 'large' }, 'large', 'small or production'],
    ['stackName', { stackName: 'my stack' }, 'my stack', 'letters, digits and hyphens, up to 128, a letter first'],
    ['region', { region: 'Frankfurt' }, 'Frankfurt', 'an AWS region, e.g. eu-central-1'],
    [
      'version',
      { version: 'latest' },
      'latest',
      'a numeric tag of the image nocobase/nocobase, e.g. 2.2.15 or 2.2.15-full',
    ],
    [
      'image',
      { image: 'registry.example.com/nocobase' },
      'registry.example.com/nocobase',
      'the full name of an image with its tag or digest, e.g. registry.example.com/nocobase:2.2.15',
    ],
    ['cpuArchitecture', { cpuArchitecture: 'amd64' }, 'amd64', 'arm64 or x86_64'],
    ['entrance', { entrance: undefined }, undefined, 'a group of keys, e.g. { "type": "cloudFront" }'],
    ['entrance', { entrance: 'http' }, 'http', 'a group of keys, e.g. { "type": "cloudFront" }'],
    ['entrance.type', { entrance: {} }, undefined, 'cloudFront or domain or certificate or http'],
    ['entrance.type', { entrance: { type: 'tls' } }, 'tls', 'cloudFront or domain or certificate or http'],
    ['entrance.allowedCidrs', { entrance: { type: 'http' } }, undefined, 'a list of IPv4 ranges: [ … ]'],
    [
      'entrance.allowedCidrs',
      { entrance: { type: 'http', allowedCidrs: [] } },
      [],
      'at least one IPv4 range, e.g. ["203.0.113.7/32"]',
    ],
    [
      'entrance.allowedCidrs.1',
      { entrance: { type: 'http', allowedCidrs: ['203.0.113.7/32', 'me'] } },
      'me',
      'an IPv4 range such as 203.0.113.7/32',
    ],
    [
      'entrance.certificateArn',
      { entrance: { type: 'certificate', domainName: 'nocobase.example.com', certificateArn: 'mine' } },
      'mine',
      'the ARN of a certificate in ACM, in the region of the stack: arn:aws:acm:REGION:ACCOUNT:certificate/ID',
    ],
    ['vpcId', { vpcId: 'main' }, 'main', 'the ID of a VPC in your account, e.g. vpc-0123456789abcdef0'],
    ['natGateways', { natGateways: 3 }, 3, 'a whole number from 0 to 2'],
    ['web', { web: 4 }, 4, 'a group of keys: { … }'],
    ['web.minNodes', { web: { minNodes: 1 } }, 1, 'a whole number from 2 to 16'],
    ['web.maxNodes', { web: { maxNodes: 'many' } }, 'many', 'a whole number from 2 to 16'],
    ['web.maxNodes', { web: { maxNodes: 2.5 } }, 2.5, 'a whole number from 2 to 16'],
    ['web.memoryLimitMiB', { web: { memoryLimitMiB: 4 } }, 4, memory],
    [
      'database.instanceType',
      { database: { instanceType: 'large' } },
      'large',
      'an RDS instance class, e.g. db.t4g.medium or db.m7g.large',
    ],
    ['database.multiAz', { database: { multiAz: 'yes' } }, 'yes', 'true or false'],
    [
      'database.caCertificateFile',
      { database: { caCertificateFile: 'missing.pem' } },
      'missing.pem',
      'the path of a file that exists, with the RSA2048-G1 root of RDS, PEM',
    ],
    [
      'redis.nodeType',
      { redis: { nodeType: 'm7g.large' } },
      'm7g.large',
      'an ElastiCache node type, e.g. cache.t4g.small or cache.m7g.large',
    ],
    [
      'queue.instanceType',
      { queue: { instanceType: 'mq.t3.micro' } },
      'mq.t3.micro',
      'mq.m7g.medium or mq.m7g.large or larger',
    ],
    ['queue.deployment', { queue: { deployment: 'CLUSTER' } }, 'CLUSTER', 'SINGLE_INSTANCE or CLUSTER_MULTI_AZ'],
    ['rootEmail', { rootEmail: 'admin' }, 'admin', 'an e-mail address'],
    ['timeZone', { timeZone: 'Mars/Olympus' }, 'Mars/Olympus', 'the name of a time zone, e.g. Europe/Berlin'],
    ['environment.1ST', { environment: { '1ST': 'x' } }, 'x', 'the name of an environment variable'],
    ['environment.LIMIT', { environment: { LIMIT: 5 } }, 5, 'text, in quotes'],
    ['logRetentionDays', { logRetentionDays: 10 }, 10, retention],
    ['maintenanceAlarmHours', { maintenanceAlarmHours: 25 }, 25, 'a whole number from 1 to 24'],
    ['upgradeTries', { upgradeTries: 0 }, 0, 'a whole number from 1 to 10'],
    [
      'allowOnMigratedDatabase',
      { allowOnMigratedDatabase: 'yes' },
      'yes',
      'the full name of the image that is deployed, e.g. nocobase/nocobase:2.2.15',
    ],
    ['upgradeTimeoutMinutes', { upgradeTimeoutMinutes: 5 }, 5, 'a whole number from 10 to 720'],
    ['enableExecuteCommand', { enableExecuteCommand: 1 }, 1, 'true or false'],
    ['tags', { tags: [] }, [], 'a group of texts: { "name": "value" }'],
    [
      'tags.aws:owner',
      { tags: { 'aws:owner': 'me' } },
      'me',
      'a tag key of up to 128 characters that does not begin with aws:',
    ],
  ])('%s: %j', (key, block, given, allowed) => {
    expect(problemsOf(block, {}, DESTINATION)).toEqual([{ where: `nocobase.${key} in cdk.json`, given, allowed }]);
  });

  test('all of it at once, as text', () => {
    const error = errorOf(() =>
      parse({ web: { maxNode: 6, minNodes: 1 }, entrence: {}, license: undefined }, { licence: 'pending' }),
    );
    expect(error.message).toBe(
      `
The configuration of NocoBase has 5 problems:

  -c licence: there is no such key. Did you mean -c license?
    given:   "pending"
    allowed: -c license=… and, for every key, -c nocobase.KEY=…

  nocobase.web.minNodes in cdk.json
    given:   1
    allowed: a whole number from 2 to 16

  nocobase.web.maxNode in cdk.json: there is no such key. Did you mean nocobase.web.maxNodes?
    given:   6
    allowed: the keys minNodes, maxNodes, cpu, memoryLimitMiB

  nocobase.entrence in cdk.json: there is no such key. Did you mean nocobase.entrance?
    given:   {}
    allowed: the keys license, plugins, profile, stackName, region, version, image, cpuArchitecture, entrance, vpcId, natGateways, keys, web, database, redis, queue, rootEmail, timeZone, environment, logRetentionDays, upgradeTimeoutMinutes, upgradeTries, allowOnMigratedDatabase, allowChangedKeys, maintenanceAlarmHours, enableExecuteCommand, terminationProtection, tags

  nocobase.license in cdk.json: a cluster needs the commercial cluster plug-ins
    given:   nothing
    allowed: the name of the Secret that holds the licence key, e.g. nocobase-license, or pending before there is one
`.trim(),
    );
  });

  test('a key that belongs to another kind of entrance', () => {
    expect(problemsOf({ entrance: { type: 'cloudFront', allowedCidrs: ['203.0.113.7/32'] } })).toEqual([
      {
        where: 'nocobase.entrance.allowedCidrs in cdk.json',
        given: ['203.0.113.7/32'],
        allowed: 'the keys type, deletionProtection',
        why: 'it belongs to another type',
      },
    ]);
  });

  test('a key that stands outside its group', () => {
    expect(problemsOf({ maxNodes: 6 })[0].why).toBe('there is no such key. Did you mean nocobase.web.maxNodes?');
  });

  test('a cdk.json without our block', () => {
    expect(errorOf(() => parseConfiguration({})).problems.map(({ where }) => where)).toEqual([
      'nocobase.entrance in cdk.json',
      'nocobase.license in cdk.json',
    ]);
  });

  test('a licence key in the place of its name, without telling the key', () => {
    const key = 'c2VjcmV0'.repeat(40);
    const { message } = errorOf(() => parse({ license: key }));
    expect(message).not.toContain(key);
    expect(message).toContain('(322 characters)');
  });

  test('a name that Secrets Manager would not find', () => {
    expect(problemsOf({ license: 'nocobase-secret' })[0].allowed).toBe(
      'a name that does not end in a hyphen and six characters, which Secrets Manager takes for the random end of an ARN',
    );
  });
});

describe('values that do not go together', () => {
  const image = 'registry.example.com/nocobase:2.2.15';

  test.each<[block: object, where: string, why: string]>([
    [{ image, version: '2.2.15' }, 'image', 'there is a version as well, and an image has its own'],
    [{ image, plugins: 'preinstalled' }, 'license', 'plugins that are preinstalled need no licence here'],
    [{ license: undefined, plugins: 'preinstalled' }, 'plugins', 'the official image carries no cluster plug-ins'],
    [{ license: undefined }, 'license', 'a cluster needs the commercial cluster plug-ins'],
    [{ web: { minNodes: 6, maxNodes: 4 } }, 'web.minNodes', 'it is more than web.maxNodes, 4'],
    [{ timeZone: 'UTC', environment: { TZ: 'UTC' } }, 'environment.TZ', 'timeZone says it as well'],
    [{ vpcId: 'vpc-12345678', natGateways: 1 }, 'natGateways', 'the VPC of vpcId has its own'],
  ])('%j', (block, where, why) => {
    expect(problemsOf(block, {}, DESTINATION)).toMatchObject([{ where: `nocobase.${where} in cdk.json`, why }]);
  });

  test('a VPC to look up, and nobody signed in', () => {
    expect(problemsOf({ vpcId: 'vpc-12345678' }, {}, {})).toEqual([
      {
        where: 'nocobase.vpcId in cdk.json',
        given: 'vpc-12345678',
        why: 'the VPC is looked up in your account, for which there are no AWS credentials',
        allowed: 'sign in first (aws sso login) and name the profile: npx cdk deploy --profile NAME',
      },
    ]);
  });
});

describe('the command line', () => {
  test('says that the licence is pending, while the block names where its key will be', () => {
    expect(parse({ license: 'my-license-key' }, { license: 'pending' })).toMatchObject({
      plugins: 'pending',
      licenseSecret: 'my-license-key',
    });
  });

  test('changes any key, as text', () => {
    const configuration = parse(
      { web: { minNodes: 3 } },
      {
        'nocobase.web.maxNodes': '6',
        'nocobase.database.multiAz': 'true',
        'nocobase.entrance.type': 'http',
        'nocobase.entrance.allowedCidrs': '203.0.113.7/32,198.51.100.0/24',
      },
    );
    expect(configuration).toMatchObject({
      web: { minNodes: 3, maxNodes: 6 },
      database: { multiAz: true },
      entrance: { type: 'http', allowedCidrs: ['203.0.113.7/32', '198.51.100.0/24'] },
    });
  });

  test('is named when what it says is wrong', () => {
    expect(problemsOf({}, { 'nocobase.web.maxNodes': '60', license: '' }).map(({ where }) => where)).toEqual([
      '-c license',
      '-c nocobase.web.maxNodes',
    ]);
    expect(errorOf(() => parseConfiguration({ nocobase: 'pending' })).problems[0]).toMatchObject({
      where: '-c nocobase',
      given: 'pending',
    });
  });

  test('cannot slip a key past the schema', () => {
    expect(problemsOf({}, { 'nocobase.__proto__.license': 'x' })).toHaveLength(1);
    expect(problemsOf({}, { 'nocobase.': 'x' })).toMatchObject([{ where: '-c nocobase.' }]);
  });

  test('cannot reach into what is no group', () => {
    expect(problemsOf({ web: 4 }, { 'nocobase.web.maxNodes': '6' })).toMatchObject([{ given: 4 }]);
    expect(problemsOf({}, { 'nocobase.stackName.x': '6' })).toMatchObject([
      { where: '-c nocobase.stackName.x', given: { x: '6' } },
    ]);
  });

  test.each([
    ['licence', '-c license'],
    ['licnese', '-c license'],
    ['maxNodes', '-c nocobase.web.maxNodes'],
    ['web.maxnodes', '-c nocobase.web.maxNodes'],
    ['profil', '-c nocobase.profile'],
    ['region', '-c nocobase.region'],
    ['noco', '-c nocobase.…'],
    ['nocobase-license', '-c nocobase.…'],
  ])('-c %s is not ignored: did you mean %s?', (key, meant) => {
    expect(problemsOf({}, { [key]: 'x' })).toMatchObject([
      { where: `-c ${key}`, why: `there is no such key. Did you mean ${meant}?` },
    ]);
  });

  test('context of CDK and of other apps is left alone', () => {
    const context = {
      '@aws-cdk/core:x': true,
      'availability-zones:account=1': ['a'],
      'acknowledged-issue-numbers': [],
      owner: 'me',
    };
    expect(() => parse({}, context)).not.toThrow();
  });
});

describe('profiles', () => {
  test('small leaves sizes to the library', () => {
    const { web, database, redis, queue, natGateways, terminationProtection } = parse({ profile: 'small' });
    expect({ web, database, redis, queue, natGateways, terminationProtection }).toEqual({
      web: {},
      database: {},
      redis: {},
      queue: {},
      natGateways: undefined,
      terminationProtection: undefined,
    });
  });

  test('production doubles what can be doubled and protects it', () => {
    expect(parse({ profile: 'production' })).toMatchObject({
      web: { minNodes: 2, maxNodes: 8 },
      database: { instanceType: 'db.m7g.large', multiAz: true },
      redis: { nodeType: 'cache.m7g.large' },
      queue: { instanceType: 'mq.m7g.large', deployment: 'CLUSTER_MULTI_AZ' },
      natGateways: 2,
      entrance: { type: 'cloudFront', deletionProtection: true },
      terminationProtection: true,
    });
  });

  test('a value of the block is stronger than one of the profile', () => {
    const configuration = parse({
      profile: 'production',
      web: { minNodes: 10 },
      database: { multiAz: false },
      terminationProtection: false,
      natGateways: 1,
      entrance: { type: 'cloudFront', deletionProtection: false },
    });
    expect(configuration).toMatchObject({
      // Eight at most would be fewer than the ten that always run.
      web: { minNodes: 10, maxNodes: 10 },
      database: { instanceType: 'db.m7g.large', multiAz: false },
      terminationProtection: false,
      natGateways: 1,
      entrance: { deletionProtection: false },
    });
  });

  test('a VPC of one’s own has its own NAT gateways', () => {
    expect(parse({ profile: 'production', vpcId: 'vpc-12345678' }, {}, DESTINATION).natGateways).toBeUndefined();
  });
});

test('the region of the block is stronger than that of the AWS profile', () => {
  expect(parse({ region: 'us-west-2' }, {}, DESTINATION).destination).toEqual({
    account: '111122223333',
    region: 'us-west-2',
  });
  expect(parse({}, {}, DESTINATION).destination).toEqual(DESTINATION);
});
