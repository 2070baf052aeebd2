/**
 * What is to be restored as a checked SQLite file of our own. Runs in the process for foreign files
 * only (foreign/process.ts): neither what a bucket holds nor what somebody names is trusted before
 * it was looked at, and its SQL not even then. Node only.
 */
import type { DatabaseSync } from 'node:sqlite';
import { NEWEST_VERSION, versionIn } from '../../db/existing-schema.ts';
import type { Task } from '../foreign/task.ts';
import { type CheckedFile, checkOpened, type Expected, requireTime } from '../verify/check-file.ts';
import { copyDatabase } from '../verify/copy-database.ts';
import { openIntact } from '../verify/file-integrity.ts';
import { loadDocument } from '../verify/load-document.ts';

declare module '../foreign/task.ts' {
  interface Tasks {
    readonly prepare: typeof prepareTask;
  }
}

export interface PrepareInput {
  readonly path: string;
  readonly kind: 'database' | 'document';
  /** Where the database comes to be; `path` itself is taken as it is. */
  readonly to: string;
  /** For people. */
  readonly origin: string;
  /** A manifest's; undefined for a file without one. */
  readonly expected: Expected | undefined;
}

export interface Prepared extends CheckedFile {
  /** Number of the last migration; undefined for a database that has none. */
  readonly schemaVersion: number | undefined;
  readonly notes: readonly string[];
}

export const prepareTask: Task<PrepareInput, Prepared> = async ({ path, kind, to, origin, expected }) => {
  if (kind === 'document') requireTime(await loadDocument(path, to), expected);
  // The file given stays as it is: it is copied even when it is a plain database.
  else if (path !== to) await copyDatabase(path, to, origin);
  const { db, close } = openIntact(to, origin);
  try {
    const found = await checkOpened(db, expected);
    return { ...found, schemaVersion: versionOf(db), notes: underWay(db) };
  } finally {
    close();
  }
};

/**
 * Work that the backup shows half done goes on from there when the bot starts: what was sent since
 * would be sent again.
 */
function underWay(db: DatabaseSync): string[] {
  if (!isTable(db, 'broadcasts', 'state')) return [];
  const running = Number(
    db.prepare("SELECT count(*) AS n FROM broadcasts WHERE state = 'running'").get()?.['n'],
  );
  return running === 0
    ? []
    : [
        `${running} broadcast was under way in this backup and goes on from there when the bot starts: pause it (/broadcast) if it has gone out since`,
      ];
}

function versionOf(db: DatabaseSync): number | undefined {
  if (!isTable(db, 'schema_migrations', 'version')) return undefined;
  return versionIn(db.prepare(NEWEST_VERSION).get()?.['version']) ?? undefined;
}

/** A table with such a stored column: a view or computed column of the name would be evaluated. */
function isTable(db: DatabaseSync, table: string, column: string): boolean {
  const found = db.prepare(
    `SELECT 1 FROM sqlite_schema AS t, pragma_table_xinfo(t.name) AS c
     WHERE t.type = 'table' AND t.rootpage <> 0 AND t.name = ? AND c.name = ? AND c.hidden = 0`,
  );
  return found.get(table, column) !== undefined;
}
