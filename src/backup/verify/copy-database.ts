/** A SQLite file that somebody gave us, as a file of our own. Node only. */
import { existsSync } from 'node:fs';
import { copyFile, open, rm } from 'node:fs/promises';
import { backup, DatabaseSync } from 'node:sqlite';
import { isLocalFault } from '../../lib/disk/local-fault.ts';
import { Damaged } from '../foreign/errors.ts';

/** Pages a step; between steps others get their turn. */
const RATE_PAGES = 2_000;
const JOURNALS = ['-wal', '-journal'];

/**
 * Where the format says that the file is in WAL mode.
 * https://sqlite.org/fileformat2.html#file_format_version_numbers
 */
const MODE_AT = 18;

/**
 * The file itself when it stands alone, outside WAL mode; else a copy of it at `to`: then SQLite
 * would write beside it.
 */
export async function settledCopy(path: string, to: string): Promise<string> {
  if (!(await isWal(path)) && !hasJournal(path)) return path;
  await copyDatabase(path, to);
  return to;
}

function hasJournal(path: string): boolean {
  return JOURNALS.some((suffix) => existsSync(path + suffix));
}

async function isWal(path: string): Promise<boolean> {
  const file = await open(path, 'r');
  try {
    return (await file.read(new Uint8Array(2), 0, 2, MODE_AT)).buffer.includes(2);
  } finally {
    await file.close();
  }
}

/**
 * Copies what the database at `from` holds, its journal's part included, even while somebody writes
 * to it. `to` is one file without WAL mode, so that it can be renamed. `origin`: what to call it in
 * messages.
 */
export async function copyDatabase(from: string, to: string, origin = from): Promise<void> {
  try {
    // In WAL mode and nobody has it open: SQLite would make its journal beside it.
    if ((await isWal(from)) && !hasJournal(from)) await copyFile(from, to);
    else await copyPages(from, to).catch((error: unknown) => copyFiles(from, to, error));
    const copy = new DatabaseSync(to);
    try {
      copy.exec('PRAGMA journal_mode = DELETE');
    } finally {
      copy.close();
    }
  } catch (cause) {
    if (isLocalFault(cause)) throw new Error(`${origin} cannot be copied on this machine`, { cause });
    throw new Damaged(`${origin} is no whole SQLite database`, { cause });
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

/**
 * SQLite must write beside a file with a journal to read it, and may not everywhere (a read-only
 * disk): then in a copy of all of it.
 */
async function copyFiles(from: string, to: string, error: unknown): Promise<void> {
  if (isLocalFault(error) || !hasJournal(from)) throw error;
  for (const suffix of ['', ...JOURNALS]) {
    await rm(to + suffix, { force: true });
    if (existsSync(from + suffix)) await copyFile(from + suffix, to + suffix);
  }
}
