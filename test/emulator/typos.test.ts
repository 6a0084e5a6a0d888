import { CloudFormationClient, ValidateTemplateCommand } from '@aws-sdk/client-cloudformation';
import { App } from 'aws-cdk-lib';
import { parseConfiguration } from '../../bin/configuration';
import { NocoBaseStack } from '../../bin/stack';
import * as production from '../../examples/production/app';
import { LocalAws } from './local-aws';

// A template with a misspelt property must fail here, whichever it is.

type Path = (string | number)[];

/** Of these CloudFormation knows no names; the deployment checks them, or their provider does. */
const FREE = [
  /^Custom::/,
  /(Policy|PolicyDocument)\.(Version|Statement)/,
  /^AWS::ECS::TaskDefinition ContainerDefinitions\.\*\.LogConfiguration\.Options\.[\w-]+$/,
  /^AWS::(RDS::DBParameterGroup Parameters|ElastiCache::ParameterGroup Properties)\.[\w.-]+$/,
];

let aws: LocalAws;
beforeAll(async () => {
  aws = await LocalAws.start();
});
afterAll(() => aws?.stop());

/** Where there are names in a value; those of intrinsic functions are no properties. */
function* paths(value: unknown, start: Path = []): Generator<Path> {
  if (typeof value !== 'object' || value === null) return;
  const entries = Object.entries(value);
  if (entries.length === 1 && /^(Ref$|Fn::)/.test(entries[0][0])) return;
  for (const [name, member] of entries) {
    const path = [...start, Array.isArray(value) ? Number(name) : name];
    if (!Array.isArray(value)) yield path;
    yield* paths(member, path);
  }
}

function misspelt(template: any, logicalId: string, path: Path): any {
  const copy = structuredClone(template);
  const parent = path.slice(0, -1).reduce((value, name) => value[name], copy.Resources[logicalId].Properties);
  const name = path[path.length - 1];
  parent[`${name}x`] = parent[name];
  delete parent[name];
  return copy;
}

test.each<[string, (app: App) => void]>([
  ['the example for production', production.build],
  [
    'the app with CloudFront',
    (app) =>
      void new NocoBaseStack(
        app,
        parseConfiguration({ nocobase: { license: 'pending', entrance: { type: 'cloudFront' } } }),
      ),
  ],
])('%s', async (_, build) => {
  const app = new App();
  build(app);
  const template = app.synth().stacks[0].template;
  const client = aws.client(CloudFormationClient);
  const seen = new Set<string>();
  const accepted: string[] = [];
  for (const [logicalId, { Type, Properties }] of Object.entries<any>(template.Resources)) {
    for (const path of paths(Properties)) {
      const place = `${Type} ${path.map((part) => (typeof part === 'number' ? '*' : part)).join('.')}`;
      if (seen.has(place) || FREE.some((free) => free.test(place))) continue;
      seen.add(place);
      const TemplateBody = JSON.stringify(misspelt(template, logicalId, path));
      await client.send(new ValidateTemplateCommand({ TemplateBody })).then(
        () => accepted.push(place),
        (error) => expect(error.message).toContain(logicalId),
      );
    }
  }
  expect(seen.size).toBeGreaterThan(300);
  expect(accepted).toEqual([]);
});
