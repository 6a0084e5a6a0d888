// The container's main process: gate, start, watch, stop.
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const App = require('./app');
const writeCertificates = require('./certificates');
const Gate = require('./gate');
const { askHealth } = require('./health');
const { licenseProblem, writeLicense } = require('./license');
const log = require('./log');
const missingPlugins = require('./plugins');
const settings = require('./settings');
const StandIn = require('./stand-in');
const Watchdog = require('./watchdog');

const now = () => performance.now();
const forever = new Promise(() => {});
const gate = new Gate();
const standIn = new StandIn(admit);

let app;
/** Process that has the port. */
let listener;
/** Was healthy: whoever ends it now has requests to think of. */
let serves = false;
/** The stop that is under way: a promise of whether the app ended by itself. */
let stopping;
let terminated = false;
let exitCode = 0;
let wake = () => {};

const pause = (time) =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, time);
    wake = () => {
      clearTimeout(timer);
      resolve();
    };
  });

/** At once, whatever the app does. */
function end(sentence) {
  log(`stops: ${sentence}`);
  app?.kill();
  process.exit(1);
}

/** The app is about to listen: its plug-ins are downloaded by now, and the database not yet touched. */
function admit(pid) {
  const missing = missingPlugins();
  if (missing.length > 0) {
    end(
      `${missing.join(', ')} is not there, and nodes without their cluster adapters damage data. Check that the ` +
        'licence covers it and that this node reaches pkg.nocobase.com (see the lines above), or put it into the image',
    );
  }
  listener = pid;
}

function stopApp(drain) {
  const deadline = now() + settings.stopTimeout - (drain ? 0 : settings.drain);
  const stop = async () => {
    if (drain && settings.drain > 0) {
      log(`goes on serving for ${settings.drain / 1000} s, in which the load balancer takes this node out`);
      await pause(settings.drain);
    }
    standIn.forgetClaim();
    const timer = setInterval(() => standIn.hold(), 250);
    const clean = await app.stop(listener, deadline);
    clearInterval(timer);
    app = undefined;
    listener = undefined;
    serves = false;
    return clean;
  };
  stopping ??= stop();
  return stopping;
}

async function terminate(signal) {
  if (terminated) return log(`${signal} again, already stopping`);
  terminated = true;
  if (app) {
    log(`${signal}: stops NocoBase`);
    const clean = await stopApp(serves);
    if (!clean) exitCode ||= 137;
    await gate.close();
  }
  log(`${signal}: ends; NocoBase does not run here`);
  process.exit(exitCode);
}

async function giveUp(sentence) {
  if (stopping) return;
  exitCode = 1;
  log(`stops: ${sentence}`);
  await stopApp(false);
  await gate.close();
  process.exit(exitCode);
}

/** The licence has arrived: a node of the cluster waits for this one, which has no adapters. */
async function stepAside() {
  if (stopping || !serves) return;
  log('steps aside: a node of the licensed cluster waits to start, and the two must not run at once');
  await stopApp(true);
  if (terminated) return;
  await standIn.hold();
  await gate.close();
  log('stands by: NocoBase is stopped here and other nodes may start; ECS ends this node when they are healthy');
}

let retaking = false;
gate.onLost = async (error) => {
  if (!app || retaking) return;
  if (stopping) {
    // An installation that is being stopped must not go on without its lock either.
    if (!serves) app.kill();
    return;
  }
  if (!serves) {
    end(
      `lost the connection to the database (${error.message}) while NocoBase started, and with it the lock that keeps ` +
        'a second installation or upgrade from starting beside it. The next start goes on from what is there',
    );
  }
  log(`lost the connection to the database (${error.message}); NocoBase goes on, taking up the connection again`);
  retaking = true;
  const retaken = await gate.retake();
  retaking = false;
  if (retaken) log('has its connection and its lock again');
  else giveUp('another kind of node has taken over this database while this node had lost its connection');
};

let beating = false;
setInterval(async () => {
  if (!app || beating || gate.database.lost) return;
  beating = true;
  try {
    if ((await gate.beat()) && settings.single) stepAside();
  } catch {
    // A lost connection is told by onLost.
  }
  beating = false;
}, settings.poll);

/** @returns when the app is to be started once more */
async function run(alone) {
  log(`starts NocoBase${alone ? '' : ' (nothing to install or upgrade)'}`);
  app = new App({ alone });
  app.ended.then((how) => {
    if (stopping) wake();
    else end(`NocoBase ${how}. The reason is in the lines above`);
  });
  const watchdog = new Watchdog({ ...settings, alone }, now());
  for (;;) {
    await pause(settings.poll);
    const health = standIn.holding ? { state: 'starting', detail: 'nobody listens' } : await askHealth();
    if (stopping) return forever;

    // It has crashed; PM2 starts it again.
    if (health.state === 'refused') {
      await standIn.hold();
      if (standIn.holding) {
        log(`nobody listens on port ${settings.port} any more; answers 503 there until NocoBase is back`);
      }
    }

    const reason = watchdog.observe(now(), health);
    if (reason) return giveUp(reason).then(() => forever);

    if (health.state === 'healthy' && !serves) {
      fs.writeFileSync(path.join(settings.home, 'healthy'), '');
      await gate.healthy(alone);
      if (alone && settings.manyProcesses) {
        log('NocoBase is healthy with one process; starts it again with all of them');
        await stopApp(false);
        if (terminated) return forever;
        stopping = undefined;
        // The image's entrypoint has started it as a daemon, and would fail at its port when it runs again.
        if (process.env.NOCOBASE_RUNNING_IN_DOCKER === 'true') spawnSync('nginx', ['-s', 'stop']);
        await standIn.hold();
        return undefined;
      }
      serves = true;
      log('NocoBase is healthy');
    }
  }
}

async function main() {
  writeCertificates();
  const problem = licenseProblem();
  if (problem) end(problem);
  await standIn.hold();
  for (;;) {
    const { alone } = await gate.enter();
    writeLicense();
    if (gate.database.lost) continue;
    await run(alone);
  }
}

for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, terminate);
for (const failure of ['uncaughtException', 'unhandledRejection']) {
  process.on(failure, (error) => end(`${error?.message || error}`));
}
main();
