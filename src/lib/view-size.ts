/**
 * How much SQLite reads to resolve a view: it writes every view and every common table out again
 * each time it is named, so twenty short ones that name each other twice are a million SELECTs.
 * Counted by words; nothing is prepared. Pure.
 */
import { isWord, nameIn, type SqlToken, tokenizeSql } from './sql-tokens.ts';

/** SQLite resolves so many in a millisecond, and nobody writes a view of so many by hand. */
const MOST_NAMED = 500;
/** Of views in views. */
const MOST_DEPTH = 500;

/** A view, or a common table within one. */
interface Body {
  readonly end: number;
  /** Lower-case words of its own, which may be names. */
  readonly words: string[];
  /** Of the whole view. */
  readonly tables: ReadonlyMap<string, Body>;
  size?: number;
}

/**
 * Lower-case names of the views that are made of more than {@link MOST_NAMED} others, each counted
 * as often as it is written out.
 */
export function hugeViews(
  objects: readonly { readonly type: string; readonly name: string; readonly sql: string | null }[],
): ReadonlySet<string> {
  const views = new Map<string, Body>();
  for (const { type, name, sql } of objects)
    if (type === 'view') views.set(name.toLowerCase(), bodyOf(tokenizeSql(sql ?? '').slice(3)));
  return new Set([...views].filter(([, body]) => sizeOf(body, views, 0) > MOST_NAMED).map(([name]) => name));
}

function bodyOf(tokens: readonly SqlToken[]): Body {
  const ends = endsOf(tokens);
  const tables = new Map<string, Body>();
  const view: Body = { end: tokens.length, words: [], tables };
  const open = [view];
  for (let at = 0; at < tokens.length; at += 1) {
    while (at >= (open.at(-1)?.end ?? tokens.length)) open.pop();
    const token = tokens[at];
    const bracket = bracketOf(tokens, ends, at);
    const name = nameIn(token)?.toLowerCase();
    if (name === undefined) continue;
    if (bracket === undefined) {
      (open.at(-1) ?? view).words.push(name);
      continue;
    }
    // Two of one name, in different places, count for both.
    const words = tables.get(name)?.words ?? [];
    const table: Body = { end: ends.get(bracket) ?? tokens.length, words, tables };
    tables.set(name, table);
    open.push(table);
    at = bracket;
  }
  return view;
}

/**
 * Where the bracket of `name (columns) AS MATERIALIZED (…` stands; undefined when no such thing
 * begins at `at`.
 */
function bracketOf(
  tokens: readonly SqlToken[],
  ends: ReadonlyMap<number, number>,
  at: number,
): number | undefined {
  let next = at + 1;
  if (tokens[next]?.text === '(') next = ends.get(next) ?? tokens.length;
  if (!isWord(tokens[next], 'AS')) return undefined;
  next += 1;
  if (isWord(tokens[next], 'NOT')) next += 1;
  if (isWord(tokens[next], 'MATERIALIZED')) next += 1;
  return tokens[next]?.text === '(' ? next : undefined;
}

/** Opening bracket -> what stands behind the closing one. */
function endsOf(tokens: readonly SqlToken[]): ReadonlyMap<number, number> {
  const ends = new Map<number, number>();
  const open: number[] = [];
  for (const [at, { text }] of tokens.entries())
    if (text === '(') open.push(at);
    else if (text === ')') ends.set(open.pop() ?? -1, at + 1);
  return ends;
}

function sizeOf(body: Body, views: ReadonlyMap<string, Body>, depth: number): number {
  if (body.size !== undefined) return body.size;
  if (depth > MOST_DEPTH) return Number.POSITIVE_INFINITY;
  // A common table may name itself; views in a circle are refused by SQLite at once.
  body.size = 1;
  let size = 1;
  for (const word of body.words) {
    const named = body.tables.get(word) ?? views.get(word);
    if (named !== undefined) size += sizeOf(named, views, depth + 1);
  }
  body.size = size;
  return size;
}
