import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: [
      'src/**/*.test.ts',
      'studio/**/*.test.ts',
      'tools/**/*.test.ts',
      'examples/**/*.test.ts',
    ],
    // Sessions use both cores of a small machine; more workers than two only make them wait for each other.
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Converted weights of the fixtures stay out of the user's own cache.
    env: { SUTURE_CACHE: join(tmpdir(), 'suture-test-cache') },
  },
});
