/** The SQL of a table without its foreign keys. Pure. */
import { isWord, quoteName, type SqlToken, tokenizeSql } from '../lib/sql-tokens.ts';

/**
 * @param text `CREATE TABLE …` as sqlite_schema has it
 * @param names identifiers that may occur; any other "name" in double quotes is a literal of an old
 * program
 */
export function withoutForeignKeys(text: string, table: string, names: ReadonlySet<string>): string {
  const tokens = tokenizeSql(text);
  let out = `CREATE TABLE ${quoteName(table)}`;
  // Behind the name: `CREATE TABLE name`.
  let at = 3;
  let copied = tokens[2]?.end ?? text.length;
  const cut = (from: number, to: number): void => {
    out += text.slice(copied, tokens[from]?.start ?? text.length);
    copied = tokens[to]?.start ?? text.length;
  };
  while (at < tokens.length) {
    const token = tokens[at];
    const end = endOfReference(tokens, at);
    if (end !== undefined) {
      const isOfTable = isWord(tokens[at], 'FOREIGN') || isWord(tokens[at + 2], 'FOREIGN');
      cut(isOfTable && tokens[at - 1]?.text === ',' ? at - 1 : at, end);
      at = end;
    } else {
      if (token?.kind === 'name' && token.text.startsWith('"') && !names.has(unquoted(token))) {
        out += `${text.slice(copied, token.start)}'${unquotedAsIs(token).replaceAll("'", "''")}'`;
        copied = token.end;
      }
      at += 1;
    }
  }
  return out + text.slice(copied);
}

function unquotedAsIs({ text }: SqlToken): string {
  return text.slice(1, -1).replaceAll('""', '"');
}

function unquoted(token: SqlToken): string {
  return unquotedAsIs(token).toLowerCase();
}

/**
 * The token behind the foreign key that begins at `at`; undefined when none begins there.
 * sqlite.org/syntax/foreign-key-clause.html
 */
function endOfReference(tokens: readonly SqlToken[], at: number): number | undefined {
  let next = at;
  if (isWord(tokens[next], 'CONSTRAINT')) next += 2;
  if (isWord(tokens[next], 'FOREIGN') && isWord(tokens[next + 1], 'KEY'))
    next = behindParentheses(tokens, next + 2);
  if (!isWord(tokens[next], 'REFERENCES')) return undefined;
  next += 2;
  if (tokens[next]?.text === '(') next = behindParentheses(tokens, next);
  for (;;) {
    if (isWord(tokens[next], 'ON'))
      next += isWord(tokens[next + 2], 'SET') || isWord(tokens[next + 2], 'NO') ? 4 : 3;
    else if (isWord(tokens[next], 'MATCH')) next += 2;
    else if (isWord(tokens[next], 'NOT') && isWord(tokens[next + 1], 'DEFERRABLE')) next += 2;
    else if (isWord(tokens[next], 'DEFERRABLE')) next += 1;
    else if (isWord(tokens[next], 'INITIALLY')) next += 2;
    else return next;
  }
}

function behindParentheses(tokens: readonly SqlToken[], at: number): number {
  let depth = 0;
  for (let next = at; next < tokens.length; next += 1) {
    if (tokens[next]?.text === '(') depth += 1;
    if (tokens[next]?.text === ')') depth -= 1;
    if (depth === 0) return next + 1;
  }
  return tokens.length;
}
