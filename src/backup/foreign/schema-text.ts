/**
 * SQL text that a file brings along: exactly one CREATE statement of the type and name it is
 * declared to be, or it is refused. The first of two locks: SQLite's authorizer (connection.ts) is
 * the second one, and a server has none. Pure.
 */
import { isWord, nameIn, type SqlToken, tokenizeSql } from '../../lib/sql-tokens.ts';
import type { SchemaObject } from '../model/model.ts';
import { Damaged } from './errors.ts';

/** Modules of virtual tables that keep what they have in tables of the database, and only that. */
const SAFE_MODULES: ReadonlySet<string> = new Set([
  'fts3',
  'fts4',
  'fts4aux',
  'fts5',
  'fts5vocab',
  'geopoly',
  'rtree',
  'rtree_i32',
]);

export function isSafeModule(name: string): boolean {
  return SAFE_MODULES.has(name.toLowerCase());
}

/** What SQLite itself makes (https://sqlite.org/fileformat2.html#internal_schema_objects). */
const INTERNAL = /^sqlite_(sequence|stat[134])$/i;
const AUTOMATIC_INDEX = /^sqlite_autoindex_/i;
/** SQLite's own usual limit of a statement. */
const MOST_CHARACTERS = 1_000_000;
const MOST_OBJECTS = 10_000;

/** @throws {@link Damaged} that names the first object at fault. */
export function requireSchema(objects: readonly SchemaObject[]): void {
  if (objects.length > MOST_OBJECTS) throw new Damaged(`the schema has ${objects.length} objects`);
  const names = new Set<string>();
  for (const object of objects) {
    requireOneCreate(object);
    // Triggers have names of their own; tables, views and indexes share theirs.
    const name = `${object.type === 'trigger'} ${object.name.toLowerCase()}`;
    if (names.has(name)) throw fault(object, 'its name is there twice');
    names.add(name);
  }
}

function requireOneCreate(object: SchemaObject): void {
  const { type, name, sql } = object;
  if (name === '' || name.includes('\0')) throw fault(object, 'no name can be so');
  if (type === 'index' && sql === null && AUTOMATIC_INDEX.test(name)) return;
  if (type === 'table' && INTERNAL.test(name)) return;
  if (/^sqlite_/i.test(name)) throw fault(object, 'names that begin so are SQLite’s own');
  if (sql === null) throw fault(object, 'it has no SQL');
  if (sql.length > MOST_CHARACTERS) throw fault(object, `its SQL has ${sql.length} characters`);
  if (sql.includes('\0')) throw fault(object, 'its SQL holds a NUL character');
  const tokens = tokenizeSql(sql);
  // The last statement may be closed.
  while (tokens.at(-1)?.text === ';') tokens.pop();
  if (tokens.some(({ kind }) => kind === 'param')) throw fault(object, 'its SQL has parameters');
  const rest = afterHead(object, tokens);
  if (rest === undefined) throw fault(object, `its SQL is no CREATE ${type.toUpperCase()} of this name`);
  if (hasMore(type, rest)) throw fault(object, 'its SQL is more than one statement');
}

/** What follows `CREATE … name`; undefined when that is not what the object is declared to be. */
function afterHead({ type, name }: SchemaObject, all: readonly SqlToken[]): readonly SqlToken[] | undefined {
  let at = 0;
  const skip = (...words: readonly string[]): boolean => {
    if (!words.every((word, i) => isWord(all[at + i], word))) return false;
    at += words.length;
    return true;
  };
  if (!skip('CREATE')) return undefined;
  const isVirtual = type === 'table' && skip('VIRTUAL');
  if (type === 'index') skip('UNIQUE');
  if (!skip(type.toUpperCase())) return undefined;
  skip('IF', 'NOT', 'EXISTS');
  const token = all[at];
  if (nameIn(token)?.toLowerCase() !== name.toLowerCase()) return undefined;
  const rest = all.slice(at + 1);
  const [first, second] = rest;
  if (isVirtual) return isWord(first, 'USING') && isSafeModule(nameIn(second) ?? '') ? rest : undefined;
  // Not `AS SELECT`, which runs.
  if (type === 'table') return first?.text === '(' ? rest : undefined;
  if (type === 'index') return isWord(first, 'ON') ? rest : undefined;
  if (type === 'view') return isWord(first, 'AS') || first?.text === '(' ? rest : undefined;
  return first?.text === '.' ? undefined : rest;
}

/**
 * A trigger holds statements, each of them closed; its END is the one right after that, and nothing
 * follows.
 */
function hasMore(type: SchemaObject['type'], tokens: readonly SqlToken[]): boolean {
  if (type !== 'trigger') return tokens.some(({ text }) => text === ';');
  const end = tokens.findIndex((token, i) => isWord(token, 'END') && tokens[i - 1]?.text === ';');
  const begin = tokens.findIndex((token) => isWord(token, 'BEGIN'));
  const firstStatement = tokens.findIndex(({ text }) => text === ';');
  return begin < 0 || firstStatement < begin || end !== tokens.length - 1;
}

function fault({ type, name }: SchemaObject, reason: string): Damaged {
  return new Damaged(`the schema is refused: ${type} ${JSON.stringify(name.slice(0, 80))}: ${reason}`);
}
