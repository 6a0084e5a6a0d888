// The container's main process: gate, start, watch, stop.
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');
const App = require('./app');
const writeCertificates = require('./certificates');
const Gate = require('./gate');
const { askHealth } = require('./health');
const identity = require('./identity');
const Ledger = require('./ledger');
const { changedKeys } = require('./keys');
const { licenseProblem, writeLicense } = require('./license');
const log = require('./log');
const missingPlugins = require('./plugins');
const settings = require('./settings');
const StandIn = require('./stand-in');
const timesOf = require('./times');
const Watchdog = require('./watchdog');

const now = () => performance.now();
const forever = new Promise(() => {});
/** NocoBase was healthy here: what PM2 starts again upgrades nothing (see preload.js). */
const HEALTHY = path.join(settings.home, 'healthy');
/** NocoBase serves on, and the health path answers 503 (see preload.js). */
const LEAVING = path.join(settings.home, 'leaving');

let gate;
const standIn = new StandIn(admit, () => gate?.superseded);

let app;
/** Process that has the port. */
let listener;
/** Whether this start installs or upgrades. */
let isAlone = false;
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

/** The same, for a reason that lies in what was started: it counts as a try. */
async function fail(sentence, how = 'failed') {
  if (exitCode) return;
  exitCode = 1;
  log(`stops: ${sentence}`);
  app?.kill();
  await Promise.race([leaveGate(how), sleep(5000)]);
  process.exit(1);
}

/** @param how a start that was not healthy has ended */
async function leaveGate(how) {
  try {
    await gate.left(isAlone && !serves ? how : undefined);
  } catch (error) {
    log(`could not tell the database so (${error.message})`);
  }
}

