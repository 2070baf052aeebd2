import { defineConfig } from 'vitest/config';

/** The stores against a real S3 server: Debian's Swift, or the one that S3_TEST_* names. `npm run test:s3`. */
export default defineConfig({
  test: {
    name: 's3-real',
    include: ['test/s3-real/**/*.test.ts'],
    fileParallelism: false,
    globalSetup: ['test/s3-real/global-setup.ts'],
    testTimeout: 120_000,
    hookTimeout: 300_000,
  },
});
