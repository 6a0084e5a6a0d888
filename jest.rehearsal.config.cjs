// Which templates pass a rehearsal, and which do not: it starts the real parts each time.
const base = require('./jest.config.cjs');

module.exports = {
  ...base,
  testMatch: ['<rootDir>/test/rehearsal/{templates,interrupted}.test.ts'],
  // Each of them needs the machine for itself.
  maxWorkers: 1,
  testPathIgnorePatterns: ['/node_modules/'],
  // The first one may install NocoBase.
  testTimeout: 900_000,
};
