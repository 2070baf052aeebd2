/** Files whose faults would lose data or let an attacker in, and the tests that must notice. */

export interface Target {
  readonly file: string;
  readonly tests: readonly string[];
}

const RUN = [
  'test/backup/run.test.ts',
  'test/backup/lease.test.ts',
  'test/backup/dead-run.test.ts',
  'test/backup/damaged-database.test.ts',
];
const RETENTION = [
  'test/backup/retention.test.ts',
  'test/backup/prune.test.ts',
  'test/backup/list.test.ts',
  'test/backup/newest.test.ts',
];
const RESTORE = ['test/backup/restore'];
const STORE = ['test/backup/store', 'test/backup/durability.test.ts'];
const FOREIGN = ['test/backup/foreign', 'test/backup/bomb.test.ts'];
const RECEIVE = [
  'test/bot/receive.test.ts',
  'test/http/webhook-secret.test.ts',
  'test/bot/bad-hours.test.ts',
];
const JOURNALS = ['test/db/journal-owner.test.ts', 'test/db/foreign-journal.test.ts'];

export const TARGETS: readonly Target[] = [
  { file: 'src/backup/run/run.ts', tests: RUN },
  { file: 'src/backup/run/lease.ts', tests: RUN },
  { file: 'src/backup/verify/prove-objects.ts', tests: [...RUN, 'test/backup/faults.test.ts'] },
  { file: 'src/backup/verify/open-object.ts', tests: [...RUN, 'test/backup/verify.test.ts'] },
  { file: 'src/backup/run/publish.ts', tests: [...RUN, 'test/backup/same-second.test.ts'] },
  { file: 'src/backup/run/settle.ts', tests: [...RUN, 'test/backup/put-back.test.ts'] },
  { file: 'src/backup/catalog/retention.ts', tests: RETENTION },
  { file: 'src/backup/catalog/retention-times.ts', tests: RETENTION },
  { file: 'src/backup/catalog/calendar-places.ts', tests: RETENTION },
  {
    file: 'src/backup/catalog/sweep-debris.ts',
    tests: [...RETENTION, 'test/backup/put-back.test.ts'],
  },
  { file: 'src/backup/catalog/prune.ts', tests: [...RETENTION, 'test/backup/put-back.test.ts'] },
  { file: 'src/backup/catalog/list.ts', tests: [...RETENTION, ...RUN] },
  { file: 'src/backup/catalog/entry.ts', tests: [...RETENTION, ...RUN] },
  {
    file: 'src/backup/catalog/manifest.ts',
    tests: ['test/backup/manifest.test.ts', 'test/backup/bomb.test.ts'],
  },
  { file: 'src/backup/verify/verify-backup.ts', tests: ['test/backup/verify.test.ts'] },
  { file: 'src/backup/verify/unpack-object.ts', tests: ['test/backup/verify.test.ts', ...RESTORE] },
  { file: 'src/backup/verify/check-file.ts', tests: ['test/backup/verify.test.ts', ...FOREIGN] },
  { file: 'src/backup/foreign/connection.ts', tests: FOREIGN },
  { file: 'src/backup/foreign/schema-text.ts', tests: FOREIGN },
  { file: 'src/backup/foreign/watchdog.ts', tests: FOREIGN },
  { file: 'src/backup/restore/prepare-task.ts', tests: [...RESTORE, ...FOREIGN] },
  { file: 'src/backup/restore/source.ts', tests: RESTORE },
  { file: 'src/backup/staged/staged-transaction.ts', tests: RESTORE },
  { file: 'src/backup/restore/swap-file.ts', tests: RESTORE },
  { file: 'src/backup/store/directory-upload.ts', tests: STORE },
  { file: 'src/backup/store/s3-upload.ts', tests: STORE },
  { file: 'src/db/file/file-lock.ts', tests: ['test/db/file-lock.test.ts'] },
  { file: 'src/db/file/journal-owner.ts', tests: JOURNALS },
  { file: 'src/db/file/settle-journals.ts', tests: JOURNALS },
  { file: 'src/db/migrate.ts', tests: ['test/db', 'test/takeover'] },
  { file: 'src/db/time.ts', tests: ['test/db/stored-times.test.ts'] },
  { file: 'src/takeover/unfit-values.ts', tests: ['test/takeover'] },
  { file: 'src/http/app.ts', tests: RECEIVE },
  { file: 'src/bot/receive.ts', tests: RECEIVE },
  { file: 'src/bot/failed-turn.ts', tests: RECEIVE },
  { file: 'src/hosts/node/polling.ts', tests: ['test/hosts/polling.test.ts'] },
  { file: 'src/http/download-links.ts', tests: ['test/http/download-links.test.ts'] },
  { file: 'src/http/loopback-guard.ts', tests: ['test/sim/offline'] },
  { file: 'src/settings/start-mode.ts', tests: ['test/sim/offline'] },
];
