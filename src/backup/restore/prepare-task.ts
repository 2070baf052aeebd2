/**
 * What is to be restored as a checked SQLite file of our own. Runs in the process for foreign files only (foreign/process.ts): neither
 * what a bucket holds nor what somebody names is trusted before it was looked at, and its SQL not even then. Node only.
 */
import type { DatabaseSync } from 'node:sqlite';
import { loadDocument } from '../document/load-document.ts';
import { openForeignFile } from '../foreign/connection.ts';
import { Damaged } from '../foreign/errors.ts';
import { requireSchema } from '../foreign/schema-text.ts';
import type { Task } from '../foreign/tasks.ts';
import type { Expected } from '../verify/check-file.ts';
import { digestFile, type FileDigests } from '../verify/inspect-file.ts';
import { copyDatabase } from './copy-database.ts';
import { requireIntact } from './intact.ts';
import { ledgerTriggers } from './ledger-triggers.ts';
import { type Stranger, strangersOf } from './strangers.ts';

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

export interface Prepared extends FileDigests {
  /** Number of the last migration; undefined for a database that has none. */
  readonly schemaVersion: number | undefined;
  readonly notes: readonly string[];
  /** {@link strangersOf} */
  readonly strangers: readonly Stranger[];
}

export const prepareTask: Task<PrepareInput, Prepared> = async ({ path, kind, to, origin, expected }) => {
  if (kind === 'document') await loadDocument(path, to);
  // The file given stays as it is: it is copied even when it is a plain database.
  else if (path !== to) await copyDatabase(path, to, origin);
  requireIntact(to, origin);
  const found = await digestFile(to);
  requireSchema(found.objects);
  const [trigger] = ledgerTriggers(found.objects);
  if (trigger !== undefined) throw new Damaged(trigger);
  if (expected !== undefined) requireExpected(found, expected);
  const { db, close } = openForeignFile(to);
  try {
    const strangers = strangersOf(found.objects);
    return { ...found, schemaVersion: versionOf(db), notes: underWay(db), strangers };
  } finally {
    close();
  }
};

/** Work that the backup shows half done goes on from there when the bot starts: what was sent since would be sent again. */
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
  const version = db.prepare('SELECT max(version) AS version FROM schema_migrations').get()?.['version'];
  return typeof version === 'number' ? version : undefined;
}

/** A table with such a stored column: a view or a computed column of the name would be evaluated. */
function isTable(db: DatabaseSync, table: string, column: string): boolean {
  const found = db.prepare(
    `SELECT 1 FROM pragma_table_list AS t, pragma_table_xinfo(t.name) AS c
     WHERE t.schema = 'main' AND t.type = 'table' AND t.name = ? AND c.name = ? AND c.hidden = 0`,
  );
  return found.get(table, column) !== undefined;
}

function requireExpected(found: FileDigests, { schema_sha256, tables }: Expected): void {
  if (found.schemaSha256 !== schema_sha256) throw new Damaged('the schema is not the manifest’s');
  const wanted = new Map(tables.map((table) => [table.name, table]));
  for (const { table, sha256 } of found.tables) {
    if (wanted.get(table)?.sha256 !== sha256)
      throw new Damaged(`rows of table ${table} are not the manifest's`);
    wanted.delete(table);
  }
  for (const name of wanted.keys()) throw new Damaged(`table ${name} is missing`);
}
