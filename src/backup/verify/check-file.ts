/**
 * What a SQLite file or a document is worth by itself and against a manifest. Runs in the process for foreign files only
 * (foreign/process.ts): whatever it opens may be made to do harm. Node only.
 */
import { join } from 'node:path';
import { explain } from '../../lib/clock.ts';
import type { Manifest } from '../catalog/manifest.ts';
import { rowsOfTables } from '../digest.ts';
import { isLocalFault } from '../disk/local-fault.ts';
import { loadDocument } from '../document/load-document.ts';
import { openForeignFile } from '../foreign/connection.ts';
import { Damaged } from '../foreign/errors.ts';
import { requireSchema } from '../foreign/schema-text.ts';
import type { Task } from '../foreign/tasks.ts';
import { settledCopy } from '../restore/copy-database.ts';
import { ledgerTriggers } from '../restore/ledger-triggers.ts';
import { strangersNote, strangersOf } from '../restore/strangers.ts';
import { digestFile, type FileDigests, integrityFaults } from './inspect-file.ts';

/** What of a manifest the contents of both files are held against. */
export type Expected = Pick<Manifest, 'schema_sha256' | 'tables'>;

export interface CheckInput {
  readonly path: string;
  readonly kind: 'database' | 'document';
  /** A directory for what is made on the way. */
  readonly scratch: string;
  readonly expected: Expected | undefined;
}

export interface Findings {
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
  readonly checks: readonly string[];
}

export const checkTask: Task<CheckInput, Findings> = async ({ path, kind, scratch, expected }) => {
  const report = new Report();
  const loaded = join(scratch, `${kind}.db`);
  if (kind === 'database') {
    const own = await settledCopy(path, loaded);
    await report.check('database, integrity_check', () => integrityCheck(own, report));
    await report.check('database, digests', () => contents(own, expected, report));
    return report;
  }
  const isLoaded = await report.check('document, whole', async () => {
    await loadDocument(path, loaded);
    return 'read to its end, its own SHA-256 and counts agree, loaded into SQLite';
  });
  if (isLoaded) await report.check('document, digests', () => contents(loaded, expected, report));
  return report;
};

/** Rows, schema, and whether a restore takes them. @throws what is wrong */
async function contents(path: string, expected: Expected | undefined, report: Report): Promise<string> {
  const found = await digestFile(path);
  requireSchema(found.objects);
  const [trigger] = ledgerTriggers(found.objects);
  if (trigger !== undefined) throw new Damaged(trigger);
  const note = strangersNote(strangersOf(found.objects), 'and at work once it is restored');
  if (note !== undefined) report.warnings.push(note);
  return compare(found, expected);
}

class Report implements Findings {
  readonly problems: string[] = [];
  readonly warnings: string[] = [];
  readonly checks: string[] = [];

  /** Runs a check; what it throws is a problem, unless it says nothing about the backup: a full scratch disk. */
  async check(what: string, work: () => Promise<string> | string): Promise<boolean> {
    try {
      this.checks.push(`${what}: ${await work()}`);
      return true;
    } catch (error) {
      if (isLocalFault(error)) throw new Error(`${what} could not be checked`, { cause: error });
      this.problems.push(`${what}: ${explain(error)}`);
      return false;
    }
  }
}

/** A real SQLite's own opinion. */
function integrityCheck(path: string, report: Report): string {
  const { db, close } = openForeignFile(path);
  try {
    const faults = integrityFaults(db);
    if (faults.length > 0) throw new Error(faults.slice(0, 5).join('; '));
    const orphans = db.prepare('PRAGMA foreign_key_check').all();
    if (orphans.length > 0) {
      const tables = [...new Set(orphans.map((row) => String(row['table'])))].join(', ');
      report.warnings.push(
        `${orphans.length} rows refer to rows that do not exist (${tables}), as in the database itself`,
      );
      return 'ok';
    }
    return 'ok, foreign_key_check empty';
  } finally {
    close();
  }
}

/** Throws what differs. Both files agree with each other when both agree with the manifest. */
function compare({ schemaSha256, tables }: FileDigests, expected: Expected | undefined): string {
  const rows = rowsOfTables(tables);
  const count = tables.filter(({ kind }) => kind === 'table').length;
  if (expected === undefined) return `${count} tables, ${rows} rows read`;
  const wrong: string[] = [];
  if (schemaSha256 !== expected.schema_sha256) wrong.push('the schema differs');
  const found = new Map(tables.map((table) => [table.table, table]));
  for (const wanted of expected.tables) {
    const table = found.get(wanted.name);
    if (table === undefined) wrong.push(`table ${wanted.name} is missing`);
    else if (table.rows !== wanted.rows)
      wrong.push(`table ${wanted.name} has ${table.rows} rows, not ${wanted.rows}`);
    else if (table.sha256 !== wanted.sha256) wrong.push(`rows of table ${wanted.name} differ`);
    found.delete(wanted.name);
  }
  for (const name of found.keys()) wrong.push(`table ${name} is not in the manifest`);
  if (wrong.length > 0) throw new Error(wrong.join('; '));
  return `${count} tables, ${rows} rows as in the manifest`;
}
