import type { Template } from '../critical-path/template';
import { Evaluator } from './evaluator';
import { generateSecret } from './generated-secret';

const template = {
  Parameters: {
    Stage: { Type: 'String', Default: 'test' },
    Image: { Type: 'AWS::SSM::Parameter::Value<String>', Default: '/images/latest' },
  },
  Mappings: { Roots: { 'eu-central-1': { pem: 'a certificate' } } },
  Resources: {
    Database: { Type: 'AWS::RDS::DBInstance' },
    Secret: { Type: 'AWS::SecretsManager::Secret' },
  },
} as unknown as Template;

const evaluator = new Evaluator(template, {
  pseudoParameters: { 'AWS::Region': 'eu-central-1' },
  ref: (logicalId) => (logicalId === 'Secret' ? 'arn:aws:secretsmanager:r:1:secret:s-abcdef' : undefined),
  attribute: (_, name) => (name === 'Endpoint.Port' ? '5432' : undefined),
  exported: (name) => (name === 'Network:Vpc' ? 'a network' : undefined),
  secretValue: (arn) => (arn.endsWith('s-abcdef') ? '{"password":"p:w"}' : undefined),
});

test.each<[unknown, unknown]>([
  [{ 'Fn::Join': [':', ['a', { Ref: 'AWS::Region' }]] }, 'a:eu-central-1'],
  [{ Ref: 'Stage' }, 'test'],
  [{ 'Fn::Select': [1, { 'Fn::Split': ['//', 'amqps://host:5671'] }] }, 'host:5671'],
  [{ 'Fn::FindInMap': ['Roots', { Ref: 'AWS::Region' }, 'pem'] }, 'a certificate'],
  [{ 'Fn::Sub': 'port ${Database.Endpoint.Port} of ${!Literal}' }, 'port 5432 of ${Literal}'],
  [{ 'Fn::ImportValue': { 'Fn::Join': [':', ['Network', 'Vpc']] } }, 'a network'],
  [[{ A: { Ref: 'AWS::NoValue' }, B: 1 }], [{ B: 1 }]],
  [{ 'Fn::Join': ['', ['x:{{resolve:secretsmanager:', { Ref: 'Secret' }, ':SecretString:password::}}@h']] }, 'x:p:w@h'],
])('%j is resolved', (value, expected) => {
  expect(evaluator.value(value, 'Where')).toEqual(expected);
});

test.each<[unknown, RegExp]>([
  [{ A: [{ Ref: 'Database' }] }, /^Where\.A\.0 cannot be resolved: this machine has nothing for Database\.$/],
  [{ 'Fn::GetAtt': ['Database', 'DBInstanceArn'] }, /this machine has nothing for Database\.DBInstanceArn/],
  [{ Ref: 'Image' }, /Image is read from Parameter Store \(\/images\/latest\)/],
  [{ Ref: 'Nothing' }, /there is no resource Nothing/],
  [{ 'Fn::FindInMap': ['Roots', 'mars', 'pem'] }, /there is no mars\.pem in the mapping Roots/],
  [{ 'Fn::ImportValue': 'Network:Other' }, /no stack exports Network:Other/],
  [{ 'Fn::Cidr': ['10.0.0.0/16', 2, 8] }, /Fn::Cidr is not understood here/],
  ['{{resolve:secretsmanager:other}}', /\{\{resolve:secretsmanager:other\}\} cannot be resolved/],
  [
    '{{resolve:secretsmanager:arn:aws:secretsmanager:r:1:secret:s-abcdef:SecretString:user::}}',
    /there is no field user/,
  ],
])('%j is an error that names the place', (value, message) => {
  expect(() => evaluator.value(value, 'Where')).toThrow(message);
});

test('a generated Secret keeps to its rules', () => {
  expect(
    generateSecret({
      PasswordLength: 64,
      ExcludeCharacters: 'ghijklmnopqrstuvwxyz',
      ExcludeUppercase: true,
      ExcludePunctuation: true,
    }),
  ).toMatch(/^[0-9a-f]{64}$/);
  expect(
    JSON.parse(generateSecret({ SecretStringTemplate: '{"user":"ada"}', GenerateStringKey: 'pin', PasswordLength: 8 })),
  ).toEqual({ user: 'ada', pin: expect.stringMatching(/^(?=.*[a-z])(?=.*[A-Z])(?=.*\d)(?=.*[^A-Za-z0-9]).{8}$/s) });
});
