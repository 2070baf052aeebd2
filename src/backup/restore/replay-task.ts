/**
 * Change files into the database of the full backup that they follow. Somebody else may have made
 * them, so this runs in the process for foreign files only: their rows are data, no trigger fires,
 * and none of their text is ever run. Node only.
 */
import type { DatabaseSync } from 'node:sqlite';
import { explain } from '../../lib/clock.ts';
import { isLocalFault } from '../../lib/disk/local-fault.ts';
import { quoteName, tokenizeSql } from '../../lib/sql-tokens.ts';
import { moduleOf } from '../../lib/table-sql.ts';
import { coverageOf } from '../changes/coverage.ts';
import { explainFull, type ForeignDatabase, openForeign } from '../foreign/connection.ts';
import { Damaged } from '../foreign/errors.ts';
import type { Task } from '../foreign/task.ts';
import type { DatabaseSchema, SchemaObject, TableInfo } from '../model/model.ts';
import { missingParts } from '../schema/missing-parts.ts';
import { openFileSnapshotSource } from '../snapshot/file.ts';
import { Replay, type ReplayFile } from './replay-rows.ts';

declare module '../foreign/task.ts' {
  interface Tasks {
    readonly replay: typeof replayTask;
  }
}

export interface ReplayInput {
  /** The full backup's database, which was proved; after a failure it is worth nothing. */
  readonly path: string;
  /** In their order; the last one is a restore point. */
  readonly files: readonly ReplayFile[];
  /** Of the database and all files, unpacked. */
  readonly bytes: number;
}

export interface Replayed {
  /** Rows of change files that were brought in. */
  readonly images: number;
  readonly deleted: number;
  /** Tables that change files tell of. */
  readonly covered: readonly string[];
  /** For people. */
  readonly notes: readonly string[];
  /** A file whose rows do not fit; the database is worth nothing then. */
  readonly end?: ReplayEnd;
}

export interface ReplayEnd {
  readonly file: string;
  readonly problem: string;
  /** So many files before it are good, up to the last restore point. */
  readonly good: number;
}

export const replayTask: Task<ReplayInput, Replayed> = async ({ path, files, bytes }) => {
  const schema = await openFileSnapshotSource({ path }).schema();
  const foreign = openForeign(path, { mode: 'write', bytes });
  const { db } = foreign;
  const dropped: SchemaObject[] = [];
  // A database has hundreds of triggers, and most tables get no row. A trigger that the schema
  // lists under another table does not fire either: SQLite refuses the row (connection.ts).
  const replay = new Replay(db, schema, (table) => {
    const triggers = triggersOn(schema, table);
    for (const { name } of triggers) db.exec(`DROP TRIGGER ${quoteName(name)}`);
    dropped.push(...triggers);
  });
  try {
    const before = orphansOf(db);
    db.exec('BEGIN');
    const recordNow = recordOf(db, schema);
    const record = recordNow();
    let good = 0;
    for (const group of groupsOf(files)) {
      try {
        await replay.group(group);
        requireRecord(record, recordNow());
      } catch (error) {
        // A full disk here says nothing about the file.
        if (isLocalFault(error)) throw error;
        const end = { file: replay.reading, problem: explain(error), good };
        return { images: 0, deleted: 0, covered: [], notes: [], end };
      }
      good += group.length;
    }
    replay.setSequence();
    const stale = rebuildSearch(db, schema, replay.met);
    // In the order in which they were made: so SQLite fires them.
    makeTriggers(foreign, schema, dropped);
    db.exec('COMMIT');
    const orphans = orphansOf(db) - before;
    return {
      images: replay.images,
      deleted: replay.deleted,
      covered: coverageOf(schema).covered.map(({ name }) => name),
      notes: [
        ...stale,
        ...(orphans > 0 ? [`${orphans} more rows than in the backup refer to rows that do not exist`] : []),
      ],
    };
  } catch (error) {
    throw explainFull(db, path, error);
  } finally {
    replay.close();
    foreign.close();
  }
};

