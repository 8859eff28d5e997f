import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'tools/**/*.test.ts'],
    // Sessions use both cores of a small machine; more workers than two only make them wait for each other.
    maxWorkers: 2,
    testTimeout: 60_000,
  },
});
