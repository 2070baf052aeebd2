/** The embedded database file. Node only. */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { createClient } from '@libsql/client/sqlite3';
import { type Database, fromClient } from './database.ts';

/** How long a statement waits for another process's lock (the CLI beside the bot) before `database is locked`. */
const BUSY_TIMEOUT_MS = 5_000;

/**
 * Opens (and creates) the file with WAL, foreign keys (on by default in libSQL) and a busy timeout.
 * `synchronous` stays FULL, so a commit survives SIGKILL and power loss.
 */
export async function openEmbeddedDatabase(path: string, busyTimeoutMs = BUSY_TIMEOUT_MS): Promise<Database> {
  mkdirSync(dirname(path), { recursive: true });
  // The client takes a URL: a % or # in the name would make it another file's.
  const url = `file:${path.split('/').map(encodeURIComponent).join('/')}`;
  const client = createClient({ url, intMode: 'bigint', timeout: busyTimeoutMs });
  await client.execute('PRAGMA journal_mode = WAL');
  // After SQLITE_BUSY libsql leaves the statement half-started on its pooled connection: later writes there would be acknowledged and
  // never committed (seen with libsql 0.5.29). Fresh connections have no such past.
  return fromClient(client, () => client.reconnect());
}
