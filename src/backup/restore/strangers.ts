/**
 * What acts in a database and is not made by this program's migrations: triggers, views, and on our tables indexes and definitions of
 * columns and constraints (CHECK, DEFAULT, generated columns, UNIQUE, references). Read from the words of the schema; nothing is run.
 * Pure.
 */

import { migrations } from '../../db/migrations/index.ts';
import { LEDGER } from '../../db/own-schema.ts';
import type { SchemaObject } from '../model.ts';
import { isWord, type SqlToken, tokenizeSql } from '../snapshot/sql-tokens.ts';

/** What a definition holds beyond a name and a type when it acts on what is written or read. */
const ACTING = ['CHECK', 'DEFAULT', 'AS', 'NOT', 'UNIQUE', 'PRIMARY', 'REFERENCES', 'COLLATE', 'FOREIGN'];
/** A line for people names this many; the others are counted. */
const MOST_NAMED = 5;
const MOST_CHARACTERS = 80;

export interface Stranger {
  /** For people: `trigger t`, `index i on users`, `in table users: CHECK (…)`. */
  readonly name: string;
  /** SQL of it runs when the bot reads or writes its own tables, or when its database is checked. */
  readonly runs: boolean;
  /** The very text of it, and of which table: what two databases are compared by. */
  readonly text: string;
}

type Objects = readonly Omit<SchemaObject, 'hasStorage'>[];

/** Triggers and views come first. */
export function strangersOf(objects: Objects): Stranger[] {
  const rank = ({ type }: { readonly type: string }): number =>
    ['trigger', 'view', 'index', 'table'].indexOf(type);
  // Tables of the old bot have its own definitions; a takeover makes them anew.
  const isMigrated = objects.some(({ type, name }) => type === 'table' && name === 'schema_migrations');
  const ordered = objects.toSorted((a, b) => rank(a) - rank(b));
  return ordered.flatMap(({ type, name, tableName, sql }): Stranger[] => {
    if (sql === null) return [];
    const tokens = tokenizeSql(sql);
    if (ours.objects.has(worded(tokens))) return [];
    const text = `${type} ${tableName}: ${sql}`;
    if (type === 'trigger') return [{ name: `trigger ${name}`, runs: true, text }];
    // The bot reads a view in the place of one of its tables.
    if (type === 'view') return [{ name: `view ${name}`, runs: ours.names.has(name.toLowerCase()), text }];
    if (isWord(tokens[1], 'VIRTUAL')) return [{ name: `virtual table ${name}`, runs: true, text }];
    const own = ours.definitions.get(tableName.toLowerCase());
    if (type === 'index') {
      const runs = isComputed(tokens);
      return own === undefined && !runs ? [] : [{ name: `index ${name} on ${tableName}`, runs, text }];
    }
    return strangeDefinitions(sql, own, isMigrated).map(({ tokens: found, runs }) => ({
      name: `in table ${tableName}: ${shortened(cut(sql, found))}`,
      runs,
      text: `${type} ${tableName}: ${cut(sql, found)}`,
    }));
  });
}

/** Those of a backup that run, and that are not the owner's own: the database that is replaced has not the very same. */
export function unknownOf(strangers: readonly Stranger[], living: readonly Stranger[]): Stranger[] {
  const known = new Set(living.map(({ text }) => text));
  return strangers.filter(({ runs, text }) => runs && !known.has(text));
}

/** For people; undefined when there are none. `where` ends the sentence: `at work once it is restored`. */
export function strangersNote(strangers: readonly Stranger[], where: string): string | undefined {
  return strangers.length === 0 ? undefined : `not made by this program, ${where}: ${listed(strangers)}`;
}

