import { defineConfig } from 'vitest/config';

/**
 * Tests of whole processes by the dozen, some twelve minutes on two cores: with them `.ci/run` would
 * take longer than its 20 minutes. `npm run test:slow`; the workflow runs them beside the others.
 */
export const SLOW = [
  'test/admin/moment.test.ts',
  'test/backup/restore/prove-changes.test.ts',
  'test/cli/any-moment.test.ts',
  'test/cli/at-a-glance.test.ts',
  'test/cli/best-way.test.ts',
  'test/cli/branches.test.ts',
  'test/cli/broken-database.test.ts',
  'test/cli/broken-everything.test.ts',
  'test/cli/closed.test.ts',
  'test/cli/cut-short.test.ts',
  'test/cli/damaged-change.test.ts',
  'test/cli/database-gone.test.ts',
  'test/cli/deploy.test.ts',
  'test/cli/heal-changes.test.ts',
  'test/cli/history.test.ts',
  'test/cli/import.test.ts',
  'test/cli/known-places.test.ts',
  'test/cli/missing-record.test.ts',
  'test/cli/missing-table.test.ts',
  'test/cli/moments.test.ts',
  'test/cli/not-opened.test.ts',
  'test/cli/odd-files.test.ts',
  'test/cli/one-name.test.ts',
  'test/cli/other-bot.test.ts',
  'test/cli/passed-over.test.ts',
  'test/cli/relink.test.ts',
  'test/cli/replayed.test.ts',
  'test/cli/restore-only.test.ts',
  'test/cli/second-copy.test.ts',
  'test/cli/setup.test.ts',
  'test/cli/short-machine.test.ts',
  'test/cli/two-buckets.test.ts',
  'test/cli/undo.test.ts',
  'test/cli/unlike.test.ts',
  'test/cli/unsaved-database.test.ts',
  'test/deploy/anime-backup.test.ts',
  'test/docs/operations.test.ts',
  'test/e2e/old-file-put-back.test.ts',
  'test/e2e/replaced-database.test.ts',
  'test/hosts/disk-room.test.ts',
  'test/repository/swallowed-options.test.ts',
  'test/sim/offline/restart.test.ts',
  'test/sim/offline/start.test.ts',
];

export default defineConfig({
  test: {
    name: 'slow',
    include: SLOW,
    maxWorkers: '100%',
    globalSetup: ['test/support/scratch.ts'],
    setupFiles: ['test/support/property-seed.ts'],
    testTimeout: 150_000,
    hookTimeout: 150_000,
    expect: { poll: { timeout: 60_000 } },
  },
});
