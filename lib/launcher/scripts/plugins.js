const fs = require('node:fs');
const path = require('node:path');
const { appDir, plugins, requiredPlugins } = require('./settings');

/**
 * The plug-ins that must be there and are not, looked for where NocoBase resolves them. The adapters' variables are
 * set: without its plug-in such a node looks healthy and fails at the first write (`Lock adapter "redis" not registered`).
 */
module.exports = function missingPlugins() {
  const folders = [path.join(appDir, 'node_modules'), plugins];
  return requiredPlugins.filter((name) => !folders.some((dir) => fs.existsSync(path.join(dir, name, 'package.json'))));
};
