/**
 * What acts in a database and is not made by this program's migrations: triggers, views, on our
 * tables indexes, and whatever in a table of ours differs from what the migrations write there.
 * Read from the words of the schema; nothing is run. Pure.
 */
import { isWord, type SqlToken, tokenizeSql } from '../../lib/sql-tokens.ts';
import { optionsOf, tableOptions } from '../../lib/table-sql.ts';
import { hugeViews } from '../../lib/view-size.ts';
import type { SchemaObject } from '../model/model.ts';
import { ROWIDS } from './change-key.ts';
import { isChangeTrigger, LOG_TABLE } from './change-triggers.ts';
import { columnOf, definitionsOf, isOfTable, type OwnTable, readOwn, worded } from './own-definitions.ts';

/**
 * Others are known to one program and not to the next: no index and no check of SQLite's works with
 * them.
 */
const COLLATIONS = ['BINARY', 'NOCASE', 'RTRIM'];
/** What the definition of a column begins with where it is more than a name and a type. */
const ACTING = [
  'CONSTRAINT',
  'PRIMARY',
  'NOT',
  'NULL',
  'UNIQUE',
  'CHECK',
  'DEFAULT',
  'COLLATE',
  'REFERENCES',
  'GENERATED',
  'AS',
  'ON',
];
/** A line for people names this many; the others are counted. */
const MOST_NAMED = 5;
const MOST_CHARACTERS = 80;

export interface Stranger {
  /** For people: `trigger t`, `index i on users`, `in table users: CHECK (…)`. */
  readonly name: string;
  /** It acts when the bot reads or writes its tables, or when its database is checked or copied. */
  readonly runs: boolean;
  /** The very text of it, and of which table: what two databases are compared by. */
  readonly text: string;
}

type Objects = readonly Omit<SchemaObject, 'hasStorage'>[];

const own = readOwn();

/** Triggers and views come first. */
export function strangersOf(objects: Objects): Stranger[] {
  const rank = ({ type }: { readonly type: string }): number =>
    ['trigger', 'view', 'index', 'table'].indexOf(type);
  // Tables of the old bot have its own definitions; a takeover makes them anew.
  const isMigrated = objects.some(
    ({ type, name }) => type === 'table' && name.toLowerCase() === 'schema_migrations',
  );
  const huge = hugeViews(objects);
  const keysOf = keyColumns(objects);
  const ordered = objects.toSorted((a, b) => rank(a) - rank(b));
  return ordered.flatMap(({ type, name, tableName, sql }): Stranger[] => {
    if (sql === null) return [];
    // The log has most of all triggers, and they are long: first, and by their text.
    if (type === 'trigger' && isOfChangeLog({ name, tableName, sql }, keysOf)) return [];
    const tokens = tokenizeSql(sql);
    if (own.objects.has(worded(tokens))) return [];
    const text = `${type} ${tableName}: ${sql}`;
    const isNameOurs = own.names.has(name.toLowerCase());
    if (type === 'trigger') return [{ name: `trigger ${name}`, runs: true, text }];
    // The bot reads a view in the place of one of its tables, and SQLite reads all views at some
    // statements.
    if (type === 'view')
      return huge.has(name.toLowerCase())
        ? [{ name: `view ${name}, which is made of too many others`, runs: true, text }]
        : [{ name: `view ${name}`, runs: isNameOurs, text }];
    if (isWord(tokens[1], 'VIRTUAL')) return [{ name: `virtual table ${name}`, runs: true, text }];
    const table = own.tables.get(tableName.toLowerCase());
    if (type === 'index') {
      const isOnOurs = table !== undefined;
      const runs = isComputed(tokens) || isNameOurs || (isOnOurs && isWord(tokens[1], 'UNIQUE'));
      return !isOnOurs && !runs ? [] : [{ name: `index ${name} on ${tableName}`, runs, text }];
    }
    return strangeParts(sql, table, isMigrated).map(({ found, runs }) => ({
      name: `in table ${tableName}: ${shortened(found)}`,
      runs,
      text: `${type} ${tableName}: ${found}`,
    }));
  });
}

/** Of the change log, which has no triggers among the migrations, and on a table that it fits. */
function isOfChangeLog(
  trigger: Pick<SchemaObject, 'name' | 'tableName' | 'sql'>,
  keysOf: ReturnType<typeof keyColumns>,
): boolean {
  const isKey = keysOf(trigger.tableName);
  return isKey !== undefined && isChangeTrigger(trigger, isKey);
}

/** Of a table, whether it has a column; undefined where it, or the change log, is not there. */
function keyColumns(objects: Objects): (table: string) => ((column: string) => boolean) | undefined {
  const tables = new Map(
    objects.flatMap(({ type, name, sql }) => (type === 'table' && sql ? [[name.toLowerCase(), sql]] : [])),
  );
  const known = new Map<string, (column: string) => boolean>();
  return (table) => {
    const name = table.toLowerCase();
    const sql = tables.has(LOG_TABLE) ? tables.get(name) : undefined;
    if (sql === undefined) return undefined;
    // A table has several triggers.
    const found = known.get(name) ?? columnsIn(sql);
    known.set(name, found);
    return found;
  };
}

