module.exports = {
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  transform: { '^.+\\.ts$': ['@swc/jest', { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' } }] },
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/build/', '<rootDir>/cdk.out'],
  // Template validation costs 2-3 s a process; test/strict.test.ts turns it on where it is the subject.
  setupFiles: ['<rootDir>/test/setup.cjs'],
};
