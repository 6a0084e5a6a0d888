import { ancestorsOf, graphOf, inOrder } from './graph';
import type { Resource, Template } from './template';

const SECRET = 'AWS::SecretsManager::Secret';

function secret(properties: object = {}, rest: Partial<Resource> = {}): Resource {
  return { Type: SECRET, Properties: properties, ...rest };
}

function stack(Resources: Template['Resources'], rest: Partial<Template> = {}): Template {
  return { Resources, ...rest };
}

/** What `Last` waits for directly. */
function waitsFor(resources: Template['Resources'], rest: Partial<Template> = {}): string[] {
  const graph = graphOf({ S: stack({ A: secret(), B: secret(), C: secret(), ...resources }, rest) });
  return graph.get('S.Last')!.after.map((id) => id.replace('S.', ''));
}

describe('a resource waits for', () => {
  test('what it refers to, however deep', () => {
    const properties = { List: [{ Value: { Ref: 'A' } }], Join: { 'Fn::Join': ['', ['x', { Ref: 'B' }]] } };
    expect(waitsFor({ Last: secret(properties) })).toEqual(['A', 'B']);
  });

  test('what it has attributes of, in both notations', () => {
    expect(
      waitsFor({ Last: secret({ X: { 'Fn::GetAtt': ['A', 'Arn'] }, Y: { 'Fn::GetAtt': 'B.Nested.Name' } }) }),
    ).toEqual(['A', 'B']);
  });

  test('what it names in DependsOn, one or several', () => {
    expect(waitsFor({ Last: secret({}, { DependsOn: 'A' }) })).toEqual(['A']);
    expect(waitsFor({ Last: secret({}, { DependsOn: ['A', 'C'] }) })).toEqual(['A', 'C']);
  });

  test('what a text stands for, and not for its literals', () => {
    expect(waitsFor({ Last: secret({ X: { 'Fn::Sub': '${A}/${B.Arn}/${!C}/${AWS::Region}' } }) })).toEqual(['A', 'B']);
  });

  test('what the map of a text stands for, whose names hide resources', () => {
    expect(waitsFor({ Last: secret({ X: { 'Fn::Sub': ['${A} ${B}', { A: { Ref: 'C' } }] } }) })).toEqual(['B', 'C']);
  });

  test('no parameter, and nothing that is not made', () => {
    const gone = secret({}, { Condition: 'Never' });
    const parameters = { Parameters: { P: {} }, Conditions: { Never: { 'Fn::Equals': ['a', 'b'] } } };
    expect(
      waitsFor({ Gone: gone, Last: secret({ X: { Ref: 'P' } }, { DependsOn: ['Gone', 'A'] }) }, parameters),
    ).toEqual(['A']);
  });

  test('the branch of an Fn::If that is taken', () => {
    const conditions = {
      Parameters: { Size: { Default: 'small' } },
      Conditions: {
        Small: { 'Fn::Equals': [{ Ref: 'Size' }, 'small'] },
        Abroad: { 'Fn::Not': [{ 'Fn::Equals': [{ Ref: 'AWS::Partition' }, 'aws'] }] },
        Both: { 'Fn::And': [{ Condition: 'Small' }, { Condition: 'Abroad' }] },
        Either: { 'Fn::Or': [{ Condition: 'Small' }, { Condition: 'Abroad' }] },
      },
    };
    const choice = (condition: string) => secret({ X: { 'Fn::If': [condition, { Ref: 'A' }, { Ref: 'B' }] } });
    expect(waitsFor({ Last: choice('Either') }, conditions)).toEqual(['A']);
    expect(waitsFor({ Last: choice('Both') }, conditions)).toEqual(['B']);
  });
});

test('nothing is made for the metadata of CDK', () => {
  expect(graphOf({ S: stack({ CDKMetadata: { Type: 'AWS::CDK::Metadata' }, A: secret() }) }).size).toBe(1);
});

test('a resource is called by its construct, without the ends that say nothing', () => {
  const resources = {
    A: secret({}, { Metadata: { 'aws:cdk:path': 'Stack/Redis/Secret/Resource' } }),
    B: secret({}, { Metadata: { 'aws:cdk:path': 'Stack/Lookup/Resource/Default' } }),
    C: secret(),
  };
  expect([...graphOf({ S: stack(resources) }).values()].map(({ path }) => path)).toEqual([
    'Stack/Redis/Secret',
    'Stack/Lookup',
    'S.C',
  ]);
});

test('a stack comes after the whole of a stack that it imports from, and beside the others', () => {
  const platform = stack({ A: secret(), B: secret() }, { Outputs: { O: { Export: { Name: 'Platform:A' } } } });
  const importing = stack({ C: secret({ X: { 'Fn::ImportValue': 'Platform:A' } }), D: secret() });
  const foreign = stack({ E: secret({ X: { 'Fn::ImportValue': 'of somebody else' } }) });
  const graph = graphOf({ Platform: platform, Importing: importing, Foreign: foreign });
  expect(graph.get('Importing.D')!.after).toEqual(['Platform.A', 'Platform.B']);
  expect(graph.get('Foreign.E')!.after).toEqual([]);
});

test('order and ancestors of a diamond', () => {
  const resources = {
    Last: secret({}, { DependsOn: ['Left', 'Right'] }),
    Left: secret({ X: { Ref: 'First' } }),
    Right: secret({ X: { Ref: 'First' } }),
    First: secret(),
  };
  const graph = graphOf({ S: stack(resources) });
  expect(inOrder(graph).map(({ id }) => id)).toEqual(['S.First', 'S.Left', 'S.Right', 'S.Last']);
  expect([...ancestorsOf(graph, 'S.Last')].map(({ id }) => id).sort()).toEqual(['S.First', 'S.Left', 'S.Right']);
});

describe('fails', () => {
  test('when resources wait for each other, and says which', () => {
    const circle = stack({
      Z: secret({}, { DependsOn: 'A' }),
      A: secret({ X: { Ref: 'B' } }),
      B: secret({ X: { Ref: 'A' } }),
    });
    expect(() => inOrder(graphOf({ S: circle }))).toThrow('These wait for each other: S.A → S.B → S.A');
  });

  test('when a type is not in the table, and says which', () => {
    expect(() => graphOf({ S: stack({ A: { Type: 'AWS::Braket::QuantumTask' } }) })).toThrow(
      'Nobody has said how long the creation of AWS::Braket::QuantumTask takes. Add it to',
    );
  });

  test.each([
    [{ 'Fn::FindInMap': ['Map', 'a', 'b'] }, 'Conditions with Fn::FindInMap are not understood here'],
    [{ 'Fn::Equals': [{ Ref: 'P' }, 'x'] }, 'A condition depends on P, which has no default'],
    [undefined, 'Condition C is used and not declared'],
  ])('when a condition is not known: %j', (condition, message) => {
    const template = stack(
      { A: secret({}, { Condition: 'C' }) },
      { Conditions: { C: condition }, Parameters: { P: {} } },
    );
    expect(() => graphOf({ S: template })).toThrow(message);
  });
});
