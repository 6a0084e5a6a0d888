import { TIMING } from '../../lib/node/timing';

const seconds = (
  name: 'idleTimeout' | 'keepAlive' | 'drain' | 'stop' | 'unhealthy' | 'healthInterval' | 'healthTimeout',
) => TIMING[name].toSeconds();

test('the load balancer outlasts the 300 s ping of a WebSocket, and a node outlasts the load balancer', () => {
  expect(seconds('idleTimeout')).toBeGreaterThan(300);
  expect(seconds('keepAlive')).toBeGreaterThan(seconds('idleTimeout'));
});

test('draining and the 14 s of a graceful stop fit into the time before KILL, and that into what Fargate allows', () => {
  expect(seconds('drain') + 14).toBeLessThan(seconds('stop') - 5);
  expect(seconds('stop')).toBeLessThanOrEqual(120);
});

test('an ordinary plug-in activation of 14 s does not take a node out', () => {
  expect(seconds('healthInterval') * TIMING.unhealthyThreshold).toBeGreaterThanOrEqual(2 * 14);
});

test('the load balancer has seen a node fail before it ends itself', () => {
  expect(seconds('unhealthy')).toBeGreaterThan(
    (seconds('healthInterval') + seconds('healthTimeout')) * TIMING.unhealthyThreshold,
  );
});
