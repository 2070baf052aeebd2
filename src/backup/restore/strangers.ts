/**
 * What acts in a database and is not made by this program's migrations: triggers, views, and on our tables indexes and definitions of
 * columns and constraints (CHECK, DEFAULT, generated columns, UNIQUE, references). Read from the words of the schema; nothing is run.
 * Pure.
 */
import { LEDGER } from '../../db/migrate.ts';
import { migrations } from '../../db/migrations/index.ts';
import type { SchemaObject } from '../model.ts';
import { isWord, type SqlToken, tokenizeSql } from '../snapshot/sql-tokens.ts';

/** What a definition holds beyond a name and a type when it acts on what is written or read. */
const ACTING = ['CHECK', 'DEFAULT', 'AS', 'NOT', 'UNIQUE', 'PRIMARY', 'REFERENCES', 'COLLATE', 'FOREIGN'];
/** A line for people names this many; the others are counted. */
const MOST_NAMED = 5;
const MOST_CHARACTERS = 80;

/** One text each, for people: `trigger t`, `index i on users`, `in table users: CHECK (…)`. Triggers and views come first. */
export function strangersOf(objects: readonly Omit<SchemaObject, 'hasStorage'>[]): string[] {
  const rank = ({ type }: { readonly type: string }): number =>
    ['trigger', 'view', 'index', 'table'].indexOf(type);
  // Tables of the old bot have its own definitions; a takeover makes them anew.
  const isMigrated = objects.some(({ type, name }) => type === 'table' && name === 'schema_migrations');
  const ordered = objects.toSorted((a, b) => rank(a) - rank(b));
  return ordered.flatMap(({ type, name, tableName, sql }) => {
    if (sql === null) return [];
    const table = ours.definitions.get(tableName.toLowerCase());
    if (type === 'table')
      return table === undefined || !isMigrated
        ? []
        : definitionsOf(sql)
            .filter((tokens) => isActing(tokens) && !table.has(worded(tokens)))
            .map((tokens) => `in table ${tableName}: ${shortened(sql, tokens)}`);
    if (ours.objects.has(worded(tokenizeSql(sql)))) return [];
    if (type === 'index') return table === undefined ? [] : [`index ${name} on ${tableName}`];
    return [`${type} ${name}`];
  });
}

/** For people; undefined when there are none. `where` ends the sentence: `at work once it is restored`. */
export function strangersNote(strangers: readonly string[], where: string): string | undefined {
  return strangers.length === 0 ? undefined : `not made by this program, ${where}: ${listed(strangers)}`;
}

/** Some by name, the others by number. */
function listed(names: readonly string[]): string {
  const more = names.length - MOST_NAMED;
  return `${names.slice(0, MOST_NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

const ours = readOurs();

interface Ours {
  /** Statements of triggers, views and indexes. */
  readonly objects: ReadonlySet<string>;
  /** Table name -> its definitions. */
  readonly definitions: ReadonlyMap<string, Set<string>>;
}

function readOurs(): Ours {
  const objects = new Set<string>();
  const definitions = new Map<string, Set<string>>();
  for (const sql of [LEDGER, ...migrations.flatMap(({ up }) => up(new Map()))]) {
    const made = /^CREATE TABLE (\w+)/.exec(sql)?.[1];
    const added = /^ALTER TABLE (\w+) ADD COLUMN (.*)$/s.exec(sql);
    if (made !== undefined) definitions.set(made, new Set(definitionsOf(sql).map(worded)));
    else if (added?.[1] !== undefined) definitions.get(added[1])?.add(worded(tokenizeSql(added[2] ?? '')));
    else objects.add(worded(tokenizeSql(sql)));
  }
  return { objects, definitions };
}

/** Columns and constraints of a `CREATE TABLE`, as tokens. */
function definitionsOf(sql: string): SqlToken[][] {
  const found: SqlToken[][] = [[]];
  let depth = 0;
  for (const token of tokenizeSql(sql)) {
    if (token.text === ')') depth -= 1;
    if (depth === 1 && token.text === ',') found.push([]);
    else if (depth > 0) found.at(-1)?.push(token);
    if (token.text === '(') depth += 1;
  }
  return found;
}

function isActing(tokens: readonly SqlToken[]): boolean {
  return tokens.some((token) => ACTING.some((word) => isWord(token, word)));
}

/** The same for the same statement, however it is spaced, quoted and spelled. */
function worded(tokens: readonly SqlToken[]): string {
  return tokens
    .map(({ kind, text }) =>
      kind === 'name' ? text.slice(1, -1).toLowerCase() : kind === 'word' ? text.toLowerCase() : text,
    )
    .join(' ');
}

function shortened(sql: string, tokens: readonly SqlToken[]): string {
  const text = sql.slice(tokens[0]?.start, tokens.at(-1)?.end).replaceAll(/\s+/g, ' ');
  return text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text;
}
