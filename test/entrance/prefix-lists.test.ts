import { CfnParameter, Stack, Token } from 'aws-cdk-lib';
import { Annotations, Match, type Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { Entrance } from '../../lib';
import { render } from '../cluster-fixture';
import { bind, certificate, INGRESS, newPlatform, openTo, synthesizeEntrance } from './entrance-fixture';

describe('managed prefix lists', () => {
  const LIST = 'pl-0123456789abcdef0';
  const rules = (template: Template) =>
    Object.values(template.findResources(INGRESS))
      .filter(({ Properties }) => Properties.SourcePrefixListId)
      .map(({ Properties }) => `${render(Properties.SourcePrefixListId)}:${Properties.FromPort}`);

  test('are let in, and instead of everybody', () => {
    const { template } = synthesizeEntrance(
      Entrance.certificate(certificate(new Stack()), {
        domainName: 'nocobase.example.com',
        allowedPrefixLists: [LIST, 'pl-63a5400a'],
      }),
      newPlatform(),
    );
    expect(rules(template)).toEqual([`${LIST}:80`, `${LIST}:443`, 'pl-63a5400a:80', 'pl-63a5400a:443']);
    expect(openTo(template)).toEqual([]);
  });

  test('are let in beside ranges', () => {
    const clients = { allowedPrefixLists: [LIST], allowedCidrs: ['203.0.113.0/24'] };
    const { template, stack } = synthesizeEntrance(Entrance.http(clients), newPlatform());
    expect(rules(template)).toEqual([`${LIST}:80`]);
    expect(openTo(template)).toEqual(['203.0.113.0/24:80']);
    Annotations.fromStack(stack).hasNoWarning('*', Match.stringLikeRegexp('open to nobody'));
  });

  test('may be made in the same app', () => {
    const { template } = synthesizeEntrance((stack) => {
      const lists = ['One', 'Two'].map((id) => new ec2.PrefixList(stack, id, { maxEntries: 5 }).prefixListId);
      return Entrance.http({ allowedPrefixLists: lists });
    }, newPlatform());
    expect(rules(template)).toEqual([expect.stringMatching(/^<One.*>:80$/), expect.stringMatching(/^<Two.*>:80$/)]);
  });

  test.each(['pl-1', 'sg-0123456789abcdef0', '203.0.113.0/24', ''])('%j is none', (id) => {
    expect(() => bind(Entrance.http({ allowedPrefixLists: [id] }), newPlatform())).toThrow(
      `\`entrance.allowedPrefixLists\` has '${id}', which is not the id of a managed prefix list. Write e.g.`,
    );
  });

  test.each<[string, any]>([
    ['allowedCidrs', '10.0.0.0/8'],
    ['allowedCidrs', Token.asString({ Ref: 'Range' })],
    ['allowedPrefixLists', LIST],
    ['allowedPrefixLists', null],
  ])('%s is a list, also for one', (prop, given) => {
    expect(() => bind(Entrance.http({ [prop]: given }), newPlatform())).toThrow(
      `\`entrance.${prop}\` is not a list. Write one, also for one: ['`,
    );
  });

  test('a number is no range', () => {
    expect(() => bind(Entrance.http({ allowedCidrs: [10 as never] }), newPlatform())).toThrow(
      "`entrance.allowedCidrs` has '10', which is not an IPv4 range.",
    );
  });

  test('a list of unknown length is none', () => {
    const { valueAsList } = new CfnParameter(new Stack(), 'Lists', { type: 'CommaDelimitedList' });
    expect(() => bind(Entrance.http({ allowedPrefixLists: valueAsList }), newPlatform())).toThrow('`entrance.allowed');
    expect(() => bind(Entrance.http({ allowedCidrs: valueAsList }), newPlatform())).toThrow('`entrance.allowedCidrs`');
  });
});
