/**
 * What a SQLite file or a document is worth by itself and against a manifest. Runs in the process
 * for foreign files only (foreign/process.ts): whatever it opens may be made to do harm. Node only.
 */
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { explain } from '../../lib/clock.ts';
import { isLocalFault } from '../../lib/disk/local-fault.ts';
import type { Manifest } from '../catalog/manifest.ts';
import { otherTime } from '../catalog/not-itself.ts';
import { openForeignFile } from '../foreign/connection.ts';
import { Damaged } from '../foreign/errors.ts';
import { requireSchema } from '../foreign/schema-text.ts';
import type { Task } from '../foreign/task.ts';
import { rowsOfTables } from '../model/digest.ts';
import { ledgerTriggers } from '../schema/ledger-triggers.ts';
import { strangeRows } from '../schema/strange-rows.ts';
import { type Stranger, strangersNote, strangersOf } from '../schema/strangers.ts';
import { openForKeys, orphansOf } from '../snapshot/references.ts';
import { openStored, type StoredFile } from '../snapshot/stored-rows.ts';
import { settledCopy } from './copy-database.ts';
import { digestFile, digestOpened, type FileDigests } from './file-digests.ts';
import { integrityFaults } from './file-integrity.ts';
import { loadDocument } from './load-document.ts';
import type { Said } from './own-words.ts';
import { sameTables } from './same-rows.ts';

declare module '../foreign/task.ts' {
  interface Tasks {
    readonly check: typeof checkTask;
  }
}

/** What of a manifest the contents of both files are held against. */
export type Expected = Pick<Manifest, 'schema_sha256' | 'tables'> & Said;

/** Of a manifest, which holds more. */
export function expectedOf(manifest: Manifest): Expected {
  const { schema_sha256, tables, name, trigger, started_at, changes, bot } = manifest;
  return { schema_sha256, tables, name, trigger, started_at, changes, bot };
}

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

/**
 * Of the document: it is loaded. Of the database: `intact` asks whether the document is loaded,
 * `compared` whether it is proved.
 */
export type CheckMessage = 'loaded' | 'intact' | 'compared';

export const checkTask: Task<CheckInput, Findings, CheckMessage> = async (input, { send }) => {
  const { path, kind, scratch, expected } = input;
  const report = new Report();
  const loaded = join(scratch, 'document.db');
  if (kind === 'database') {
    const own = await settledCopy(path, join(scratch, 'database.db'));
    const isIntact = await report.check('database, integrity_check', () => integrityCheck(own, report));
    const isLoaded = isIntact && (await send('intact')) === true;
    const same = isLoaded ? sameTables(own, loaded) : undefined;
    const isProved = same !== undefined && (await send('compared')) === true;
    await report.check('database, digests', () =>
      contents(own, expected, report, { same: isProved ? same : undefined }),
    );
    return report;
  }
  const bare = join(scratch, 'document-bare.db');
  const isLoaded = await report.check('document, whole', async () => {
    requireTime(await loadDocument(path, loaded, bare), expected);
    return 'read to its end, its own SHA-256 and counts agree, loaded into SQLite';
  });
  if (!isLoaded) return report;
  await send('loaded');
  await report.check('document, digests', () => contents(loaded, expected, report, { bare }));
  return report;
};

export interface CheckedFile extends FileDigests {
  /** {@link strangersOf} */
  readonly strangers: readonly Stranger[];
}

export interface Known {
  /** We have just made the file, without some of its indexes: the schema is that of this one. */
  readonly bare?: string | undefined;
  /** {@link sameTables} as a file that is as expected; their rows need not be read. */
  readonly same?: ReadonlyMap<string, number> | undefined;
}

/**
 * What a SQLite file holds, once it is known that a restore takes it.
 * @throws {@link Damaged} with what is wrong with its schema, or what differs from the manifest
 */
