import { defineConfig } from 'vitest/config';

/** The offline page in a real Chromium, which is installed where it is missing. `npm run test:page`. */
export default defineConfig({
  test: {
    name: 'page',
    include: ['test/page/**/*.test.ts'],
    fileParallelism: false,
    globalSetup: ['test/page/global-setup.ts'],
    testTimeout: 150_000,
    hookTimeout: 150_000,
    expect: { poll: { timeout: 30_000 } },
  },
});
