/**
 * The triggers of the change log: they append the key of every changed row to `change_log`, in the
 * transaction of the change. Pure.
 *
 * A trigger does nothing else, by plain INSERTs that no constraint can refuse: an `OR …` of the
 * outer statement would override any conflict clause here (sqlite.org/lang_createtrigger.html).
 */
import { quoteName } from '../../lib/sql-tokens.ts';
import type { SchemaObject, TableInfo } from '../model/model.ts';

export const LOG_TABLE = 'change_log';

/** SQL of a row's key: of one column, and of the others of a longer primary key. */
interface RowKey {
  /** Behind `NEW.` or a table's name. */
  readonly first: string;
  readonly rest: readonly string[];
}

/** Undefined where nothing names the row. */
function keyOf(table: TableInfo): RowKey | undefined {
  if (table.withoutRowid) {
    const [first, ...rest] = table.columns
      .filter(({ primaryKey }) => primaryKey > 0)
      .sort((a, b) => a.primaryKey - b.primaryKey)
      .map(({ name }) => quoteName(name));
    return first === undefined ? undefined : { first, rest };
  }
  const first = ROWIDS.find((name) => !table.columns.some((column) => column.name.toLowerCase() === name));
  if (first !== undefined) return { first, rest: [] };
  const alias = table.rowidAlias === null ? undefined : table.columns[table.rowidAlias];
  return alias && { first: quoteName(alias.name), rest: [] };
}

export const ROWIDS: readonly string[] = ['rowid', '_rowid_', 'oid'];

/**
 * SQL of a row's key as the change log has it. `as` is the row: `NEW`, `OLD`, a table or its alias.
 * `rest` is NULL for a key of one column. It is ASCII, and the same only for the same values:
 * `quote` would cut a text at a NUL character.
 * @throws for a table that is not covered
 */
export function keySql(table: TableInfo, as: string): { readonly key: string; readonly rest: string } {
  const key = keyOf(table);
  if (key === undefined) throw new Error(`table ${table.name} has no key`);
  return keyText(key, as);
}

function keyText({ first, rest }: RowKey, as: string): { key: string; rest: string } {
  const parts = rest.map((name) => restText(`${as}.${name}`));
  return { key: `${as}.${first}`, rest: parts.length === 0 ? 'NULL' : parts.join(" || ',' || ") };
}

function restText(value: string): string {
  return `CASE typeof(${value}) WHEN 'text' THEN 't' || hex(${value}) ELSE quote(${value}) END`;
}

export interface ChangeTrigger {
  readonly name: string;
  readonly sql: string;
}

/** What must be in `sqlite_schema`, letter by letter. */
export function triggersOf(table: TableInfo): readonly ChangeTrigger[] {
  const key = keyOf(table);
  return key === undefined ? [] : triggerTexts(table.name, key);
}

const EVENTS = ['insert', 'update', 'delete'] as const;

export function triggerNames(table: string): string[] {
  return EVENTS.map((event) => `change_log_${event}_${table}`);
}

/** @param on the table's name now: SQLite renames it in a trigger's text, but in no literal */
function triggerTexts(table: string, key: RowKey, on = table): ChangeTrigger[] {
  const literal = `'${table.replaceAll("'", "''")}'`;
  const columns = `INSERT INTO ${LOG_TABLE} (tbl, key, rest)`;
  const values = (as: string): string => {
    const { key: first, rest } = keyText(key, as);
    return `${literal}, ${first}, ${rest}`;
  };
  const moved = [key.first, ...key.rest]
    .map((name) => `OLD.${name} COLLATE BINARY IS NOT NEW.${name}`)
    .join(' OR ');
  const bodies = {
    insert: `${columns} VALUES (${values('NEW')});`,
    update: `${columns} VALUES (${values('NEW')}); ${columns} SELECT ${values('OLD')} WHERE ${moved};`,
    delete: `${columns} VALUES (${values('OLD')});`,
  };
  return triggerNames(table).map((name, i) => {
    const event = EVENTS[i] ?? 'insert';
    const when = `AFTER ${event.toUpperCase()} ON ${quoteName(on)}`;
    return { name, sql: `CREATE TRIGGER ${quoteName(name)} ${when} BEGIN ${bodies[event]} END` };
  });
}

const COLUMN = '(?:"(?:[^"]|"")+"|rowid|_rowid_|oid)';

/**
 * Whether a trigger is the change log's own: by its whole text, never by its name. Taken from the
 * text itself are only the columns of the key, and the name that the table had when it was made.
 * @param isColumn whether the table has the column (`"a"`, `rowid`); without it no row could be
 * written any more
 */
export function isChangeTrigger(
  { name, tableName, sql }: Pick<SchemaObject, 'name' | 'tableName' | 'sql'>,
  isColumn: (column: string) => boolean = () => true,
): boolean {
  const key = sql === null ? undefined : keyInText(sql);
  return (
    key !== undefined &&
    [key.first, ...key.rest].every(isColumn) &&
    triggerTexts(name.replace(NAME_HEAD, ''), key, tableName).some(
      (own) => own.name === name && own.sql === sql,
    )
  );
}

const NAME_HEAD = /^change_log_(?:insert|update|delete)_/;

/** The key's columns in the text of such a trigger. */
function keyInText(sql: string): RowKey | undefined {
  const event = /^CREATE TRIGGER "change_log_(insert|update|delete)_/.exec(sql)?.[1];
  const as = event === 'delete' ? 'OLD' : 'NEW';
  const found = [...sql.matchAll(new RegExp(`, ${as}\\.(${COLUMN}), |typeof\\(${as}\\.(${COLUMN})\\)`, 'g'))];
  const [first, ...rest] = found.map(([, one, more]) => one ?? more ?? '');
  return first === undefined || event === undefined ? undefined : { first, rest };
}
