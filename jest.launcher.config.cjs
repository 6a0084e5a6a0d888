// Nodes that live: the launcher of the template, with a PostgreSQL and a NocoBase that does as it is told.
const base = require('./jest.config.cjs');

module.exports = {
  ...base,
  testMatch: ['<rootDir>/test/launcher/{certificates,gate,hard-upgrade,keys,node-life,pooler,upgrade}.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
};