function columnsIn(sql: string): (column: string) => boolean {
  const tokens = tokenizeSql(sql);
  const columns = new Set(
    definitionsOf(tokens)
      .filter((part) => !isOfTable(part))
      .map(columnOf),
  );
  const hasRowid = !tableOptions(tokens).withoutRowid;
  return (column) => {
    const [token] = tokenizeSql(column);
    return columns.has(token === undefined ? '' : columnOf([token])) || (hasRowid && ROWIDS.includes(column));
  };
}

/**
 * Those of a backup that run, and that are not the owner's own: the database that is replaced has
 * not the very same.
 */
export function unknownOf(strangers: readonly Stranger[], living: readonly Stranger[]): Stranger[] {
  const known = new Set(living.map(({ text }) => text));
  return strangers.filter(({ runs, text }) => runs && !known.has(text));
}

/** For people; undefined when none. `where` ends the sentence: `at work once it is restored`. */
export function strangersNote(strangers: readonly Stranger[], where: string): string | undefined {
  return strangers.length === 0 ? undefined : `not made by this program, ${where}: ${listed(strangers)}`;
}

/** Some by name, the others by number. */
export function listed(strangers: readonly Stranger[]): string {
  const more = strangers.length - MOST_NAMED;
  const names = strangers.slice(0, MOST_NAMED).map(({ name }) => name);
  return `${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

interface Part {
  /** Text for people, and to compare by. */
  readonly found: string;
  readonly runs: boolean;
}

/** Of a table that is not ours, or is the old bot's, only what runs. */
function strangeParts(sql: string, table: OwnTable | undefined, isMigrated: boolean): Part[] {
  const tokens = tokenizeSql(sql);
  const parts = definitionsOf(tokens);
  const others = parts.filter((part) => table?.definitions.has(worded(part)) !== true);
  if (table === undefined || !isMigrated)
    return others
      .filter((part) => runsSql(part, table !== undefined))
      .map((part) => ({ found: cut(sql, part), runs: true }));
  const strange = others
    .map(
      (part): Part => ({ found: cut(sql, part), runs: table.columns.has(columnOf(part)) || !isPlain(part) }),
    )
    // An owner's own column without a default writes nothing.
    .filter(({ found, runs }) => runs || /\bDEFAULT\b/i.test(found));
  const known = new Set(parts.filter(isOfTable).map(worded));
  const gone = table.constraints
    .filter((constraint) => !known.has(constraint))
    .map((constraint) => ({ found: `without ${constraint}`, runs: true }));
  const options = optionsOf(tokens);
  if (worded(options) === table.options) return [...strange, ...gone];
  const found = options.length === 0 ? `not ${table.options}` : cut(sql, options);
  return [...strange, ...gone, { found, runs: true }];
}

/** A column with a type and a constant default, and nothing else. */
function isPlain(part: readonly SqlToken[]): boolean {
  if (isOfTable(part)) return false;
  const at = part.findIndex((token, i) => i > 0 && ACTING.some((word) => isWord(token, word)));
  if (at < 0) return true;
  const [first, ...values] = part.slice(at);
  const [value, ...more] = /^[+-]$/.test(values[0]?.text ?? '') ? values.slice(1) : values;
  return isWord(first, 'DEFAULT') && value !== undefined && value.kind !== 'symbol' && more.length === 0;
}

/**
 * CHECK, a generated column, a DEFAULT that is computed, an unknown COLLATE, a reference to a table
 * of ours; in a table of ours ON DELETE, ON UPDATE and ON CONFLICT too.
 */
function runsSql(tokens: readonly SqlToken[], isOurs: boolean): boolean {
  return tokens.some((token, i) => {
    const next = tokens[i + 1];
    return (
      isWord(token, 'CHECK') ||
      isWord(token, 'AS') ||
      (isWord(token, 'DEFAULT') && next?.text === '(') ||
      (isWord(token, 'COLLATE') && !isKnownCollation(next)) ||
      (!isOurs && isWord(token, 'REFERENCES') && next !== undefined && own.tables.has(columnOf([next]))) ||
      (isOurs && isWord(token, 'ON'))
    );
  });
}

function isKnownCollation(token: SqlToken | undefined): boolean {
  return token !== undefined && COLLATIONS.includes(columnOf([token]).toUpperCase());
}

/** An index of more than bare columns, or of some rows only. */
function isComputed(tokens: readonly SqlToken[]): boolean {
  const [columns = [], ...more] = definitionsOf(tokens);
  const isBare = ([first, ...rest]: readonly SqlToken[]): boolean => {
    const order = rest.filter((token) => !isWord(token, 'ASC') && !isWord(token, 'DESC'));
    const [collate, collation, ...others] = order;
    const isNamed = first?.kind === 'word' || first?.kind === 'name';
    return (
      isNamed &&
      others.length === 0 &&
      (collate === undefined || (isWord(collate, 'COLLATE') && isKnownCollation(collation)))
    );
  };
  return tokens.some((token) => isWord(token, 'WHERE')) || ![columns, ...more].every(isBare);
}

function cut(sql: string, tokens: readonly SqlToken[]): string {
  return sql.slice(tokens[0]?.start, tokens.at(-1)?.end);
}

function shortened(sql: string): string {
  const text = sql.replaceAll(/\s+/g, ' ');
  return text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text;
}
