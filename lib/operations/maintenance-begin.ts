import { TIMING } from '../node/timing';
import {
  ALL_SUSPENDED,
  bounds,
  describe,
  grace,
  healthyCodes,
  type MaintenanceSubject,
  nodesAnswer,
  ordered,
  THROUGH,
  WITHOUT_NODES,
} from './maintenance-steps';
import { call, check, eachFleet, either, fail, type States, until } from './states';

/** ECS counts a node no more while it still drains and ends. */
const LAST_NODE_SECONDS = TIMING.drain.toSeconds() + TIMING.stop.toSeconds() + 10;

/** The state whose entries in the log are counted. */
export const MAINTENANCE_IS_ON = 'Maintenance is on';

/** To one node that nobody replaces, whatever it answers. */
export function begin(subject: MaintenanceSubject): States {
  return {
    // First: from here on deployments are refused, and whatever else fails is put right by the next hold.
    'Maintenance is on from here': call(
      'eventbridge:enableRule',
      { Name: subject.ruleName },
      { Next: '503 is healthy, too' },
    ),
    '503 is healthy, too': healthyCodes(subject, '200,503', { Next: 'As in maintenance' }),
    'As in maintenance': eachFleet(
      'Replace no node',
      {
        // Before the bounds: of two nodes the one that stays must not be replaced.
        'Replace no node': grace(2_147_483_647, {
          ResultSelector: { 'Desired.$': '$.Service.DesiredCount' },
          ResultPath: '$.now',
          Next: 'Has it no nodes?',
        }),
        // A restore may have begun since it was looked at, and bounds would raise the count from zero.
        'Has it no nodes?': either(WITHOUT_NODES, 'It is left without', 'As few nodes as that'),
        'As few nodes as that': bounds(
          { min: '$.nodesInMaintenance', max: '$.nodesInMaintenance', suspended: ALL_SUSPENDED },
          { End: true },
        ),
        'It is left without': { Type: 'Succeed' },
      },
      { Next: 'Only held?' },
    ),
    'Only held?': either([ordered('hold')], MAINTENANCE_IS_ON, 'One node is left'),
    'One node is left': until(
      [
        { startAt: 'Each fleet has its nodes', states: { 'Each fleet has its nodes': exactly() } },
        nodesAnswer(subject, 'The last node answers', ['draining', 'initial']),
      ],
      { minutes: 20, otherwise: 'Nodes are left' },
      { Next: 'The others end' },
    ),
    'The others end': { Type: 'Wait', Seconds: LAST_NODE_SECONDS, Next: 'Maintenance has begun' },
    'Maintenance has begun': { Type: 'Succeed' },
    'Nodes are left': fail(
      'NodesAreLeft',
      'Maintenance is on, but after 20 minutes there is not exactly one node that answers. Look at the events of the ECS service, then begin again, or end.',
    ),
  };
}

/** What the rule asks for. */
export function hold(): States {
  return {
    [MAINTENANCE_IS_ON]: { Type: 'Pass', Result: {}, End: true },
    'Nothing to hold': { Type: 'Succeed' },
  };
}

function exactly() {
  const { startAt, states } = check('Nodes that run', describe(), [
    { Variable: '$.now.Running', NumericEqualsPath: '$.nodesInMaintenance' },
    { Variable: '$.now.Desired', NumericEqualsPath: '$.nodesInMaintenance' },
    { Variable: '$.now.Pending', NumericEquals: 0 },
    ...THROUGH,
  ]);
  return eachFleet(startAt, states, { End: true });
}
