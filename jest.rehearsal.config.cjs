// Which templates pass a rehearsal, and which do not: it starts the real parts each time.
const base = require('./jest.config.cjs');

module.exports = {
  ...base,
  testMatch: ['<rootDir>/test/rehearsal/templates.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  // The first one may install NocoBase.
  testTimeout: 900_000,
};
