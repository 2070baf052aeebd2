/**
 * Every object and definition that the migrations make, and a `CREATE` statement taken apart to be
 * held against them. Pure.
 */
import { migrations } from '../../db/migrations/all-migrations.ts';
import { LEDGER } from '../../db/own-schema.ts';
import { isWord, nameIn, type SqlToken, tokenizeSql } from '../../lib/sql-tokens.ts';
import { optionsOf } from '../../lib/table-sql.ts';

/** In quotes these are a part of a type, and the definition loses what it seems to have. */
const KEYWORDS = [
  'AS',
  'AUTOINCREMENT',
  'CHECK',
  'COLLATE',
  'CONSTRAINT',
  'DEFAULT',
  'FOREIGN',
  'GENERATED',
  'NOT',
  'NULL',
  'ON',
  'PRIMARY',
  'REFERENCES',
  'UNIQUE',
];
const OF_TABLES = ['CONSTRAINT', 'PRIMARY', 'UNIQUE', 'CHECK', 'FOREIGN'];

export interface OwnTable {
  /** Of columns and of constraints, as {@link worded} has them. */
  readonly definitions: ReadonlySet<string>;
  readonly columns: ReadonlySet<string>;
  /** Constraints of the table itself, as {@link worded} has them. */
  readonly constraints: readonly string[];
  /** `without rowid`, or nothing. */
  readonly options: string;
}

export interface Own {
  /** Statements of triggers, indexes and virtual tables, as {@link worded} has them. */
  readonly objects: ReadonlySet<string>;
  /** Names of all tables and indexes. */
  readonly names: ReadonlySet<string>;
  readonly tables: ReadonlyMap<string, OwnTable>;
}

export function readOwn(): Own {
  const objects = new Set<string>();
  const names = new Set<string>();
  const made = new Map<string, { readonly parts: SqlToken[][]; readonly options: string }>();
  for (const sql of [LEDGER, ...migrations.flatMap(({ up }) => up(new Map()))]) {
    const [, kind, name] = /^CREATE (?:UNIQUE )?(TABLE|VIRTUAL TABLE|INDEX) (\w+)/.exec(sql) ?? [];
    if (name !== undefined) names.add(name);
    const added = /^ALTER TABLE (\w+) ADD COLUMN (.*)$/s.exec(sql);
    const tokens = tokenizeSql(sql);
    if (kind === 'TABLE' && name !== undefined)
      made.set(name, { parts: definitionsOf(tokens), options: worded(optionsOf(tokens)) });
    else if (added?.[1] !== undefined) made.get(added[1])?.parts.push(tokenizeSql(added[2] ?? ''));
    else objects.add(worded(tokens));
  }
  const tables = [...made].map(([name, { parts, options }]): [string, OwnTable] => {
    const columns = parts.filter((part) => !isOfTable(part)).map(columnOf);
    const constraints = parts.filter(isOfTable).map(worded);
    return [
      name,
      { definitions: new Set(parts.map(worded)), columns: new Set(columns), constraints, options },
    ];
  });
  return { objects, names, tables: new Map(tables) };
}

/** Columns and constraints of a `CREATE TABLE`, or columns of a `CREATE INDEX`, as tokens. */
export function definitionsOf(statement: readonly SqlToken[]): SqlToken[][] {
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

/** A constraint of the table, not a column of it. */
export function isOfTable([first]: readonly SqlToken[]): boolean {
  return OF_TABLES.some((word) => isWord(first, word));
}

/** The name of a column, in lower case. */
export function columnOf([first]: readonly SqlToken[]): string {
  return nameIn(first)?.toLowerCase() ?? '';
}

/** The same for the same statement, however it is spaced, quoted and spelled. */
export function worded(tokens: readonly SqlToken[]): string {
  return tokens
    .map(({ kind, text }) => {
      if (kind === 'word') return text.toLowerCase();
      const name = text.slice(1, -1);
      return kind === 'name' && !KEYWORDS.includes(name.toUpperCase()) ? name.toLowerCase() : text;
    })
    .join(' ');
}