/** Some by name, the others by number. */
export function listed(strangers: readonly Stranger[]): string {
  const more = strangers.length - MOST_NAMED;
  const names = strangers.slice(0, MOST_NAMED).map(({ name }) => name);
  return `${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

const ours = readOurs();

interface Ours {
  /** Statements of triggers, indexes and virtual tables. */
  readonly objects: ReadonlySet<string>;
  /** Names of all tables. */
  readonly names: ReadonlySet<string>;
  /** Table name -> its definitions. */
  readonly definitions: ReadonlyMap<string, Set<string>>;
}

function readOurs(): Ours {
  const objects = new Set<string>();
  const definitions = new Map<string, Set<string>>();
  const names = new Set<string>();
  for (const sql of [LEDGER, ...migrations.flatMap(({ up }) => up(new Map()))]) {
    const made = /^CREATE TABLE (\w+)/.exec(sql)?.[1];
    const name = made ?? /^CREATE VIRTUAL TABLE (\w+)/.exec(sql)?.[1];
    if (name !== undefined) names.add(name);
    const added = /^ALTER TABLE (\w+) ADD COLUMN (.*)$/s.exec(sql);
    if (made !== undefined) definitions.set(made, new Set(definitionsOf(tokenizeSql(sql)).map(worded)));
    else if (added?.[1] !== undefined) definitions.get(added[1])?.add(worded(tokenizeSql(added[2] ?? '')));
    else objects.add(worded(tokenizeSql(sql)));
  }
  return { objects, definitions, names };
}

/** Columns and constraints of a `CREATE TABLE`, or columns of a `CREATE INDEX`, as tokens. */
function definitionsOf(statement: readonly SqlToken[]): SqlToken[][] {
  const found: SqlToken[][] = [[]];
  let depth = 0;
  for (const token of statement) {
    if (token.text === ')') depth -= 1;
    if (depth === 1 && token.text === ',') found.push([]);
    else if (depth > 0) found.at(-1)?.push(token);
    if (token.text === '(') depth += 1;
  }
  return found;
}

/** Of a table that is not ours only those that run something: nothing else of it concerns the bot. */
function strangeDefinitions(
  sql: string,
  own: ReadonlySet<string> | undefined,
  isMigrated: boolean,
): { readonly tokens: readonly SqlToken[]; readonly runs: boolean }[] {
  return definitionsOf(tokenizeSql(sql))
    .filter((tokens) => own?.has(worded(tokens)) !== true)
    .map((tokens) => ({ tokens, runs: runsSql(tokens, own !== undefined) }))
    .filter(({ tokens, runs }) => runs || (own !== undefined && isMigrated && isActing(tokens)));
}

function isActing(tokens: readonly SqlToken[]): boolean {
  return tokens.some((token) => ACTING.some((word) => isWord(token, word)));
}

/** CHECK, a generated column, a DEFAULT that is computed; in a table of ours ON DELETE, ON UPDATE and ON CONFLICT too. */
function runsSql(tokens: readonly SqlToken[], isOurs: boolean): boolean {
  return tokens.some(
    (token, i) =>
      isWord(token, 'CHECK') ||
      isWord(token, 'AS') ||
      (isWord(token, 'DEFAULT') && tokens[i + 1]?.text === '(') ||
      (isOurs && isWord(token, 'ON')),
  );
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
      (collate === undefined || (isWord(collate, 'COLLATE') && collation !== undefined))
    );
  };
  return tokens.some((token) => isWord(token, 'WHERE')) || ![columns, ...more].every(isBare);
}

/** The same for the same statement, however it is spaced, quoted and spelled. */
function worded(tokens: readonly SqlToken[]): string {
  return tokens
    .map(({ kind, text }) =>
      kind === 'name' ? text.slice(1, -1).toLowerCase() : kind === 'word' ? text.toLowerCase() : text,
    )
    .join(' ');
}

function cut(sql: string, tokens: readonly SqlToken[]): string {
  return sql.slice(tokens[0]?.start, tokens.at(-1)?.end);
}

function shortened(sql: string): string {
  const text = sql.replaceAll(/\s+/g, ' ');
  return text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text;
}
