module.exports = {
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  // Those are slower: npm run test:strict, test:launcher, test:combinations, test:simulation, test:emulator, test:rehearsal.
  testPathIgnorePatterns: [
    '/node_modules/',
    '/(.*-)?strict.test',
    '<rootDir>/test/launcher/(certificates|gate|hard-upgrade|keys|node-life|pooler|upgrade).test',
    '<rootDir>/test/combinations/',
    '<rootDir>/test/emulator/',
    '<rootDir>/test/simulation/',
    '<rootDir>/test/rehearsal/(templates|interrupted).test',
  ],
  transform: { '^.+\\.ts$': ['@swc/jest', { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' } }] },
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/build/', '<rootDir>/cdk.out'],
  // Template validation costs 2-3 s a process; npm run test:strict turns it on, where it is the subject.
  // jest leaves a core idle by default, and there may be two.
  maxWorkers: '100%',
  setupFiles: ['<rootDir>/test/setup.cjs'],
};
