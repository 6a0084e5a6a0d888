const { spawn } = require('node:child_process');
const path = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');
const { appDir, drain, entrypoint, healthPath, home, stopTimeout } = require('./settings');
const { findPm2, groupLives } = require('./processes');
const log = require('./log');

function environment(alone) {
  const env = {
    ...process.env,
    NODE_OPTIONS: `${process.env.NODE_OPTIONS || ''} --require=${path.join(home, 'preload.js')}`.trim(),
    LAUNCHER_HOME: home,
    LAUNCHER_HEALTH_PATH: healthPath,
    // PM2 kills after 1.6 s otherwise. A little before we would.
    PM2_KILL_TIMEOUT: String(Math.max(stopTimeout - drain - 2000, 1600)),
  };
  // Of several processes each would install or upgrade.
  if (alone) delete env.CLUSTER_MODE;
  else env.SKIP_SAME_VERSION_UPGRADE = 'true';
  return env;
}

/** The image's entrypoint and all that it starts, in a process group of its own. */
module.exports = class App {
  constructor({ alone }) {
    this.child = spawn('sh', [entrypoint], {
      cwd: appDir,
      env: environment(alone),
      // The entrypoint's last command reads its input when it is given no arguments.
      stdio: ['ignore', 'inherit', 'inherit'],
      detached: true,
    });
    /** How it ended, once nothing of it is left. */
    this.ended = new Promise((resolve) => {
      this.child.once('error', (error) => resolve(`could not be started: ${error.message}`));
      this.child.once('exit', async (code, signal) => {
        // Without its entrypoint nothing of it is of use, unless it is just stopping.
        while (this.stopping && groupLives(this.child.pid)) await sleep(100);
        this.kill();
        resolve(signal ? `was ended by ${signal}` : `ended with code ${code}`);
      });
    });
  }

  kill() {
    this.signal(-this.child.pid, 'SIGKILL');
  }

  signal(pid, signal) {
    try {
      process.kill(pid, signal);
    } catch {
      // It is gone already.
    }
  }

  /** @param listener the process that has the node's port @returns whether it ended by itself before the deadline */
  async stop(listener, deadline) {
    this.stopping = true;
    // To PM2 alone: it passes TERM on and waits. To all at once, requests in flight get a 500: the database closes before HTTP does.
    const pm2 = findPm2(this.child.pid);
    const pid = pm2 || listener || -this.child.pid;
    log(`sends TERM to ${pm2 ? 'pm2-runtime' : listener ? 'the process that listens' : 'all processes of the app'}`);
    this.signal(pid, 'SIGTERM');
    let killed = false;
    const timer = setTimeout(
      () => {
        killed = true;
        log('NocoBase did not stop in time; sends KILL');
        this.kill();
      },
      Math.max(deadline - performance.now(), 0),
    );
    await this.ended;
    clearTimeout(timer);
    return !killed;
  }
};