/** The app is about to listen: its plug-ins are downloaded by now, and the database not yet touched. */
function admit(pid) {
  const missing = missingPlugins();
  if (missing.length > 0) {
    fail(
      `${missing.join(', ')} is not there, and nodes without their cluster adapters damage data. Check that the ` +
        'licence covers it and that this node reaches pkg.nocobase.com (see the lines above), or put it into the image',
      'untouched',
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
    return clean;
  };
  stopping ??= stop();
  return stopping;
}

/** Nothing of NocoBase runs here any more, and something else may follow. */
async function stopped(how) {
  await leaveGate(how);
  app = undefined;
  listener = undefined;
  serves = false;
}

/** The node goes on without NocoBase, which may start again here. */
async function goOn() {
  standIn.forgetClaim();
  stopping = undefined;
  // The image's entrypoint has started it as a daemon, and would fail at its port when it runs again.
  if (process.env.NOCOBASE_RUNNING_IN_DOCKER === 'true') spawnSync('nginx', ['-s', 'stop']);
  await standIn.hold();
  // What has been killed lets go of the port a moment later.
  for (let attempt = 1; attempt < 50 && !standIn.holding; attempt++) {
    await sleep(20);
    await standIn.hold();
  }
  await stopped();
}

async function terminate(signal) {
  if (terminated) return log(`${signal} again, already stopping`);
  terminated = true;
  if (app) {
    log(`${signal}: stops NocoBase`);
    const clean = await stopApp(serves);
    if (!clean) exitCode ||= 137;
    await stopped('stopped');
    // Who asks sees that this node has stopped before it is gone, and need not take it for one that has vanished.
    if (gate.known) await sleep(2 * settings.poll);
  }
  await gate?.close();
  log(`${signal}: ends; NocoBase does not run here`);
  process.exit(exitCode);
}

async function giveUp({ sentence, isFinal }) {
  if (stopping) return;
  exitCode = 1;
  log(`stops: ${sentence}`);
  await stopApp(false);
  await stopped(isFinal ? 'final' : 'failed');
  await gate.close();
  process.exit(exitCode);
}

/** Whoever waits for this node to stop waits only as long as it has its session. */
async function stopInTime(state) {
  if ((await gate.watchStop(state)) !== 'lost' || !app) return;
  log(
    'kills NocoBase: it has lost its lock while it was stopping, and another version may run on this database by now',
  );
  stopping ??= app.ended;
  app.kill();
}

/** Another generation is to run on this database. */
async function leave(state) {
  stopInTime(state);
  if (stopping) return forever;
  log('leaves: another version or other plug-ins are to run on this database; the load balancer takes this node out');
  fs.writeFileSync(LEAVING, '');
  await pause(settings.leave);
  if (!terminated) await stopApp(true);
  if (terminated) return forever;
  await goOn();
  log('stands by: NocoBase is stopped here, and ECS ends this node when the others are healthy');
  return undefined;
}

/** Another generation may run on this database already. */
async function leaveAtOnce(error) {
  if (stopping) {
    app?.kill();
    return forever;
  }
  if (!serves) {
    end(
      `lost the connection to the database (${error?.message || 'for too long'}) while NocoBase started, and with it ` +
        'the lock that keeps a second installation or upgrade from starting beside it. The next start goes on from what is there',
    );
  }
  log('stops NocoBase at once: it has lost its lock, and another version may run on this database by now');
  stopping = app.ended;
  app.kill();
  await app.ended;
  if (terminated) return forever;
  await goOn();
  return undefined;
}

/** @returns when NocoBase has stopped here and the node goes on without it */
async function run(alone) {
  log(`starts NocoBase${alone ? '' : ' (nothing to install or upgrade)'}`);
  for (const file of [HEALTHY, LEAVING]) fs.rmSync(file, { force: true });
  isAlone = alone;
  app = new App({ alone });
  app.ended.then((how) => {
    if (stopping) wake();
    else if (alone && !serves) fail(`NocoBase ${how}. The reason is in the lines above`);
    else end(`NocoBase ${how}. The reason is in the lines above`);
  });
  const state = { healthy: false, over: false };
  const left = gate
    .watch(state)
    .then((why) => (why === 'lost' ? leaveAtOnce() : why === 'asked' ? leave(state) : forever));
  const again = watchHealth(alone, state);
  await Promise.race([left, again]);
  state.over = true;
}

/** @returns when the app is to be started once more */
async function watchHealth(alone, state) {
  const watchdog = new Watchdog({ ...settings, alone }, now());
  for (;;) {
    await pause(settings.poll);
    const health = standIn.holding ? { state: 'starting', detail: 'nobody listens' } : await askHealth();
    if (stopping || state.over || fs.existsSync(LEAVING)) return forever;

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
      fs.writeFileSync(HEALTHY, '');
      await gate.healthy(alone);
      if (alone && settings.manyProcesses) {
        log('NocoBase is healthy with one process; starts it again with all of them');
        serves = true;
        await stopApp(false);
        if (terminated) return forever;
        await goOn();
        return undefined;
      }
      serves = true;
      state.healthy = true;
      log('NocoBase is healthy');
    }
  }
}

async function main() {
  writeCertificates();
  const problem = licenseProblem();
  if (problem) end(problem);
  await standIn.hold();
  const who = await identity();
  const { allowChangedKeys, allowed, begins, generation, image, single, startTimeout, tries } = settings;
  gate = new Gate({
    me: { ...who, generation, image, begins, single, tries, allowed, allowChangedKeys, changedKeys },
    times: timesOf(settings),
    clock: { now, sleep },
    open: () => Ledger.open(who),
    say: log,
    connectFor: startTimeout,
  });
  // An installation or upgrade must not go on without its lock, not even while it is being stopped.
  gate.onLost = (error) => {
    if (app && isAlone && !serves) leaveAtOnce(error);
  };
  for (;;) {
    const { alone } = await gate.enter();
    writeLicense();
    await run(alone);
  }
}

for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, terminate);
for (const failure of ['uncaughtException', 'unhandledRejection']) {
  process.on(failure, (error) => end(`${error?.message || error}`));
}
main();
