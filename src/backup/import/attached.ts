/**
 * An embedded database with a scratch file attached for the staged rows: the database itself sees
 * one transaction, the merge, and a process that is killed before it leaves nothing there. Node
 * only, in a process of its own: statements block.
 */
import { type Database, fromClient } from '../../db/database.ts';
import { openFileClient } from '../../db/file/file-client.ts';
import type { Staging } from '../staged/database-site.ts';

/**
 * The merge waits for the bot's own writes, which are short; nothing else waits for this process.
 */
const BUSY_TIMEOUT_MS = 60_000;
/** KiB of pages in memory: rows of a large file go to all places of an index. */
const CACHE_KIB = 128 * 1024;

export interface AttachedDatabase {
  readonly db: Database;
  readonly staging: Staging;
}

/** `scratch` is a file that does not exist; the caller removes it. */
export function openAttached(path: string, scratch: string): AttachedDatabase {
  const client = openFileClient(path, BUSY_TIMEOUT_MS);
  client.run(`PRAGMA main.cache_size = -${CACHE_KIB}`);
  client.run('ATTACH ? AS staging', scratch);
  // Its rows are made again from the file after a crash.
  for (const pragma of ['journal_mode = OFF', 'synchronous = OFF', `cache_size = -${CACHE_KIB}`])
    client.run(`PRAGMA staging.${pragma}`);
  return {
    db: fromClient(client),
    // A transaction that begins as a reader locks only what it writes to: the scratch file.
    staging: { db: fromClient(client, undefined, 'deferred'), schema: 'staging' },
  };
}
