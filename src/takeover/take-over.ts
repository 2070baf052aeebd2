/**
 * An old bot's database becomes this bot's, in the transaction of the first migration. It copies
 * the tables unchanged, drops them, makes them anew and fills them (take-rows.ts). Objects with a
 * name of ours that are not the old bot's are set aside under `old_…`. Other tables stay, without
 * the foreign keys that would keep the bot from deleting its own rows. Nothing is dropped whose
 * rows are not somewhere else by then.
 */

import { limitOf } from '../backup/import/fit.ts';
import { all, always, type Database, DatabaseUnavailable, type Statement, sql } from '../db/database.ts';
import { SALVAGE } from '../db/database-fault.ts';
import { DatabaseUnfit } from '../db/database-unfit.ts';
import type { TakeOver } from '../db/migrate.ts';
import { append } from '../lib/extremes.ts';
import { quoteName } from '../lib/sql-tokens.ts';
import { finish } from './finish.ts';
import { foreignTables } from './foreign-tables.ts';
import { freeName, makeKept } from './kept-names.ts';
import { dropPrograms, keepSql, RECORD } from './kept-sql.ts';
import { type OldSchema, type OldTableInfo, readOldSchema } from './old-schema.ts';
import {
  OLD_SCHEMA,
  OLD_VALUES,
  type OldTable,
  type OurColumn,
  type OurSchema,
  ourSchema,
} from './our-schema.ts';
import { planMending } from './plan-mending.ts';
import { planSearch } from './plan-search.ts';
import type { Staged } from './staged-table.ts';
import { otherMeaning, strangeColumns } from './strange-columns.ts';
import { takeRows } from './take-rows.ts';
import { findUnfit, mendStatements, OLD_VALUES_COLUMNS } from './unfit-values.ts';

/** For a server's database: its answers never bring raw bytes into this process. */
export const takeOver: TakeOver = { plan, finish, mend: planSearch };
/** For a file, which libsql reads in this process. */
export const takeOverFile: TakeOver = {
  plan,
  finish,
  async mend(db) {
    const [values, search] = [await planMending(db), await planSearch(db)];
    return {
      // The index first: what changes a value changes it, too.
      statements: [...search.statements, ...values.statements],
      notes: [...search.notes, ...values.notes],
    };
  },
};

/** This file, for an import's process to load {@link takeOverFile} from. */
export const TAKE_OVER_MODULE: string = import.meta.filename;

async function plan(
  db: Database,
): Promise<{ readonly before: readonly Statement[]; readonly after: readonly Statement[] }> {
  const our = ourSchema();
  await requireWhole(db);
  const old = await readOldSchema(db, our);
  const taken = new Set(old.objects.map(({ name }) => name.toLowerCase()));
  const staged = new Map<OldTable, Staged>();
  const mends: Statement[] = [];
  for (const [table, info] of old.ours) {
    const one = await stagedOf(db, table, info, our, taken);
    staged.set(table, one);
    const columns = one.our.flatMap((column) => {
      const spelled = info.columns.get(column.name);
      // It is kept aside, as it was.
      return spelled === undefined || column.name === 'deleted_at'
        ? []
        : [{ name: column.name, spelled, kind: column.kind, limit: limitOf(column.kind, column.name) }];
    });
    const values = await findUnfit(db, info.name, columns);
    if (values.length > 0) append(mends, mendStatements(table, one.staging, values));
  }
  const { before, after } = foreignTables(old, our, taken);
  const statements = [
    ...dropPrograms(old, our),
    ...[...staged.values()].flatMap((one) => stage(one, old)),
    ...before,
  ];
  const isRecord = (text: string): boolean => text.startsWith(RECORD);
  return {
    before: [
      // Until the end of the transaction: tables that point to each other go one after the other.
      'PRAGMA defer_foreign_keys = ON',
      ...statements.filter((text) => !isRecord(text)),
      // Its name is free only now: the file may have had a table of that name.
      `CREATE TABLE ${OLD_SCHEMA} (type TEXT, name TEXT, table_name TEXT, sql TEXT, why TEXT)`,
      ...statements.filter(isRecord),
    ].map((text) => sql(text)),
    after: [
      ...(mends.length === 0 ? [] : [sql(makeKept(OLD_VALUES, OLD_VALUES_COLUMNS)), ...mends]),
      ...[...after, ...takeRows(staged)].map((text) => sql(text)),
    ],
  };
}

