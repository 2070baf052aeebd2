/**
 * The triggers of the change log: they append the key of every changed row to `change_log`, in the
 * transaction of the change. Pure.
 *
 * A trigger does nothing else, by plain INSERTs that no constraint can refuse: an `OR …` of the
 * outer statement would override any conflict clause here (sqlite.org/lang_createtrigger.html).
 */
import { quoteName } from '../../lib/sql-tokens.ts';
import type { IndexInfo, SchemaObject, TableInfo } from '../model/model.ts';
import { keyOf, keyText, type RowKey } from './change-key.ts';
import { type Conflict, columnsOf, conflictIn, conflictSql, conflictsOf } from './conflict-triggers.ts';

export const LOG_TABLE = 'change_log';

export interface ChangeTrigger {
  readonly name: string;
  readonly sql: string;
}

/**
 * What must be in `sqlite_schema`, letter by letter.
 * @param indexes of the database
 */
export function triggersOf(table: TableInfo, indexes: readonly IndexInfo[]): readonly ChangeTrigger[] {
  const key = keyOf(table);
  if (key === undefined) return [];
  const { known } = conflictsOf(table, indexes);
  return [
    ...rowTriggers(table.name, key),
    ...conflictTriggers(table.name, { key, conflicts: known, columns: columnsOf(known, table) }),
  ];
}

const ROW_EVENTS = ['insert', 'update', 'delete'] as const;
const CONFLICT_EVENTS = ['replace', 'rewrite'] as const;

/** Of all that a table may have. */
export function triggerNames(table: string): string[] {
  return [...ROW_EVENTS, ...CONFLICT_EVENTS].map((event) => nameOf(event, table));
}

function nameOf(event: string, table: string): string {
  return `change_log_${event}_${table}`;
}

const ENTRY = `INSERT INTO ${LOG_TABLE} (tbl, key, rest)`;

/** @param on the table's name now: SQLite renames it in a trigger's text, but in no literal */
function rowTriggers(table: string, key: RowKey, on = table): ChangeTrigger[] {
  const moved = [key.first, ...key.rest]
    .map((name) => `OLD.${name} COLLATE BINARY IS NOT NEW.${name}`)
    .join(' OR ');
  const values = (as: string): string => valuesOf(table, key, as);
  const bodies = {
    insert: `${ENTRY} VALUES (${values('NEW')});`,
    update: `${ENTRY} VALUES (${values('NEW')}); ${ENTRY} SELECT ${values('OLD')} WHERE ${moved};`,
    delete: `${ENTRY} VALUES (${values('OLD')});`,
  };
  return ROW_EVENTS.map((event) => {
    const name = nameOf(event, table);
    const when = `AFTER ${event.toUpperCase()} ON ${quoteName(on)}`;
    return { name, sql: `CREATE TRIGGER ${quoteName(name)} ${when} BEGIN ${bodies[event]} END` };
  });
}

interface Conflicting {
  readonly key: RowKey;
  readonly conflicts: readonly Conflict[];
  /** Undefined: every UPDATE is looked at. */
  readonly columns: readonly string[] | undefined;
}

function conflictTriggers(
  table: string,
  { key, conflicts, columns }: Conflicting,
  on = table,
): ChangeTrigger[] {
  if (conflicts.length === 0) return [];
  const found = `${ENTRY} SELECT ${valuesOf(table, key, 'o')} FROM ${quoteName(on)} AS o WHERE`;
  const body = conflicts.map((conflict) => `${found} ${conflictSql(conflict)};`).join(' ');
  const of = columns === undefined ? '' : ` OF ${columns.join(', ')}`;
  return CONFLICT_EVENTS.map((event) => {
    const name = nameOf(event, table);
    const when = `BEFORE ${event === 'replace' ? 'INSERT' : `UPDATE${of}`} ON ${quoteName(on)}`;
    return { name, sql: `CREATE TRIGGER ${quoteName(name)} ${when} BEGIN ${body} END` };
  });
}

function valuesOf(table: string, key: RowKey, as: string): string {
  const { key: first, rest } = keyText(key, as);
  return `'${table.replaceAll("'", "''")}', ${first}, ${rest}`;
}

const NAME = '"(?:[^"]|"")+"';
const COLUMN = `(?:${NAME}|rowid|_rowid_|oid)`;

/**
 * Whether a trigger is the change log's own: by its whole text, never by its name. Taken from the
 * text itself are only the columns of the key and of unique indexes, and the name that the table
 * had when it was made.
 * @param isColumn whether the table has the column (`"a"`, `rowid`); without it no row could be
 * written any more
 */
export function isChangeTrigger(
  { name, tableName, sql }: Pick<SchemaObject, 'name' | 'tableName' | 'sql'>,
  isColumn: (column: string) => boolean = () => true,
): boolean {
  const event = /^CREATE TRIGGER "change_log_(insert|update|delete|replace|rewrite)_/.exec(sql ?? '')?.[1];
  if (event === undefined || sql === null) return false;
  const table = name.replace(`change_log_${event}_`, '');
  const isConflict = event === 'replace' || event === 'rewrite';
  const key = keyInText(sql, isConflict ? 'o' : event === 'delete' ? 'OLD' : 'NEW');
  if (key === undefined) return false;
  const conflicts = isConflict ? sql.split(ENTRY).slice(1).map(conflictIn) : [];
  const columns = event === 'rewrite' ? setInText(sql) : undefined;
  const texts = isConflict
    ? conflictTriggers(table, { key, conflicts, columns }, tableName)
    : rowTriggers(table, key, tableName);
  const used = conflicts.flatMap((conflict) =>
    [...conflict.columns, ...conflict.only].map((one) => one.name),
  );
  return (
    [key.first, ...key.rest, ...used, ...(columns ?? [])].every(isColumn) &&
    texts.some((own) => own.name === name && own.sql === sql)
  );
}

const keyBehind = (as: string): RegExp =>
  new RegExp(`, ${as}\\.(${COLUMN}), |typeof\\(${as}\\.(${COLUMN})\\)`, 'g');
/** A database has hundreds of such triggers. */
const KEY_IN_TEXT = { o: keyBehind('o'), OLD: keyBehind('OLD'), NEW: keyBehind('NEW') };

/** The key's columns in the text of such a trigger. */
function keyInText(sql: string, as: 'o' | 'OLD' | 'NEW'): RowKey | undefined {
  const found = [...sql.matchAll(KEY_IN_TEXT[as])];
  const names = found.map(([, one, more]) => one ?? more ?? '');
  // Each statement of the text has the same key.
  const again = names.indexOf(names[0] ?? '', 1);
  const [first, ...rest] = again < 0 ? names : names.slice(0, again);
  return first === undefined ? undefined : { first, rest };
}

function setInText(sql: string): string[] | undefined {
  const list = new RegExp(`" BEFORE UPDATE OF (${NAME}(?:, ${NAME})*) ON "`).exec(sql)?.[1];
  return list === undefined ? undefined : [...list.matchAll(new RegExp(NAME, 'g'))].map(([one]) => one);
}
