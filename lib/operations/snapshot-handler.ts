/**
 * The function that takes a snapshot, for Lambda's Node.js 24, with the SDK that it brings; 4,096 characters at most.
 *
 * Whatever ends it otherwise than by its answer ends a deployment in an hour of silence, so everything is caught. A
 * snapshot that is not done in time goes on by itself: what it holds was fixed when it began.
 */
export const SNAPSHOT_HANDLER = `const http = require('node:http');
const https = require('node:https');
const { setTimeout: sleep } = require('node:timers/promises');
const { CloudFormationClient, DescribeStackResourceCommand } = require('@aws-sdk/client-cloudformation');
const { CreateDBSnapshotCommand, DescribeDBSnapshotsCommand, RDSClient } = require('@aws-sdk/client-rds');

const rds = new RDSClient({});

exports.handler = async (event, context) => {
  try {
    // CloudFormation never updates it: another version is another resource.
    const said = event.RequestType === 'Create' ? await snapshot(event, context) : 'nothing to do';
    console.log(said);
    await answer(event, 'SUCCESS', said);
  } catch (error) {
    console.log(error);
    await answer(event, 'FAILED', 'No snapshot could be taken before the upgrade (' + error.name + ': ' + error.message +
      '). No node of the new version was started. Deploy again, or without snapshotBeforeUpgrade.');
  }
};

async function snapshot({ StackId, RequestId, ResourceProperties: { Instance, Names, Service, Generation } }, context) {
  if (!(await exists(StackId, Service))) return 'these are the first nodes: no snapshot';
  // The same when Lambda calls again, another one for every deployment.
  const id = Names + '-' + RequestId.slice(0, 8);
  const inTime = () => context.getRemainingTimeInMillis() > 60000;
  for (;;) {
    try {
      await rds.send(new CreateDBSnapshotCommand({
        DBInstanceIdentifier: Instance,
        DBSnapshotIdentifier: id,
        Tags: [{ Key: 'cdk-nocobase:before-upgrade', Value: Generation.replace(/[^\\w .:/=+@-]/g, '_').slice(0, 256) }],
      }));
      break;
    } catch (error) {
      if (/AlreadyExists/.test(error.name)) break;
      // It may be in the middle of its daily backup.
      if (!/InvalidDBInstanceState/.test(error.name) || !inTime()) throw error;
    }
    await sleep(10000);
  }
  for (;;) {
    const { DBSnapshots: [made] } = await rds.send(new DescribeDBSnapshotsCommand({ DBInstanceIdentifier: Instance, DBSnapshotIdentifier: id }));
    if (made.Status === 'available') return 'took the snapshot ' + id;
    if (made.Status === 'failed') throw new Error('the snapshot ' + id + ' has failed');
    if (!inTime()) return 'the snapshot ' + id + ' is being made, ' + made.PercentProgress + '% are done';
    await sleep(5000);
  }
}

/** Whether there are nodes already. */
async function exists(StackName, LogicalResourceId) {
  try {
    const command = new DescribeStackResourceCommand({ StackName, LogicalResourceId });
    const { StackResourceDetail } = await new CloudFormationClient({}).send(command);
    return StackResourceDetail.PhysicalResourceId !== undefined;
  } catch (error) {
    if (error.name === 'ValidationError') return false;
    throw error;
  }
}

async function answer({ ResponseURL, PhysicalResourceId, RequestId, StackId, LogicalResourceId }, Status, Reason) {
  const body = JSON.stringify({
    Status, Reason, StackId, RequestId, LogicalResourceId, PhysicalResourceId: PhysicalResourceId || RequestId,
  });
  for (const pause of [200, 2000, 5000, undefined]) {
    const status = await put(ResponseURL, body).catch(({ code }) => code);
    if (status === 200) return;
    // Not the URL: whoever has it can answer in our name.
    if (pause === undefined) throw new Error('CloudFormation did not take the answer: ' + status);
    await sleep(pause);
  }
}

function put(url, body) {
  return new Promise((resolve, reject) => {
    const { request } = url.startsWith('http:') ? http : https;
    // The signature of the URL covers an empty content type.
    const headers = { 'content-type': '', 'content-length': Buffer.byteLength(body) };
    request(url, { method: 'PUT', headers, timeout: 5000 }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).on('error', reject).end(body);
  });
}
`;
