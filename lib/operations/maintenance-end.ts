import { TIMING } from '../node/timing';
import {
  bounds,
  describe,
  grace,
  healthyCodes,
  IS_ON,
  type MaintenanceSubject,
  nodesAnswer,
} from './maintenance-steps';
import { call, check, eachFleet, either, fail, type States, until } from './states';

/** Until the load balancer has judged by other codes: as many checks as make a target unhealthy, and two in reserve. */
const JUDGED_SECONDS = TIMING.healthInterval.toSeconds() * (TIMING.unhealthyThreshold + 2) + 5;

/**
 * Back to what the template says. Nothing is put back before the one node
 * answers 200: a second node beside a command, or a node that is replaced in the
 * middle of one, is what maintenance is there against.
 *
 * A hold that was started before the rule was disabled may still set what it
 * sets. So the node is judged once more after that, in more time than a hold
 * takes, and what is put back is put back only then.
 */
export function end(subject: MaintenanceSubject): States {
  return {
    'Only 200 is healthy': healthyCodes(subject, subject.healthyCodes, { Next: 'The load balancer looks' }),
    'The load balancer looks': { Type: 'Wait', Seconds: JUDGED_SECONDS, Next: 'NocoBase answers' },
    'NocoBase answers': until(
      [nodesAnswer(subject, 'The node answers 200', ['unhealthy'])],
      { minutes: 10, otherwise: 'Was maintenance on?' },
      { Next: 'Judged for good?' },
    ),
    'Judged for good?': either(
      [IS_ON, { Variable: '$.off', IsPresent: false }],
      'Maintenance is off from here',
      'As in the template',
    ),
    'Maintenance is off from here': call(
      'eventbridge:disableRule',
      { Name: subject.ruleName },
      { ResultSelector: { Done: true }, ResultPath: '$.off', Next: 'Only 200 is healthy' },
    ),
    'As in the template': eachFleet(
      'As many nodes as that',
      { 'As many nodes as that': bounds('$.minNodes', '$.maxNodes', { End: true }) },
      { Next: 'All nodes are there' },
    ),
    'All nodes are there': until(
      [
        { startAt: 'Each fleet is complete', states: { 'Each fleet is complete': complete() } },
        nodesAnswer(subject, 'All nodes answer', ['initial', 'unhealthy']),
      ],
      { minutes: 30, otherwise: 'Nodes are missing' },
      { Next: 'Nodes are replaced again' },
    ),
    'Nodes are replaced again': eachFleet(
      'Grace of the template',
      { 'Grace of the template': grace('$.graceSeconds', { End: true }) },
      { Next: 'Maintenance has ended' },
    ),
    'Maintenance has ended': { Type: 'Succeed' },

    'Was maintenance on?': either([IS_ON], 'Maintenance stays on', 'Still busy'),
    'Maintenance stays on': call('eventbridge:enableRule', { Name: subject.ruleName }, { Next: 'Still busy' }),
    'Still busy': fail(
      'StillBusy',
      'NocoBase does not answer its health check with 200: a command still runs, or it did not come back. No node was started or stopped, and maintenance is as it was. Look at the logs of the node. When it answers 200, end again. If it never will, stop its task in ECS, which starts another, and end again.',
    ),
    'Nodes are missing': fail(
      'NodesAreMissing',
      'Maintenance is off and the bounds are those of the template, but after 30 minutes nodes are missing or do not answer 200. Nodes are not replaced for their health until an end succeeds. Look at the events of the ECS service and the logs of the nodes, then end again.',
    ),
  };
}

function complete() {
  const { startAt, states } = check('Nodes that are back', describe(), [
    { Variable: '$.now.Running', NumericGreaterThanEqualsPath: '$.minNodes' },
    { Variable: '$.now.Pending', NumericEquals: 0 },
  ]);
  return eachFleet(startAt, states, { End: true });
}
