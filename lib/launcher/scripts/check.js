// The container's health check. A node that runs a command (plug-in installation, restore) must not be replaced.
const { askHealth } = require('./health');

askHealth().then(({ state }) => process.exit(state === 'healthy' || state === 'commanding' ? 0 : 1));
