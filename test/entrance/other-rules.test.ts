import { CfnParameter, Fn, type Stack, Token } from 'aws-cdk-lib';
import { Annotations, Match } from 'aws-cdk-lib/assertions';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type { ListenerEntranceOptions } from '../../lib';
import { behind, bind, newPlatform, type Platform, synthesizeEntrance } from './entrance-fixture';

const { hostHeaders, pathPatterns, sourceIps, httpHeader } = elbv2.ListenerCondition;
const NAME = 'nocobase.example.com';

const warnings = (stack: Stack, text: string) =>
  Annotations.fromStack(stack)
    .findWarning('*', Match.stringLikeRegexp(text))
    .map(({ entry }) => entry.data as string);

describe('a rule that is asked earlier, and takes all requests', () => {
  interface Ours extends Partial<ListenerEntranceOptions> {
    readonly publicPath?: string;
  }

  /** What is said of a rule of the portal before that of the cluster. */
  function said(theirs: elbv2.ListenerCondition[], { publicPath, ...options }: Ours = {}, priority = 1) {
    const platform = newPlatform();
    const listener = platform.listen();
    const { stack } = bind(behind(listener, options), { vpc: platform.vpc, publicPath });
    // Made later, as it may be in an app.
    listener.addAction('Portal', {
      priority,
      conditions: theirs,
      action: elbv2.ListenerAction.fixedResponse(204),
    });
    return warnings(stack, 'No request reaches NocoBase');
  }

  test.each<[string, elbv2.ListenerCondition[], Ours]>([
    ['every path', [pathPatterns(['*'])], {}],
    ['every path, as it begins', [pathPatterns(['/*'])], {}],
    ['every host', [hostHeaders(['*'])], {}],
    ['the host, of several', [hostHeaders(['a.example.com', NAME.toUpperCase()])], {}],
    ['all hosts of the domain', [hostHeaders(['*.example.com'])], {}],
    ['the host, whatever the path', [hostHeaders([NAME])], { publicPath: '/crm/' }],
    ['a shorter path', [hostHeaders([NAME]), pathPatterns(['/crm', '/crm/*'])], { publicPath: '/crm/eu/' }],
    ['the same source', [sourceIps(['10.0.0.0/8'])], { conditions: [hostHeaders([NAME]), sourceIps(['10.0.0.0/8'])] }],
  ])('is warned of: %s', (_, theirs, ours) => {
    expect(said(theirs, ours)).toEqual([
      expect.stringContaining(
        'No request reaches NocoBase: the rule Platform/Alb/Port443/PortalRule/Resource takes all that are for it, and is asked first, with the priority 1; that of the entrance is 10. Give the entrance the lower `priority` of the two',
      ),
    ]);
  });

  test.each<[string, elbv2.ListenerCondition[], Ours]>([
    ['another host', [hostHeaders(['other.example.com'])], {}],
    ['one host of two', [hostHeaders([NAME])], { conditions: [hostHeaders([NAME, 'nb.example.com'])] }],
    ['a part of the host', [hostHeaders(['*']), pathPatterns(['/.well-known/*'])], {}],
    ['a longer path', [hostHeaders([NAME]), pathPatterns(['/crm/*'])], {}],
    ['the path without what is under it', [pathPatterns(['/crm', '/crm/?'])], { publicPath: '/crm/' }],
    ['those from one source', [hostHeaders([NAME]), sourceIps(['10.0.0.0/8'])], {}],
    ['those with a header', [httpHeader('X-Canary', ['1'])], {}],
    ['a host that the deployment knows', [hostHeaders([Token.asString({ Ref: 'Host' })])], {}],
    ['hosts that the deployment knows', [hostHeaders(Fn.split(',', Token.asString({ Ref: 'Hosts' })))], {}],
  ])('is not: %s', (_, theirs, ours) => {
    expect(said(theirs, ours)).toEqual([]);
  });

  test('is nothing to warn of behind that of the cluster, or on another listener', () => {
    expect(said([pathPatterns(['*'])], {}, 11)).toEqual([]);
    const platform = newPlatform();
    const { stack } = bind(behind(platform.listen()), platform);
    platform.listen(8443).addAction('Portal', {
      priority: 1,
      conditions: [pathPatterns(['*'])],
      action: elbv2.ListenerAction.fixedResponse(204),
    });
    expect(warnings(stack, 'No request')).toEqual([]);
  });

  test('is not known where the deployment knows the priority', () => {
    const priority = Token.asNumber({ Ref: 'Priority' });
    expect(said([pathPatterns(['*'])], { priority })).toEqual([]);
  });

  test('may name the same parameter in another stack, which has another value there', () => {
    const parameter = (scope: Stack) => new CfnParameter(scope, 'Office').valueAsString;
    const platform = newPlatform();
    const listener = platform.listen();
    listener.addAction('Portal', {
      priority: 1,
      conditions: [sourceIps([parameter(platform)])],
      action: elbv2.ListenerAction.fixedResponse(204),
    });
    const { stack } = bind(
      (scope) => behind(listener, { conditions: [hostHeaders([NAME]), sourceIps([parameter(scope)])] }),
      platform,
    );
    expect(warnings(stack, 'No request')).toEqual([]);
  });

  describe('of two clusters by one name', () => {
    const pair = (platform: Platform, priorities: number[]) => {
      const listener = platform.listen();
      return ['/', '/crm/'].map(
        (publicPath, index) =>
          bind(behind(listener, { priority: priorities[index] }), {
            vpc: platform.vpc,
            publicPath,
            id: ['Main', 'Crm'][index],
          }).stack,
      );
    };

    test('is that of the shorter path, unless it comes last', () => {
      const [main, crm] = pair(newPlatform(), [1, 2]);
      expect(warnings(main, 'No request')).toEqual([]);
      expect(warnings(crm, 'No request')).toEqual([expect.stringContaining('the rule Main/NocoBase/Entrance/Rule')]);
      for (const stack of pair(newPlatform(), [2, 1])) {
        expect(warnings(stack, 'No request')).toEqual([]);
      }
    });
  });
});

describe('a host that does not reach NocoBase', () => {
  const said = (conditions: elbv2.ListenerCondition[]) => {
    const platform = newPlatform();
    const { stack } = synthesizeEntrance(behind(platform.listen(), { conditions }), platform);
    return warnings(stack, 'do not reach NocoBase');
  };

  test('is warned of', () => {
    expect(said([hostHeaders(['a.example.com', '*.example.org'])])).toEqual([
      expect.stringContaining(
        `Requests for ${NAME} do not reach NocoBase: the conditions of the entrance let a.example.com, *.example.org through. Give the name that users type as`,
      ),
    ]);
  });

  test.each<[string, elbv2.ListenerCondition[]]>([
    ['it is one of them', [hostHeaders(['a.example.com', NAME])]],
    ['it is among them, in whatever letters', [hostHeaders(['*.EXAMPLE.com'])]],
    ['no condition is on the host', [sourceIps(['10.0.0.0/8'])]],
    ['the deployment knows the host', [hostHeaders([Token.asString({ Ref: 'Host' })])]],
    ['the deployment knows the hosts', [hostHeaders(Fn.split(',', Token.asString({ Ref: 'Hosts' })))]],
  ])('is not where %s', (_, conditions) => {
    expect(said(conditions)).toEqual([]);
  });
});
