/**
 * SQL text as SQLite's own tokenizer sees it: enough to cut pieces out of stored `CREATE …`
 * statements in spite of quotes, comments and brackets. Source: sqlite.org/lang.html, tokenize.c.
 */

export interface SqlToken {
  /**
   * `word` keyword or bare identifier, `name` quoted identifier, `param` bound parameter, `symbol`
   * one character of anything else.
   */
  readonly kind: 'word' | 'name' | 'string' | 'blob' | 'number' | 'param' | 'symbol';
  readonly text: string;
  /** Position in the SQL text, UTF-16 units; `end` is exclusive. */
  readonly start: number;
  readonly end: number;
}

// SQLite takes a byte order mark before a word for space, and a vertical tab after other space.
const SPACE = /(?:[ \t\n\f\r][ \t\n\v\f\r]*|\uFEFF)+/y;
const COMMENT = /--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/y;
// Every character beyond ASCII counts as a letter, as in SQLite.
const WORD = /[A-Za-z_\u0080-\uffff][A-Za-z0-9_$\u0080-\uffff]*/y;
const NUMBER = /0[xX][0-9a-fA-F]+|(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9][0-9_]*)(?:[eE][+-]?[0-9_]+)?/y;
const PARAM = /\?[0-9]*|[:@$][A-Za-z0-9_$\u0080-\uffff]+(?:::[A-Za-z0-9_$\u0080-\uffff]+)*(?:\([^)\s]*\))?/y;
const BLOB = /[xX]'[^']*'/y;
const STRING = /'(?:[^']|'')*'/y;
const NAME = /"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]/y;

type Rule = readonly [kind: SqlToken['kind'], pattern: RegExp];
/** What a space or a comment begins with. */
const SKIPPED = ' \t\n\f\r\uFEFF-/';
const WORDS: readonly Rule[] = [['word', WORD]];

/** What a token may be, by its first character: it takes one pattern then, not seven. */
function rulesOf(first: string): readonly Rule[] {
  if (first === 'x' || first === 'X') return [['blob', BLOB], ...WORDS];
  if (/[A-Za-z_\u0080-\uffff]/.test(first)) return WORDS;
  if (/[0-9.]/.test(first)) return [['number', NUMBER]];
  if (first === "'") return [['string', STRING]];
  if (/["`[]/.test(first)) return [['name', NAME]];
  return /[?:@$]/.test(first) ? [['param', PARAM]] : [];
}

const ASCII = Array.from({ length: 128 }, (_, code) => rulesOf(String.fromCharCode(code)));

/**
 * The tokens of a SQL text without white space and comments. Never throws: what fits no rule
 * becomes a symbol.
 */
export function tokenizeSql(sql: string): SqlToken[] {
  const tokens: SqlToken[] = [];
  let at = 0;
  while (at < sql.length) {
    const mayBeSkipped = SKIPPED.includes(sql.charAt(at));
    const skipped = mayBeSkipped ? (endOf(SPACE, sql, at) ?? endOf(COMMENT, sql, at)) : undefined;
    if (skipped !== undefined) {
      at = skipped;
      continue;
    }
    const token = nextToken(sql, at);
    tokens.push(token);
    at = token.end;
  }
  return tokens;
}

/** True when the token is this keyword, in any case; quoted identifiers are no keywords. */
export function isWord(token: SqlToken | undefined, keyword: string): boolean {
  return token?.kind === 'word' && token.text.toUpperCase() === keyword;
}

/** What the token names; SQLite takes a text for a name, too. Undefined: it is neither. */
export function nameIn(token: SqlToken | undefined): string | undefined {
  if (token?.kind === 'word') return token.text;
  if (token?.kind !== 'name' && token?.kind !== 'string') return undefined;
  const quote = token.text.slice(-1);
  return token.text.slice(1, -1).replaceAll(quote + quote, quote);
}

/** Quotes an identifier for SQL. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function nextToken(sql: string, start: number): SqlToken {
  for (const [kind, rule] of ASCII[sql.charCodeAt(start)] ?? WORDS) {
    const end = endOf(rule, sql, start);
    if (end !== undefined) return { kind, text: sql.slice(start, end), start, end };
  }
  return { kind: 'symbol', text: sql.slice(start, start + 1), start, end: start + 1 };
}

/** Where what matches at a position ends. */
function endOf(rule: RegExp, sql: string, at: number): number | undefined {
  rule.lastIndex = at;
  return rule.test(sql) ? rule.lastIndex : undefined;
}
