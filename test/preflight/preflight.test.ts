import * as fs from 'node:fs';
import * as path from 'node:path';
import { CfnGuardValidator } from '@cdklabs/cdk-validator-cfnguard';
import { App, CfnResource, Lazy, Stack, Validations } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import * as ssm from 'aws-cdk-lib/aws-ssm';
import { AwsSolutionsChecks } from 'cdk-nag';
import { Construct } from 'constructs';
import { StoredSecret } from '../../lib/node/stored-secret';
import { Preflight, PreflightRule } from '../../lib/preflight/preflight';

interface Given {
  readonly fingerprint?: (stack: Stack) => unknown;
  readonly rule?: PreflightRule;
  readonly field?: string;
  readonly description?: string;
}

/** A Secret, a preflight that checks it, and data that waits for the preflight. */
function synthesize(given: Given = {}) {
  const stack = new Stack(new App(), 'Stack');
  const secret = new secretsmanager.Secret(stack, 'Key', { description: given.description });
  const preflight = new Preflight(stack, 'Preflight', {
    checks: [
      {
        variable: 'APP_KEY',
        rule: given.rule ?? PreflightRule.NOT_BLANK,
        secret: StoredSecret.inSecretsManager(secret, given.field),
        prop: 'keys',
      },
      {
        variable: 'APP_AES_SECRET_KEY',
        rule: PreflightRule.AES_256_HEX,
        secret: StoredSecret.inSecretsManager(secret, 'aes'),
        prop: 'keys',
      },
    ],
    fingerprint: () => given.fingerprint?.(stack) ?? { image: '2.2.15' },
  });
  const data = new Construct(stack, 'Data');
  new CfnResource(data, 'Database', { type: 'Test::Database' });
  data.node.addDependency(preflight);
  return Template.fromStack(stack);
}

function checkOf(template: Template): [string, Record<string, any>] {
  const [entry, ...others] = Object.entries(template.findResources('Custom::NocoBasePreflight'));
  expect(others).toEqual([]);
  return entry;
}

const idOf = (given?: Given) => checkOf(synthesize(given))[0];

describe('the logical id of the check', () => {
  test('is the same for the same input', () => {
    expect(idOf()).toBe(idOf());
    expect(idOf()).toMatch(/^PreflightCheck[0-9A-F]{8}[0-9a-f]{16}$/);
  });

  test('changes with the configuration of the nodes, not with the order in which it is written', () => {
    const one = idOf({ fingerprint: () => ({ a: '1', b: { c: '2', d: '3' } }) });
    expect(idOf({ fingerprint: () => ({ b: { d: '3', c: '2' }, a: '1' }) })).toBe(one);
    expect(idOf({ fingerprint: () => ({ a: '1', b: { c: '2', d: '4' } }) })).not.toBe(one);
  });

  test('changes with a check', () => {
    expect(idOf({ rule: PreflightRule.ROOT_PASSWORD })).not.toBe(idOf());
    expect(idOf({ field: 'key' })).not.toBe(idOf());
  });

  test('does not change with what the nodes do not see', () => {
    expect(idOf({ description: 'Another description' })).toBe(idOf());
  });

  test('sees through tokens, which are numbered anew in each synthesis', () => {
    const lazy = (value: string) => () => {
      Lazy.string({ produce: () => 'unused' });
      return { url: `http://${Lazy.string({ produce: () => value })}` };
    };
    expect(idOf({ fingerprint: lazy('a') })).toBe(idOf({ fingerprint: () => ({ url: 'http://a' }) }));
    expect(idOf({ fingerprint: lazy('b') })).not.toBe(idOf({ fingerprint: lazy('a') }));
  });

  test('may depend on what comes after the check: it takes part in no reference', () => {
    const template = synthesize({
      fingerprint: (stack) => ({
        host: (stack.node.findChild('Data').node.findChild('Database') as CfnResource).getAtt('Host'),
      }),
    });
    expect(JSON.stringify(checkOf(template)[1])).not.toContain('Database');
  });
});

describe('the order of a deployment', () => {
  const template = synthesize();
  const [checkId, check] = checkOf(template);
  const idsOf = (type: string) => Object.keys(template.findResources(type));

  test('the check runs when its function may log and read, so that it is also there for the deletion', () => {
    expect(new Set(check.DependsOn)).toEqual(
      new Set([...idsOf('AWS::Logs::LogGroup'), ...idsOf('AWS::IAM::Policy'), ...idsOf('AWS::IAM::Role')]),
    );
    expect(check.Properties.ServiceToken).toEqual({ 'Fn::GetAtt': [idsOf('AWS::Lambda::Function')[0], 'Arn'] });
  });

  test('data waits for the outcome of the check and for nothing else', () => {
    template.hasResource('Test::Database', { DependsOn: [checkId] });
  });

  test('a check that hangs does not hang the deployment', () => {
    expect(check.Properties.ServiceTimeout).toBe('120');
  });
});

test('the function is told ARNs, never values', () => {
  const [, check] = checkOf(synthesize());
  const [secretId] = Object.keys(synthesize().findResources('AWS::SecretsManager::Secret'));
  expect(check.Properties.Checks).toEqual([
    { Variable: 'APP_KEY', Rule: 'notBlank', SecretArn: { Ref: secretId }, Prop: 'keys' },
    { Variable: 'APP_AES_SECRET_KEY', Rule: 'aes256Hex', SecretArn: { Ref: secretId }, JsonField: 'aes', Prop: 'keys' },
  ]);
});

