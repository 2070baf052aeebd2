/** The engine's own rows (migration 0002): implements its `Ledger`. */
import { keepLostChanges } from '../../db/bucket-notes.ts';
import { always, type Database, sql } from '../../db/database.ts';
import { columnsOf } from '../../db/existing-schema.ts';
import type { Ledger, RequestLedger } from '../catalog/ledger.ts';
import { createRequestLedger } from './backup-requests.ts';
import { createLease } from './lease-row.ts';
import {
  beginRun,
  endRun,
  lastBegun,
  madeAfter,
  newestDone,
  outdatedAmong,
  recordedTriggers,
} from './run-record.ts';

/**
 * `isDead`: whether the holder that a lease names is known to be dead; its lease is taken over at
 * once. A Worker cannot know.
 */
export function createBackupLedger(
  db: Database,
  isDead: (holder: string) => boolean = () => false,
): Ledger & RequestLedger {
  const notes = { isThere: false };
  return {
    schemaVersion: () => schemaVersion(db),
    ...createLease(db, isDead, notes),
    triggers: (names) => recordedTriggers(db, names),
    begin: (run) => beginRun(db, run),
    outdated: (names, fence) => outdatedAmong(db, names, fence),
    end: (name, end) => endRun(db, name, end, notes.isThere),
    newestDone: (now) => newestDone(db, now),
    madeAfter: (name) => madeAfter(db, name),
    async coverChanges(statements) {
      await db.write(statements);
    },
    async loseChanges(lost) {
      if (notes.isThere) await db.write([keepLostChanges(lost)]);
    },
    lastBegun: () => lastBegun(db),
    ...createRequestLedger(db),
  };
}

async function schemaVersion(db: Database): Promise<number | undefined> {
  const [columns] = await db.read([columnsOf('schema_migrations')]);
  if (!columns.includes('version')) return undefined;
  const [version] = await db.read([
    always(
      sql(
        // Another program may keep words there.
        "SELECT COALESCE(MAX(version), 0) AS version FROM schema_migrations WHERE typeof(version) = 'integer'",
      ),
      (found) => found.int('version'),
    ),
  ]);
  return version;
}
