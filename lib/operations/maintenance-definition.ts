import { begin, hold } from './maintenance-begin';
import { end } from './maintenance-end';
import { restart } from './maintenance-restart';
import { describe, FORCED, IS_ON, type MaintenanceSubject, ordered, THROUGH, WITHOUT_NODES } from './maintenance-steps';
import { call, eachFleet, either, fail, type States } from './states';

/** The longest execution: a restart of many nodes, one after the other. */
const LONGEST_SECONDS = 2 * 3600;

const ORDERS = ['begin', 'end', 'restart', 'hold'];
const MAY_BE_FORCED = { And: [ordered('end'), { Variable: '$.force', IsBoolean: true }] };
const DEPLOYING = 'Not during a deployment';
const NO_NODES = 'Not without nodes';

/**
 * The state machine, in the Amazon States Language. What is done can be done
 * again: a step sets what it wants, whatever was there before.
 */
export function maintenanceDefinition(subject: MaintenanceSubject): object {
  return {
    Comment: 'Maintenance of a NocoBase cluster on one node, and restarts',
    StartAt: 'Is there an order?',
    TimeoutSeconds: LONGEST_SECONDS,
    States: {
      ...orders(subject),
      ...nodesBefore(),
      ...checksBefore(subject),
      ...begin(subject),
      ...hold(),
      ...end(subject),
      ...restart(),
    },
  };
}

/** Which order it is. */
function orders({ fleets, ruleName }: MaintenanceSubject): States {
  return {
    'Is there an order?': {
      Type: 'Choice',
      Choices: [
        { Variable: '$.do', IsPresent: false, Next: 'No such order' },
        { And: [{ Variable: '$.force', IsPresent: true }, { Not: MAY_BE_FORCED }], Next: 'No such order' },
        { Or: ORDERS.map(ordered), Next: 'The fleets of the template' },
      ],
      Default: 'No such order',
    },
    'No such order': fail(
      'NoSuchOrder',
      'The input has to be {"do": "begin"}, {"do": "end"}, {"do": "end", "force": true} or {"do": "restart"}. Nothing was changed.',
    ),
    'The fleets of the template': {
      Type: 'Pass',
      Result: fleets,
      ResultPath: '$.fleets',
      Next: 'Is maintenance on?',
    },
    'Is maintenance on?': call(
      'eventbridge:describeRule',
      { Name: ruleName },
      { ResultSelector: { 'State.$': '$.State' }, ResultPath: '$.rule', Next: 'Which order?' },
    ),
    'Which order?': {
      Type: 'Choice',
      Choices: [
        { And: [ordered('hold'), IS_ON], Next: '503 is healthy, too' },
        { ...ordered('hold'), Next: 'Nothing to hold' },
        { And: [ordered('restart'), IS_ON], Next: 'Not in maintenance' },
      ],
      Default: 'Every fleet has nodes',
    },
  };
}

/** Whatever a person orders, no node is started on a database that is being restored. */
function nodesBefore(): States {
  return {
    'Every fleet has nodes': eachFleet(
      'Nodes that are wanted',
      {
        'Nodes that are wanted': { ...describe(), Next: 'Are there none?' },
        'Are there none?': either(WITHOUT_NODES, 'There are none', 'There are some'),
        'There are some': { Type: 'Succeed' },
        'There are none': fail('NoNodes', 'No node is wanted.'),
      },
      { Catch: [{ ErrorEquals: ['NoNodes'], ResultPath: null, Next: NO_NODES }], Next: 'An end?' },
    ),
    'An end?': {
      Type: 'Choice',
      Choices: [
        { And: [ordered('end'), ...FORCED], Next: 'Maintenance is off from here' },
        { ...ordered('end'), Next: 'Only 200 is healthy' },
      ],
      Default: 'The state of the stack',
    },
    [NO_NODES]: fail(
      'NoNodes',
      'The service is at zero nodes: a restore is under way, or was interrupted. Nothing was changed. Run the restore again until it says that it is done, then try again. If nobody restores, somebody has stopped the nodes: set the desired count of the ECS service to 1, then try again.',
    ),
  };
}

/** Whoever begins or restarts must not get into the way of a deployment, which may be an upgrade. */
function checksBefore({ stackId }: MaintenanceSubject): States {
  return {
    'The state of the stack': call(
      'cloudformation:describeStacks',
      { StackName: stackId },
      {
        ResultSelector: { 'Status.$': '$.Stacks[0].StackStatus' },
        ResultPath: '$.stack',
        Next: 'Is the stack changing?',
      },
    ),
    'Is the stack changing?': either(
      [{ Variable: '$.stack.Status', StringMatches: '*_IN_PROGRESS' }],
      DEPLOYING,
      'No fleet is being deployed',
    ),
    'No fleet is being deployed': eachFleet(
      'Deployments of a fleet',
      {
        'Deployments of a fleet': { ...describe(), Next: 'Is it done?' },
        'Is it done?': either(THROUGH, 'It is done', 'It is under way'),
        'It is done': { Type: 'Succeed' },
        'It is under way': fail('DeploymentUnderWay', 'Nodes are being replaced.'),
      },
      {
        Catch: [{ ErrorEquals: ['DeploymentUnderWay'], ResultPath: null, Next: DEPLOYING }],
        Next: 'Begin or restart?',
      },
    ),
    'Begin or restart?': either([ordered('begin')], 'Maintenance is on from here', 'Roll all nodes'),
    [DEPLOYING]: fail(
      'DeploymentUnderWay',
      'A deployment of the stack or of its nodes is under way, and this would get into its way. Nothing was changed. Wait until it has ended, then try again.',
    ),
  };
}