/** Rows that a broken index hides, or pages that cannot be read, would be lost in silence. */
async function requireWhole(db: Database): Promise<void> {
  const faults = await db
    .read([all(sql('PRAGMA integrity_check(20)'), (row) => row.text('integrity_check'))])
    .then(
      ([found]) => found.filter((fault) => fault !== 'ok' && !OF_A_VALUE.test(fault)),
      (error: unknown) => {
        // A server that does not run this has checked its own file.
        if (error instanceof DatabaseUnavailable || /malformed|SQLITE_CORRUPT/.test(String(error)))
          throw error;
        return [];
      },
    );
  if (faults.length === 0) return;
  const fault = faults[0]?.split('\n').at(-1);
  const isIndex = faults.every((text) => text.split('\n').every((line) => OF_AN_INDEX.test(line)));
  const mend = isIndex
    ? 'mend it with "sqlite3 FILE REINDEX" and start again'
    : `${SALVAGE} and start with that`;
  throw new DatabaseUnfit(`the database is damaged (${fault}): ${mend}, or take an older copy`);
}

/** The table is whole, an index of it is not. */
const OF_AN_INDEX =
  /^(wrong # of entries in index |row \d+ missing from index |row \d+ values differ from index )/;

/** Complaints about a value, not about the file: such rows are judged later. */
const OF_A_VALUE = /^(NULL value in|CHECK constraint failed|NUMERIC value in|TEXT value in|non-unique entry)/;

async function stagedOf(
  db: Database,
  table: OldTable,
  info: OldTableInfo,
  our: OurSchema,
  taken: Set<string>,
): Promise<Staged> {
  const columns = new Map(info.columns);
  // Parts without numbers in the file get numbers.
  if (table === 'anime_parts' && !columns.has('part_number')) columns.set('part_number', 'part_number');
  const names = new Set(columns.keys());
  const ours = our.tables.get(table) ?? [];
  return {
    table,
    staging: freeName(`old_${table}`, taken),
    row: freeName('n', names),
    refused: freeName('refused', names),
    columns,
    our: ours,
    aside: await columnsAside(db, table, info, ours, names),
    sequence: info.sequence,
  };
}

async function columnsAside(
  db: Database,
  table: OldTable,
  info: OldTableInfo,
  our: readonly OurColumn[],
  names: Set<string>,
): Promise<Map<string, string>> {
  const aside = new Map<string, string>();
  for (const column of strangeColumns(table, our, info.columns)) {
    // Every value of a time becomes a time (fit.ts), or says nothing.
    if (column.kind === 'time' && column.name !== 'deleted_at') continue;
    const spelled = info.columns.get(column.name) ?? column.name;
    const others = `SELECT EXISTS (SELECT 1 FROM ${quoteName(info.name)} WHERE ${otherMeaning(table, column, spelled)}) AS found`;
    const [isOther] = await db.read([always(sql(others), (row) => row.bool('found'))]);
    if (isOther) aside.set(spelled, freeName(`old_${column.name}`, names));
  }
  return aside;
}

/** A copy without types, so that every value stays unchanged. */
function stage({ table, staging, row, refused, columns, aside }: Staged, old: OldSchema): string[] {
  const info = old.ours.get(table);
  if (info === undefined) return [];
  const names = [...columns.values()].map(quoteName);
  const own = [...info.columns.values()].map(quoteName).join(', ');
  return [
    `CREATE TABLE ${quoteName(staging)} (${quoteName(row)} INTEGER PRIMARY KEY, ${[...names, quoteName(refused)].join(', ')})`,
    `INSERT INTO ${quoteName(staging)} (${own}) SELECT ${own} FROM ${quoteName(info.name)}`,
    keepSql({ type: 'staged', name: table, tableName: staging, sql: refused }, null),
    ...[...aside].map(([name, kept]) =>
      keepSql(
        { type: 'column', name: `${table}.${name}`, tableName: info.name, sql: null },
        `the bot means something else by it: its values are in the column ${kept}`,
      ),
    ),
  ];
}
