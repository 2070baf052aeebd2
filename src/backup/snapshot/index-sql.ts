/**
 * The parts of a stored `CREATE INDEX` that no PRAGMA tells: the text of its terms and of its WHERE
 * clause.
 */
import { isWord, type SqlToken, tokenizeSql } from '../../lib/sql-tokens.ts';

export interface IndexParts {
  /**
   * One SQL text a key term, without COLLATE, ASC and DESC (those come from `PRAGMA index_xinfo`).
   */
  readonly terms: readonly string[];
  /** The condition of a partial index. */
  readonly where: string | undefined;
}

/** Takes a `CREATE INDEX` statement apart. Throws when it does not look like one. */
export function parseCreateIndex(sql: string): IndexParts {
  const tokens = tokenizeSql(sql);
  const on = tokens.findIndex((token) => isWord(token, 'ON'));
  const open = tokens.findIndex((token, index) => index > on && token.text === '(');
  if (on < 0 || open < 0) throw new Error('not a CREATE INDEX statement');
  const terms: string[] = [];
  let depth = 0;
  let first = open + 1;
  for (let at = open; at < tokens.length; at++) {
    const mark = tokens[at]?.kind === 'symbol' ? tokens[at]?.text : undefined;
    if (mark === '(') depth++;
    if (mark === ')') depth--;
    if (depth > 1 || (mark !== ',' && mark !== ')') || (depth === 1 && mark === ')')) continue;
    terms.push(termText(sql, tokens.slice(first, at)));
    first = at + 1;
    if (depth === 0) return { terms, where: whereText(sql, tokens.slice(at + 1)) };
  }
  throw new Error('a CREATE INDEX statement without its closing parenthesis');
}

function termText(sql: string, term: readonly SqlToken[]): string {
  let tokens = term;
  if (isWord(tokens.at(-1), 'ASC') || isWord(tokens.at(-1), 'DESC')) tokens = tokens.slice(0, -1);
  if (isWord(tokens.at(-2), 'COLLATE')) tokens = tokens.slice(0, -2);
  return textOf(sql, tokens);
}

function whereText(sql: string, rest: readonly SqlToken[]): string | undefined {
  return isWord(rest[0], 'WHERE') ? textOf(sql, rest.slice(1)) : undefined;
}

function textOf(sql: string, tokens: readonly SqlToken[]): string {
  const start = tokens[0]?.start;
  const end = tokens.at(-1)?.end;
  if (start === undefined || end === undefined)
    throw new Error('a CREATE INDEX statement with an empty term');
  return sql.slice(start, end);
}
