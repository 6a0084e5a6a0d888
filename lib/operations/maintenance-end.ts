import { TIMING } from '../node/timing';
import {
  bounds,
  describe,
  FORCED,
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
 *
 * A forced end asks no node, neither before nor after: NocoBase may be broken for
 * good, and deployments and restores wait for the end of the maintenance.
 */
export function end(subject: MaintenanceSubject): States {
  return {
    'Only 200 is healthy': healthyCodes(subject, subject.healthyCodes, { Next: 'The load balancer looks' }),
    'The load balancer looks': { Type: 'Wait', Seconds: JUDGED_SECONDS, Next: 'Judged at all?' },
    'Judged at all?': either(FORCED, 'Health check of the template', 'NocoBase answers'),
    'NocoBase answers': until(
      [nodesAnswer(subject, 'The node answers 200', ['unhealthy'])],
      { minutes: 10, otherwise: 'Was maintenance on?' },
      { Next: 'Judged for good?' },
    ),
    'Judged for good?': either(
      [IS_ON, { Variable: '$.off', IsPresent: false }],
      'Maintenance is off from here',
      'Health check of the template',
    ),
    'Maintenance is off from here': call(
      'eventbridge:disableRule',
      { Name: subject.ruleName },
      { ResultSelector: { Done: true }, ResultPath: '$.off', Next: 'Only 200 is healthy' },
    ),
    // Such a hold may have set this, too.
    'Health check of the template': healthyCodes(subject, subject.healthyCodes, { Next: 'As in the template' }),
    'As in the template': eachFleet(
      'As many nodes as that',
      { 'As many nodes as that': bounds({ min: '$.minNodes', max: '$.maxNodes' }, { End: true }) },
      { Next: 'Waited for?' },
    ),
    'Waited for?': either(FORCED, 'Nodes are replaced again', 'All nodes are there'),
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
      'NocoBase does not answer its health check with 200: a command still runs, or it did not come back. No node was started or stopped, and maintenance is as it was. Look at the logs of the node. When it answers 200, end again. If it hangs, stop its task in ECS, which starts another, and end again. If NocoBase does not come back at all: {"do": "end", "force": true}, then deploy or restore.',
    ),
    'Nodes are missing': fail(
      'NodesAreMissing',
      'Maintenance is off and the bounds are those of the template, but after 30 minutes nodes are missing or do not answer 200. Nodes are not replaced for their health until an end succeeds. Look at the events of the ECS service and the logs of the nodes, then end again, or by {"do": "end", "force": true} if NocoBase is broken.',
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
