/**
 * An old bot's database becomes this bot's, in the transaction of the first migration. It copies
 * the tables unchanged, drops them, makes them anew and fills them (take-rows.ts). Objects with a
 * name of ours that are not the old bot's are set aside under `old_…`. Other tables stay, without
 * the foreign keys that would keep the bot from deleting its own rows. Nothing is dropped whose
 * rows are not somewhere else by then.
 */

import { all, type Database, DatabaseUnavailable, type Statement, sql } from '../db/database.ts';
import { SALVAGE } from '../db/database-fault.ts';
import { DatabaseUnfit } from '../db/database-unfit.ts';
import type { TakeOver } from '../db/migrate.ts';
import { quoteName } from '../lib/sql-tokens.ts';
import { finish } from './finish.ts';
import { withoutForeignKeys } from './foreign-keys.ts';
import { makeKept } from './kept-names.ts';
import { type OldObject, type OldSchema, type OldTableInfo, readOldSchema } from './old-schema.ts';
import {
  isOurName,
  OLD_SCHEMA,
  OLD_VALUES,
  type OldTable,
  type OurColumn,
  type OurSchema,
  ourSchema,
} from './our-schema.ts';
import { planMending } from './plan-mending.ts';
import { planSearch } from './plan-search.ts';
import { otherMeaning, type Staged, strangeColumns, takeRows } from './take-rows.ts';
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
        : [{ name: column.name, spelled, kind: column.kind }];
    });
    const values = await findUnfit(db, info.name, columns);
    if (values.length > 0) mends.push(...mendStatements(table, one.staging, values));
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
    staging: free(`old_${table}`, taken),
    row: free('n', names),
    refused: free('refused', names),
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
    const [[isOther]] = await db.read([all(sql(others), (row) => row.bool('found'))]);
    if (isOther === true) aside.set(spelled, free(`old_${column.name}`, names));
  }
  return aside;
}

/** A free name; from now on it is taken. */
function free(wanted: string, taken: Set<string>): string {
  let name = wanted;
  for (let n = 2; taken.has(name.toLowerCase()); n += 1) name = `${wanted}_${n}`;
  taken.add(name.toLowerCase());
  return name;
}

/**
 * Views and triggers would follow renames, break, or run in the bot's own writes; they are written
 * down and made again at the end.
 */
function dropPrograms(old: OldSchema, our: OurSchema): string[] {
  const ofType = (type: string): OldObject[] => old.objects.filter((object) => object.type === type);
  return ['trigger', 'view'].flatMap((type) =>
    ofType(type).flatMap((object) => [
      keepSql(object, whyLeft(object, old, our)),
      `DROP ${type} ${quoteName(object.name)}`,
    ]),
  );
}

function whyLeft(object: OldObject, old: OldSchema, our: OurSchema): string | null {
  if (isOurName(our, object.name)) return 'the bot has something of that name';
  const isOnOurs = [...old.ours.values()].some(
    ({ name }) => name.toLowerCase() === object.tableName.toLowerCase(),
  );
  if (object.type === 'trigger' && isOnOurs) return "it would run in the bot's own writes";
  if (object.type === 'index' && isOnOurs && /^CREATE\s+UNIQUE/i.test(object.sql ?? ''))
    return 'the bot may write such values twice';
  return null;
}

const RECORD = `INSERT INTO ${OLD_SCHEMA}`;

