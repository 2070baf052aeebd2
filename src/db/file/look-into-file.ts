/** One question to a database file that nobody here needs otherwise. Node only. */
import { realPath } from '../../lib/disk/real-path.ts';
import { all, type Database, fromClient, type Query, sql } from '../database.ts';
import { openFileClient } from './file-client.ts';
import { requireInPlace } from './open-here.ts';
import { settleJournals } from './settle-journals.ts';

/** Whoever holds it for longer is told of by what needs the database. */
const BUSY_TIMEOUT_MS = 1_000;

/** What SQLite finds wrong with it, the first of it; `ok` where nothing is. */
export const quickCheck: Query<string[]> = all(sql('PRAGMA quick_check(3)'), (row) =>
  row.text('quick_check'),
);

/**
 * Leaves the file as it is: unlike {@link openEmbeddedDatabase} it begins no log, which the bytes
 * of the file would tell. @throws {@link JournalInDoubt}
 */
export async function lookIntoFile<T>(
  path: string,
  say: (message: string) => void,
  question: (db: Database) => Promise<T>,
): Promise<T> {
  requireInPlace(realPath(path));
  settleJournals(path, { say, now: () => new Date() });
  const db = fromClient(openFileClient(path, BUSY_TIMEOUT_MS));
  try {
    return await question(db);
  } finally {
    db.close();
  }
}
