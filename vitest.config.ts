import { fileURLToPath } from 'node:url';
import { cloudflareTest } from '@cloudflare/vitest-plugin';
import { defineConfig } from 'vitest/config';
import { SLOW } from './vitest.slow.config.ts';

const xmlBuilder = fileURLToPath(
  new URL('./node_modules/@aws-sdk/xml-builder/dist-cjs/index.js', import.meta.url),
);

/** Two projects: plain Node, and the real Workers runtime (workerd). */
export default defineConfig({
  test: {
    // Many tests wait for processes of their own: with one worker a machine of two cores idles half the time.
    maxWorkers: '100%',
    projects: [
      {
        test: {
          name: 'node',
          include: ['test/**/*.test.ts'],
          exclude: ['test/workerd/**', 'test/s3-real/**', 'test/page/**', ...SLOW],
          globalSetup: ['test/support/scratch.ts'],
          setupFiles: ['test/support/property-seed.ts'],
          // A busy machine of two cores is slow, not broken: none of these says how fast a test is.
          testTimeout: 150_000,
          hookTimeout: 150_000,
          expect: { poll: { timeout: 60_000 } },
        },
      },
      {
        // The same as [alias] in wrangler.toml, which vitest does not read: the SDK's browser XML parser needs DOMParser.
        resolve: { alias: { '@aws-sdk/xml-builder': xmlBuilder } },
        plugins: [
          cloudflareTest(({ inject }) => ({
            wrangler: { configPath: './wrangler.toml' },
            miniflare: { bindings: { STAND_INS: inject<string>('standIns') } },
          })),
        ],
        test: {
          name: 'workerd',
          include: ['test/workerd/**/*.test.ts'],
          globalSetup: ['test/workerd/global-setup.ts'],
          testTimeout: 150_000,
          hookTimeout: 150_000,
        },
      },
    ],
  },
});
