/** A SQLite file that somebody gave us, as a file of our own. Node only. */
import { existsSync } from 'node:fs';
import { copyFile, rm } from 'node:fs/promises';
import { backup, DatabaseSync } from 'node:sqlite';
import { isLocalFault } from '../local-fault.ts';

/** Pages a step; between steps others get their turn. */
const RATE_PAGES = 2_000;
const JOURNALS = ['-wal', '-journal'];

/**
 * Copies what the database at `from` holds, its journal's part included, even while somebody writes to it. `to` is one file without WAL
 * mode, so that it can be renamed.
 */
export async function copyDatabase(from: string, to: string): Promise<void> {
  try {
    await copyPages(from, to).catch((error: unknown) => copyFiles(from, to, error));
    const copy = new DatabaseSync(to);
    try {
      copy.exec('PRAGMA journal_mode = DELETE');
    } finally {
      copy.close();
    }
  } catch (cause) {
    const why = isLocalFault(cause) ? 'can not be copied on this machine' : 'is no whole SQLite database';
    throw new Error(`${from} ${why}`, { cause });
  }
}

async function copyPages(from: string, to: string): Promise<void> {
  const db = new DatabaseSync(from, { readOnly: true });
  try {
    await backup(db, to, { rate: RATE_PAGES });
  } finally {
    db.close();
  }
}

/** SQLite must write beside a file with a journal to read it, and may not everywhere (a read-only disk): then in a copy of all of it. */
async function copyFiles(from: string, to: string, error: unknown): Promise<void> {
  if (isLocalFault(error) || !JOURNALS.some((suffix) => existsSync(from + suffix))) throw error;
  for (const suffix of ['', ...JOURNALS]) {
    await rm(to + suffix, { force: true });
    if (existsSync(from + suffix)) await copyFile(from + suffix, to + suffix);
  }
}
