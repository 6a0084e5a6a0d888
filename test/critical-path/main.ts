import { RECKONED, templatesOf } from './deployments';
import { graphOf } from './graph';
import { report } from './report';

/** `npm run critical-path [name ...]`: what first deployments wait on. */
const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(RECKONED);
const unknown = names.filter((name) => !(name in RECKONED));
if (unknown.length > 0) {
  console.error(`There is no ${unknown.join(', ')} to deploy; there are ${Object.keys(RECKONED).join(', ')}.`);
  process.exitCode = 1;
} else {
  console.log(names.map((name) => report(name, graphOf(templatesOf(RECKONED[name])))).join('\n'));
}