test('the role may read the given Secrets, use their keys and write its own log, nothing more', () => {
  const stack = new Stack(new App(), 'Stack');
  const encryptionKey = kms.Key.fromKeyArn(stack, 'Kms', 'arn:aws:kms:eu-central-1:111122223333:key/1');
  const secretCompleteArn = 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:licence-a1b2c3';
  const secret = secretsmanager.Secret.fromSecretAttributes(stack, 'Licence', { secretCompleteArn, encryptionKey });
  new Preflight(stack, 'Preflight', {
    checks: [
      {
        variable: 'licence key',
        rule: PreflightRule.NOT_BLANK,
        secret: StoredSecret.inSecretsManager(secret),
        prop: 'plugins',
      },
    ],
    fingerprint: () => '',
  });
  const template = Template.fromStack(stack);
  const [logGroup] = Object.keys(template.findResources('AWS::Logs::LogGroup'));
  template.hasResourceProperties('AWS::IAM::Role', { ManagedPolicyArns: Match.absent(), Policies: Match.absent() });
  template.resourceCountIs('AWS::IAM::Policy', 1);
  template.hasResourceProperties('AWS::IAM::Policy', {
    PolicyDocument: {
      Statement: [
        {
          Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
          Effect: 'Allow',
          Resource: { 'Fn::GetAtt': [logGroup, 'Arn'] },
        },
        {
          Action: ['secretsmanager:GetSecretValue', 'secretsmanager:DescribeSecret'],
          Effect: 'Allow',
          Resource: secretCompleteArn,
        },
        {
          Action: 'kms:Decrypt',
          Effect: 'Allow',
          Resource: 'arn:aws:kms:eu-central-1:111122223333:key/1',
          Condition: { StringEquals: { 'kms:ViaService': 'secretsmanager.eu-central-1.amazonaws.com' } },
        },
      ],
    },
  });
});

test('a Secret of several fields is allowed once', () => {
  const statements = Object.values(synthesize({ field: 'key' }).findResources('AWS::IAM::Policy'))
    .flatMap((policy) => policy.Properties.PolicyDocument.Statement)
    .filter(({ Action }) => Action.includes('secretsmanager:GetSecretValue'));
  expect(statements).toHaveLength(1);
});

test('of a parameter the function is told ARN and name, and it may decrypt that and no other', () => {
  const stack = new Stack(new App(), 'Stack', { env: { region: 'eu-central-1', account: '111122223333' } });
  const encryptionKey = kms.Key.fromKeyArn(stack, 'Kms', 'arn:aws:kms:eu-central-1:111122223333:key/1');
  const parameter = ssm.StringParameter.fromSecureStringParameterAttributes(stack, 'Parameter', {
    parameterName: '/prod/app-key',
    encryptionKey,
  });
  new Preflight(stack, 'Preflight', {
    checks: [
      {
        variable: 'APP_KEY',
        rule: PreflightRule.NOT_BLANK,
        secret: StoredSecret.inParameterStore(parameter),
        prop: 'keys',
      },
    ],
    fingerprint: () => '',
  });
  const template = Template.fromStack(stack);
  const [, { Properties }] = checkOf(template);
  const arn = {
    'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':ssm:eu-central-1:111122223333:parameter/prod/app-key']],
  };
  expect(Properties.Checks).toEqual([
    { Variable: 'APP_KEY', Rule: 'notBlank', SecretArn: arn, ParameterName: '/prod/app-key', Prop: 'keys' },
  ]);
  template.hasResourceProperties('AWS::IAM::Policy', {
    PolicyDocument: {
      Statement: Match.arrayWith([
        { Action: ['ssm:GetParameters', 'ssm:GetParameter'], Effect: 'Allow', Resource: arn },
        {
          Action: 'kms:Decrypt',
          Effect: 'Allow',
          Resource: 'arn:aws:kms:eu-central-1:111122223333:key/1',
          Condition: { StringEquals: { 'kms:ViaService': 'ssm.eu-central-1.amazonaws.com' } },
        },
      ]),
    },
  });
});

test('two of them live in one stack', () => {
  const stack = new Stack(new App(), 'Stack');
  const secret = new secretsmanager.Secret(stack, 'Key');
  for (const id of ['One', 'Two']) {
    new Preflight(stack, id, {
      checks: [
        {
          variable: 'APP_KEY',
          rule: PreflightRule.NOT_BLANK,
          secret: StoredSecret.inSecretsManager(secret),
          prop: 'keys',
        },
      ],
      fingerprint: () => 'same',
    });
  }
  Template.fromStack(stack).resourceCountIs('Custom::NocoBasePreflight', 2);
});

test('no rule of AWS Solutions or Control Tower has anything to say', () => {
  const app = new App();
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new CfnGuardValidator());
  const stack = new Stack(app, 'Stack');
  const secret = secretsmanager.Secret.fromSecretNameV2(stack, 'Licence', 'licence');
  new Preflight(stack, 'Preflight', {
    checks: [
      {
        variable: 'licence key',
        rule: PreflightRule.NOT_BLANK,
        secret: StoredSecret.inSecretsManager(secret),
        prop: 'plugins',
      },
    ],
    fingerprint: () => '',
  });
  // Whether findings end the synthesis depends on who runs it; the report is always there.
  const report = path.join(app.synth().directory, 'validation-report.json');
  const { pluginReports } = JSON.parse(fs.readFileSync(report, 'utf8'));
  expect(pluginReports.flatMap((plugin: { violations: unknown[] }) => plugin.violations)).toEqual([]);
});