export async function checkFile(
  path: string,
  expected: Expected | undefined,
  known: Known = {},
): Promise<CheckedFile> {
  const { db, close } = openForeignFile(path);
  const file = known.bare === undefined ? undefined : openStored(db, path);
  try {
    return await checkOpened(db, expected, { stored: file?.stored, ...known });
  } finally {
    file?.close();
    close();
  }
}

/** {@link checkFile} of one that is open already. */
export async function checkOpened(
  db: DatabaseSync,
  expected: Expected | undefined,
  { stored, bare, same }: Known & { readonly stored?: StoredFile | undefined } = {},
): Promise<CheckedFile> {
  const rows = await digestOpened(db, { said: expected, without: same }, stored);
  const schema = bare === undefined ? rows : await digestFile(bare, { only: [] });
  const tables = (expected?.tables ?? []).flatMap(({ name: table, ...proved }) => {
    const count = same?.get(table);
    return count === undefined ? [] : [{ ...proved, table, rows: count }];
  });
  const { objects, schemaSha256 } = schema;
  const found = { ...rows, objects, schemaSha256, tables: [...rows.tables, ...tables] };
  requireSchema(found.objects);
  const [trigger] = ledgerTriggers(found.objects);
  if (trigger !== undefined) throw new Damaged(trigger);
  if (found.difference !== undefined) throw new Damaged(found.difference);
  const wrong = expected === undefined ? [] : differences(found, expected);
  if (wrong.length > 0) throw new Damaged(wrong.join('; '));
  return { ...found, strangers: [...strangeRows(db, found.objects), ...strangersOf(found.objects)] };
}

async function contents(
  path: string,
  expected: Expected | undefined,
  report: Report,
  known: Known,
): Promise<string> {
  const { tables, strangers } = await checkFile(path, expected, known);
  const note = strangersNote(strangers, 'and at work once it is restored');
  if (note !== undefined) report.warnings.push(note);
  const count = tables.filter(({ kind }) => kind === 'table').length;
  const how = expected === undefined ? 'read' : 'as in the manifest';
  return `${count} tables, ${rowsOfTables(tables)} rows ${how}`;
}

class Report implements Findings {
  readonly problems: string[] = [];
  readonly warnings: string[] = [];
  readonly checks: string[] = [];

  /**
   * Runs a check; what it throws is a problem, unless it says nothing about the backup: a full
   * scratch disk.
   */
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
    // Its pages are in order now.
    const file = openForKeys(db, path);
    const orphans = orphansOf(db, file?.stored);
    file?.close();
    if (orphans.size > 0) {
      const rows = orphans.values().reduce((sum, more) => sum + more, 0);
      report.warnings.push(
        `${rows} rows refer to rows that do not exist (${[...orphans.keys()].join(', ')}), as in the database itself`,
      );
      return 'ok';
    }
    return 'ok, every foreign key leads to a row';
  } finally {
    close();
  }
}

/** @param timestamp a document's, which says when it was made */
export function requireTime(timestamp: string, expected: Expected | undefined): void {
  const problem = expected && otherTime(timestamp, expected);
  if (problem !== undefined) throw new Damaged(problem);
}

/** Both files of a backup agree with each other when both agree with the manifest. */
function differences({ schemaSha256, tables }: FileDigests, expected: Expected): string[] {
  const wrong: string[] = [];
  if (schemaSha256 !== expected.schema_sha256) wrong.push("the schema is not the manifest's");
  const found = new Map(tables.map((table) => [table.table, table]));
  for (const wanted of expected.tables) {
    const table = found.get(wanted.name);
    if (table === undefined) wrong.push(`table ${wanted.name} is missing`);
    else if (table.rows !== wanted.rows)
      wrong.push(`table ${wanted.name} has ${table.rows} rows, not ${wanted.rows}`);
    else if (table.sha256 !== wanted.sha256)
      wrong.push(`rows of table ${wanted.name} are not the manifest's`);
    found.delete(wanted.name);
  }
  for (const name of found.keys()) wrong.push(`table ${name} is not in the manifest`);
  return wrong;
}
