// Deployments to a local AWS: slower than the tests of the library, and in need of Python.
const base = require('./jest.config.cjs');

module.exports = {
  ...base,
  testMatch: ['<rootDir>/test/emulator/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  // A hung deployment fails here; none is measured by it.
  testTimeout: 300_000,
};