/**
 * Tells what is missing of the bot's own now, by the same rule as in a backup (missing-parts.ts).
 * The tables stay as they are; so it is worked out anew only where the record of migrations has
 * changed, for a day may have 17,280 files.
 */
function recordOf(db: DatabaseSync, schema: DatabaseSchema): () => readonly string[] {
  const table = schema.tables.find(({ name }) => name === 'schema_migrations');
  if (table?.kind !== 'table' || !table.columns.some(({ name }) => name === 'version')) return () => [];
  const statement = db.prepare('SELECT version FROM schema_migrations ORDER BY version');
  let known: string | undefined;
  let missing: readonly string[] = [];
  return () => {
    const versions = statement.all().map(({ version }) => Number(version));
    const text = versions.join(' ');
    if (text !== known) missing = missingParts(schema, versions);
    known = text;
    return missing;
  };
}

function requireRecord(before: readonly string[], after: readonly string[]): void {
  const found = after.filter((finding) => !before.includes(finding));
  if (found.length > 0) throw new Damaged(`with it the database is not whole: ${found.join('; ')}`);
}

/**
 * Files up to a restore point: between two of them no rows fit together, and two rows that swapped
 * a unique value may lie in two files.
 */
export function groupsOf(files: readonly ReplayFile[]): ReplayFile[][] {
  const groups: ReplayFile[][] = [];
  let open: ReplayFile[] = [];
  for (const file of files) {
    open.push(file);
    if (!file.isRestorePoint) continue;
    groups.push(open);
    open = [];
  }
  if (open.length > 0) throw new Error('the last change file is no restore point');
  return groups;
}

/**
 * Search tables are made of other tables' rows: anew, where their rows come from a table. What
 * comes from a view would run somebody's SQL. Returns what is to be told.
 */
function rebuildSearch(db: DatabaseSync, schema: DatabaseSchema, met: ReadonlySet<string>): string[] {
  const { objects } = schema;
  const left = coverageOf(schema).left.filter(({ table, isData }) => isData && !met.has(table));
  const notes = left.map(({ table, reason }) => `table ${table} is as in the full backup: ${reason}`);
  const unrecorded = new Set(left.map(({ table }) => table));
  for (const { type, name, sql, hasStorage } of objects) {
    if (type !== 'table' || hasStorage || unrecorded.has(name)) continue;
    if (moduleOf(tokenizeSql(sql ?? ''))?.toLowerCase() !== 'fts5') continue;
    try {
      db.exec(`INSERT INTO ${quoteName(name)} (${quoteName(name)}) VALUES ('rebuild')`);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      notes.push(`search table ${name} is as in the full backup (${why}): have it rebuilt`);
    }
  }
  return notes;
}

function triggersOn({ objects }: DatabaseSchema, { name }: TableInfo): SchemaObject[] {
  return objects.filter(
    ({ type, tableName }) => type === 'trigger' && tableName.toLowerCase() === name.toLowerCase(),
  );
}

/** Letter by letter as they were: SQLite keeps the text of a trigger. */
function makeTriggers(
  { db, creating }: ForeignDatabase,
  { objects }: DatabaseSchema,
  dropped: readonly SchemaObject[],
): void {
  const triggers = objects.filter(({ type }) => type === 'trigger');
  for (const { sql } of triggers.filter((trigger) => dropped.includes(trigger))) {
    creating(true);
    try {
      db.prepare(sql ?? '').run();
    } finally {
      creating(false);
    }
  }
  const made = db.prepare("SELECT sql FROM sqlite_schema WHERE type = 'trigger'").all();
  const texts = new Set(made.map(({ sql }) => sql));
  const odd = triggers.find(({ sql }) => !texts.has(sql));
  if (odd !== undefined || made.length !== triggers.length)
    throw new Damaged(`trigger ${odd?.name ?? ''} does not come back as it was`);
}

function orphansOf(db: DatabaseSync): number {
  try {
    return db.prepare('PRAGMA foreign_key_check').all().length;
  } catch {
    // A table that others refer to has no such key: SQLite cannot count.
    return 0;
  }
}
