/** One configuration for every package. Tests run from sources: the "source" export condition makes a build unnecessary. */
export default {
  maxWorkers: 2,
  globalSetup: '<rootDir>/scripts/jest-setup.mjs',
  globalTeardown: '<rootDir>/scripts/jest-teardown.mjs',
  testMatch: [
    '<rootDir>/packages/*/test/**/*.test.ts',
    '<rootDir>/docs/**/*.test.ts',
    '<rootDir>/benchmarks/**/*.test.ts',
  ],
  modulePathIgnorePatterns: ['<rootDir>/(packages/[^/]+|docs/examples|benchmarks)/dist/'],
  transform: {
    '\\.ts$': [
      '@swc/jest',
      {
        swcrc: false,
        jsc: {
          parser: { syntax: 'typescript' },
          target: 'es2022',
          transform: { useDefineForClassFields: false }, // as in tsconfig.base.json
        },
        module: { type: 'commonjs' },
        sourceMaps: 'inline',
      },
    ],
    // Only there as an ES module, which Jest cannot require.
    '/h5wasm/.*\\.js$': [
      '@swc/jest',
      { swcrc: false, jsc: { target: 'es2022' }, module: { type: 'commonjs' }, sourceMaps: false },
    ],
  },
  transformIgnorePatterns: ['/node_modules/(?!(.*/)?h5wasm/)'],
  // Sources say './x.js', as the compiled modules must; here that means './x.ts'.
  moduleNameMapper: {
    '^(\\.{1,2}/.*)\\.js$': '$1',
    '^h5wasm$': '<rootDir>/packages/nn/node_modules/h5wasm/dist/esm/hdf5_hl.js',
  },
  testEnvironment: 'node',
  // Not "import": Jest's own dependencies would then resolve to ES modules, which it cannot require.
  testEnvironmentOptions: { customExportConditions: ['source', 'node', 'node-addons'] },
}
