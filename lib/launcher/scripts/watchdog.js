/** Polls in a row that have to report an error before it counts as one that stays. */
const ERRORS = 3;

const inSeconds = (milliseconds) => `${Math.round(milliseconds / 1000)} s`;

/**
 * When is a node to end itself? Time and health come in, a sentence comes out when it is. Counts from the moment
 * the app was started: waiting at the gate never counts.
 */
module.exports = class Watchdog {
  /** @param rules `alone` (this node begins a generation: no clock shorter than an upgrade) and the three times */
  constructor(rules, now) {
    this.rules = rules;
    this.startedAt = now;
    this.errors = 0;
    this.wasHealthy = false;
    this.unhealthySince = undefined;
  }

  /** @returns why the node must end, a `sentence`, and whether that `isFinal`: another try would take as long */
  observe(now, { state, detail }) {
    if (state === 'healthy') {
      this.wasHealthy = true;
      this.unhealthySince = undefined;
      return undefined;
    }
    return this.wasHealthy ? this.afterHealth(now, state, detail) : this.beforeHealth(now, state, detail);
  }

  beforeHealth(now, state, detail) {
    const { alone, upgradeTimeout, startTimeout } = this.rules;
    this.errors = state === 'error' ? this.errors + 1 : 0;
    if (alone && this.errors >= ERRORS) {
      return { sentence: `NocoBase reports an error from which it does not recover by itself: ${detail}` };
    }
    const limit = alone ? upgradeTimeout : startTimeout;
    if (now - this.startedAt < limit) return undefined;
    const name = alone ? 'upgradeTimeout' : 'the time for an ordinary start';
    return {
      sentence: `NocoBase did not become healthy within ${inSeconds(limit)} (${name}); last seen: ${detail || state}`,
      isFinal: alone,
    };
  }

  afterHealth(now, state, detail) {
    // A command (plug-in installation, restore) may take as long as it takes.
    if (state === 'commanding') {
      this.unhealthySince = undefined;
      return undefined;
    }
    this.unhealthySince ??= now;
    if (now - this.unhealthySince < this.rules.unhealthyTimeout) return undefined;
    return {
      sentence: `NocoBase has not been healthy for ${inSeconds(now - this.unhealthySince)}; last seen: ${detail || state}`,
    };
  }
};
