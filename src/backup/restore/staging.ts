/**
 * Tables beside the living ones: the same columns, keys and constraints under names of our own, so
 * that their contents can be moved over page by page in one short transaction. Pure.
 */
import { isWord, nameIn, quoteName, tokenizeSql } from '../../lib/sql-tokens.ts';
import type { DatabaseSchema, IndexInfo, Row, SchemaObject, TableInfo } from '../model/model.ts';
import { sqlLiteral } from '../model/sql-literal.ts';
import { rowLayout } from '../model/values.ts';
import { requireNarrow } from '../snapshot/too-wide.ts';
import { controlTable, isStaging } from '../staged/staged-transaction.ts';
import { rowidName } from '../verify/insert-rows.ts';

export const RESTORE_CONTROL: string = controlTable('restore');

export interface StagedTable {
  readonly table: TableInfo;
  /** `restoring_7` */
  readonly name: string;
  readonly create: string;
  /** Its indexes, to be made when the rows are in. */
  readonly indexes: readonly string[];
}

/** The tables of a backup and what stands for them while they are loaded. */
export function stagedTables(schema: DatabaseSchema, tables: readonly TableInfo[]): StagedTable[] {
  const names = new Map(tables.map(({ name }, i) => [name.toLowerCase(), `restoring_${i}`]));
  return tables.map((table, i) => {
    requireNarrow(table);
    const name = `restoring_${i}`;
    const indexes = schema.indexes
      .filter((index) => index.table === table.name && index.sql !== null)
      .map((index, n) => indexUnder(index, `${name}_${n}`, name));
    if (table.sql === null) throw new Error(`table ${table.name} has no SQL`);
    return { table, name, create: renamed(table.sql, table.name, name, names), indexes };
  });
}

/**
 * `CREATE TABLE` under another name; references go to the tables staged beside it, so that nothing
 * of the living ones is tied to it.
 */
function renamed(sql: string, from: string, to: string, names: ReadonlyMap<string, string>): string {
  const tokens = tokenizeSql(sql);
  const at = tokens.findIndex((token) => isWord(token, 'TABLE')) + 1;
  const nameAt = isWord(tokens[at], 'IF') ? at + 3 : at;
  const edits: { start: number; end: number; text: string }[] = [];
  for (const [i, token] of tokens.entries()) {
    const bare = nameIn(token)?.toLowerCase() ?? '';
    const isOwn = i === nameAt || (bare === from.toLowerCase() && tokens[i + 1]?.text === '.');
    if (isOwn) edits.push({ ...token, text: to });
    else if (isWord(tokens[i - 1], 'REFERENCES'))
      edits.push({ ...token, text: names.get(bare) ?? `${to}_parent` });
  }
  return edited(sql, edits);
}

function indexUnder(index: IndexInfo, name: string, table: string): string {
  const sql = index.sql ?? '';
  const tokens = tokenizeSql(sql);
  const on = tokens.findIndex((token) => isWord(token, 'ON'));
  const [own, target] = [tokens[on - 1], tokens[on + 1]];
  if (own === undefined || target === undefined) throw new Error(`index ${index.name}: its SQL has no table`);
  return edited(sql, [
    { ...own, text: name },
    { ...target, text: table },
  ]);
}

function edited(sql: string, edits: readonly { start: number; end: number; text: string }[]): string {
  let text = '';
  let at = 0;
  for (const edit of edits) {
    text += sql.slice(at, edit.start) + edit.text;
    at = edit.end;
  }
  return text + sql.slice(at);
}

/**
 * `"t" (rowid, "a", "b")`: the rowid where it is data of its own, and all columns that are no
 * derived ones.
 */
export function columnList(table: TableInfo): string[] {
  const { rowid, columns } = rowLayout(table);
  const names = columns.map(({ name }) => quoteName(name));
  return rowid === 'hidden' ? [rowidName(table), ...names] : names;
}

/** Rows of a table scan as `(…),(…)`. */
export function rowTuple(row: Row, layout: ReturnType<typeof rowLayout>): string {
  const values = layout.at.map((at) => sqlLiteral(row[at] ?? null));
  return `(${(layout.rowid === 'hidden' ? [sqlLiteral(row[0] ?? null), ...values] : values).join(',')})`;
}

/**
 * Fills an empty table from its staged one; page by page where SQLite can (its "transfer
 * optimization": no list of columns).
 */
export function moveRows({ table, name }: StagedTable): string {
  const target = quoteName(table.name);
  const isWhole = table.columns.every(({ generated }) => generated === 'no');
  if (isWhole && (table.withoutRowid || table.rowidAlias !== null))
    return `INSERT INTO ${target} SELECT * FROM ${name}`;
  return copyColumns(target, columnList(table), name);
}

/**
 * Qualified, because a server takes a bare name in double quotes that fits no column for a text
 * (sqlite.org/quirks.html 8).
 */
export function copyColumns(target: string, columns: readonly string[], source: string): string {
  const read = columns.map((column) => `s.${column}`).join(', ');
  return `INSERT INTO ${target} (${columns.join(', ')}) SELECT ${read} FROM ${source} AS s`;
}

/**
 * Objects in an order in which they can be dropped: whatever hangs on tables first, virtual tables
 * before what they lie on.
 */
export function dropOrder(schema: DatabaseSchema): string[] {
  const objects = [...schema.objects].reverse().filter(({ name }) => !isStaging(name));
  const owned = new Set(schema.tables.filter(({ kind }) => kind !== 'table').map(({ name }) => name));
  const isVirtual = (object: SchemaObject): boolean => object.type === 'table' && !object.hasStorage;
  const plain = (object: SchemaObject): boolean =>
    object.type === 'table' && object.hasStorage && !owned.has(object.name);
  return [
    ...objects.filter(({ type }) => type === 'trigger').map(({ name }) => `DROP TRIGGER ${quoteName(name)}`),
    ...objects.filter(({ type }) => type === 'view').map(({ name }) => `DROP VIEW ${quoteName(name)}`),
    ...objects.filter(isVirtual).map(({ name }) => `DROP TABLE ${quoteName(name)}`),
    ...objects.filter(plain).map(({ name }) => `DROP TABLE ${quoteName(name)}`),
  ];
}
