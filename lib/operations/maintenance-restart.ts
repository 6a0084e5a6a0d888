import { describe, THROUGH } from './maintenance-steps';
import { call, check, eachFleet, fail, type States, until } from './states';

/** New nodes for all, as a deployment without a change would make them: the step after plug-ins have changed. */
export function restart(): States {
  return {
    'Roll all nodes': eachFleet(
      'Start new nodes',
      {
        'Start new nodes': call(
          'ecs:updateService',
          { 'Cluster.$': '$.cluster', 'Service.$': '$.service', ForceNewDeployment: true },
          {
            ResultSelector: { 'Id.$': '$.Service.Deployments[0].Id' },
            ResultPath: '$.roll',
            Next: 'The fleet is through',
          },
        ),
        'The fleet is through': until(
          [check('Deployments that are left', describe(), THROUGH)],
          { minutes: 60, otherwise: 'The fleet is still rolling' },
          { Next: 'What came of it' },
        ),
        'The fleet is still rolling': fail('StillRolling', 'Nodes are still being replaced.'),
        'What came of it': { ...describe(), Next: 'Are the nodes new?' },
        'Are the nodes new?': {
          Type: 'Choice',
          Choices: [{ Variable: '$.now.Deployment', StringEqualsPath: '$.roll.Id', Next: 'The nodes are new' }],
          Default: 'The nodes are old',
        },
        'The nodes are new': { Type: 'Succeed' },
        'The nodes are old': fail('RolledBack', 'ECS has given the deployment up.'),
      },
      {
        Catch: [
          { ErrorEquals: ['StillRolling'], ResultPath: null, Next: 'The restart takes long' },
          { ErrorEquals: ['RolledBack'], ResultPath: null, Next: 'The restart was given up' },
        ],
        Next: 'All nodes are new',
      },
    ),
    'All nodes are new': { Type: 'Succeed' },
    'Not in maintenance': fail(
      'MaintenanceIsOn',
      'Maintenance is on, and a restart runs two nodes at times. Nothing was changed. End it first: {"do": "end"}.',
    ),
    'The restart takes long': fail(
      'RestartTakesLong',
      'After an hour not all nodes are new. ECS goes on by itself: look at the events of the service.',
    ),
    'The restart was given up': fail(
      'RestartGivenUp',
      'New nodes did not get healthy, and ECS has gone back to the old ones or given up. Look at the events of the service and the logs of the nodes, then restart again.',
    ),
  };
}