function keepSql({ type, name, tableName, sql: text }: OldObject, why: string | null): string {
  const literal = (value: string | null): string =>
    value === null ? 'NULL' : `'${value.replaceAll("'", "''")}'`;
  return `${RECORD} VALUES (${[type, name, tableName, text, why].map(literal).join(', ')})`;
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

/**
 * Tables that are not the old bot's: made again without foreign keys into our new tables, and
 * renamed where the name is ours.
 */
function foreignTables(
  old: OldSchema,
  our: OurSchema,
  taken: Set<string>,
): { readonly before: string[]; readonly after: string[] } {
  const remade = remadeTables(old, our);
  const ours = new Set([...old.ours.values()].map(({ name }) => name.toLowerCase()));
  const [copies, indexes, renames, dropped]: [string[], string[], string[], string[]] = [[], [], [], []];
  for (const info of remade.values()) {
    const key = info.name.toLowerCase();
    if (ours.has(key)) {
      indexes.push(...indexesOf(info, old).map((object) => keepSql(object, whyLeft(object, old, our))));
      continue;
    }
    const passing = free(`taking_${info.name}`, taken);
    const final = isOurName(our, info.name) ? free(`old_${info.name}`, taken) : info.name;
    const columns = [...(info.hasHiddenRowid ? ['rowid'] : []), ...[...info.columns.values()].map(quoteName)];
    const names = new Set([...info.columns.keys(), key, ...info.parents]);
    copies.push(
      withoutForeignKeys(info.sql, passing, names),
      `INSERT INTO ${quoteName(passing)} (${columns.join(', ')}) SELECT ${columns.join(', ')} FROM ${quoteName(info.name)}`,
    );
    renames.push(`ALTER TABLE ${quoteName(passing)} RENAME TO ${quoteName(final)}`);
    if (info.sequence !== undefined)
      renames.push(
        `UPDATE sqlite_sequence SET seq = MAX(seq, ${info.sequence}) WHERE name = '${final.replaceAll("'", "''")}'`,
      );
    indexes.push(...indexesOf(info, old).map((object) => keepSql(object, whyLeft(object, old, our))));
    const why = `its foreign keys to the bot's tables are left out${final === info.name ? '' : `, and it is ${final} now`}`;
    indexes.push(keepSql({ type: 'table', name: info.name, tableName: info.name, sql: info.sql }, why));
  }
  for (const info of childrenFirst(remade)) dropped.push(`DROP TABLE ${quoteName(info.name)}`);
  const others = [...old.tables.values()].filter(({ name }) => !remade.has(name.toLowerCase()));
  for (const info of others) {
    for (const index of indexesOf(info, old).filter(({ name }) => isOurName(our, name)))
      dropped.push(keepSql(index, whyLeft(index, old, our)), `DROP INDEX ${quoteName(index.name)}`);
    if (!isOurName(our, info.name)) continue;
    const final = free(`old_${info.name}`, taken);
    renames.push(
      `ALTER TABLE ${quoteName(info.name)} RENAME TO ${quoteName(final)}`,
      keepSql(
        { type: 'table', name: info.name, tableName: info.name, sql: info.sql },
        `the bot has a table of that name: it is ${final} now`,
      ),
    );
  }
  return { before: [...copies, ...dropped, ...renames], after: indexes };
}

/**
 * The old bot's tables, and all tables that point to them, to a name of ours, or to such a table.
 * By lower-case name.
 */
function remadeTables(old: OldSchema, our: OurSchema): Map<string, OldTableInfo> {
  const remade = new Map([...old.ours.values()].map((info) => [info.name.toLowerCase(), info]));
  for (let before = -1; before !== remade.size; ) {
    before = remade.size;
    for (const [key, info] of old.tables)
      if (!info.isVirtual && [...info.parents].some((parent) => remade.has(parent) || isOurName(our, parent)))
        remade.set(key, info);
  }
  return remade;
}

/** Tables in a circle come last, in any order. */
function childrenFirst(tables: ReadonlyMap<string, OldTableInfo>): OldTableInfo[] {
  const left = new Map(tables);
  const order: OldTableInfo[] = [];
  while (left.size > 0) {
    const free = [...left].filter(
      ([key]) => ![...left].some(([other, { parents }]) => other !== key && parents.has(key)),
    );
    for (const [key, info] of free.length > 0 ? free : [...left]) {
      order.push(info);
      left.delete(key);
    }
  }
  return order;
}

function indexesOf({ name }: OldTableInfo, old: OldSchema): OldObject[] {
  return old.objects.filter(
    (object) =>
      object.type === 'index' && object.sql !== null && object.tableName.toLowerCase() === name.toLowerCase(),
  );
}
