/** SQL texts cut and sorted as libsql-server does (query_analysis.rs): the unknown is refused. */
import { isWord, type SqlToken, tokenizeSql } from '../../src/lib/sql-tokens.ts';
import { type Dialect, isRefusedByHost, refusal } from './hosted.ts';
import { SqlFailure } from './sql-errors.ts';

export interface Statement {
  /** Without the closing semicolon. */
  readonly sql: string;
  readonly kind: 'begin' | 'end' | 'savepoint' | 'read' | 'write' | 'ddl';
  /** BEGIN IMMEDIATE / EXCLUSIVE: takes the write lock at once. */
  readonly locks: boolean;
  readonly isInsert: boolean;
  /** INSERT, UPDATE, DELETE: `affected_row_count` means something. */
  readonly isChange: boolean;
  readonly isExplain: boolean;
  /** SELECT, VALUES or WITH … SELECT: may stand inside another query. */
  readonly isQuery: boolean;
  /** One entry a parameter, in SQLite's numbering; undefined for `?`, else the prefixed name. */
  readonly params: readonly (string | undefined)[];
}

/** Every statement of a text, in order. @throws {@link SqlFailure} for one the server refuses */
export function parseStatements(sql: string, dialect: Dialect): Statement[] {
  return splitStatements(tokenizeSql(sql)).map((tokens) => classify(sql, tokens, dialect));
}

/** Texts that were looked at before: a bot has a few hundred. */
const known: Readonly<Record<Dialect, Map<string, Statement>>> = { server: new Map(), hosted: new Map() };
const MOST_KNOWN = 500;
const LONGEST_KNOWN = 16_384;

/** The one statement of a text. */
export function parseOneStatement(sql: string, dialect: Dialect): Statement {
  const seen = known[dialect];
  const found = seen.get(sql);
  if (found !== undefined) return found;
  const statement = onlyStatement(sql, dialect);
  if (seen.size >= MOST_KNOWN) seen.clear();
  if (sql.length <= LONGEST_KNOWN) seen.set(sql, statement);
  return statement;
}

function onlyStatement(sql: string, dialect: Dialect): Statement {
  const [statement, second] = parseStatements(sql, dialect);
  if (statement === undefined)
    throw new SqlFailure('SQL_NO_STATEMENT', 'SQL string does not contain any statement');
  if (second !== undefined)
    throw new SqlFailure('SQL_MANY_STATEMENTS', 'SQL string contains more than one statement');
  return statement;
}

function splitStatements(tokens: readonly SqlToken[]): SqlToken[][] {
  const statements: SqlToken[][] = [];
  let current: SqlToken[] = [];
  for (const token of tokens) {
    if (token.text !== ';' || insideTrigger(current)) {
      current.push(token);
    } else if (current.length > 0) {
      statements.push(current);
      current = [];
    }
  }
  if (current.length > 0) statements.push(current);
  return statements;
}

/** A trigger's body holds semicolons; it ends with `; END` (the rule of sqlite3_complete). */
function insideTrigger(tokens: readonly SqlToken[]): boolean {
  if (!isWord(tokens[0], 'CREATE') || !tokens.slice(1, 3).some((token) => isWord(token, 'TRIGGER')))
    return false;
  return !(isWord(tokens.at(-1), 'END') && tokens.at(-2)?.text === ';');
}

function classify(sql: string, all: readonly SqlToken[], dialect: Dialect): Statement {
  const text = sql.slice(all[0]?.start, all.at(-1)?.end);
  let tokens = all;
  const isExplain = isWord(tokens[0], 'EXPLAIN');
  if (isExplain) tokens = tokens.slice(isWord(tokens[1], 'QUERY') ? 3 : 1);
  const verb = mainVerb(tokens);
  const kind = isExplain ? 'read' : statementKind(verb, tokens);
  if (kind === undefined || (dialect === 'hosted' && verb === 'PRAGMA' && isRefusedByHost(tokens)))
    throw new SqlFailure('SQL_PARSE_ERROR', refusal(text, dialect));
  const isInsert = !isExplain && (verb === 'INSERT' || verb === 'REPLACE');
  return {
    sql: text,
    kind,
    locks: kind === 'begin' && (isWord(tokens[1], 'IMMEDIATE') || isWord(tokens[1], 'EXCLUSIVE')),
    isInsert,
    isChange: isInsert || (!isExplain && (verb === 'UPDATE' || verb === 'DELETE')),
    isExplain,
    isQuery: !isExplain && (verb === 'SELECT' || verb === 'VALUES'),
    params: parameters(all),
  };
}

/** The first keyword, or for `WITH …` the first verb outside its parentheses. */
function mainVerb(tokens: readonly SqlToken[]): string {
  const first = tokens[0]?.text.toUpperCase() ?? '';
  if (first !== 'WITH') return first;
  let depth = 0;
  for (const token of tokens) {
    if (token.text === '(') depth++;
    else if (token.text === ')') depth--;
    else if (
      depth === 0 &&
      token.kind === 'word' &&
      /^(SELECT|VALUES|INSERT|REPLACE|UPDATE|DELETE)$/i.test(token.text)
    ) {
      return token.text.toUpperCase();
    }
  }
  return first;
}

function statementKind(verb: string, tokens: readonly SqlToken[]): Statement['kind'] | undefined {
  switch (verb) {
    case 'SELECT':
    case 'VALUES':
      return 'read';
    case 'INSERT':
    case 'REPLACE':
    case 'UPDATE':
    case 'DELETE':
    case 'REINDEX':
      return 'write';
    case 'BEGIN':
      return 'begin';
    case 'COMMIT':
    case 'END':
      return 'end';
    case 'ROLLBACK':
      return tokens.some((token) => isWord(token, 'TO')) ? 'savepoint' : 'end';
    case 'SAVEPOINT':
    case 'RELEASE':
      return 'savepoint';
    case 'CREATE':
      // Temporary objects belong to a connection, which the server shares out.
      return isWord(tokens[1], 'TEMP') || isWord(tokens[1], 'TEMPORARY') ? undefined : 'ddl';
    case 'ALTER':
    case 'DROP':
      return 'ddl';
    case 'PRAGMA':
      return pragmaKind(tokens);
    default:
      return undefined; // VACUUM, ANALYZE, ATTACH, DETACH and what is no SQL at all
  }
}

const READ_PRAGMAS = new Set(
  'table_list index_list table_info table_xinfo index_info index_xinfo pragma_list compile_options database_list function_list module_list encoding'.split(
    ' ',
  ),
);
const WRITE_PRAGMAS = new Set(
  'defer_foreign_keys foreign_keys foreign_key_list foreign_key_check collation_list data_version freelist_count integrity_check legacy_file_format page_count quick_check stats user_version'.split(
    ' ',
  ),
);
const PRAGMAS_WITHOUT_VALUE = new Set(
  'analysis_limit application_id auto_vacuum automatic_index busy_timeout cache_size cache_spill cell_size_check checkpoint_fullfsync fullfsync hard_heap_limit journal_mode journal_size_limit legacy_alter_table locking_mode max_page_count mmap_size page_size query_only read_uncommitted recursive_triggers reverse_unordered_selects secure_delete soft_heap_limit synchronous temp_store threads trusted_schema wal_autocheckpoint'.split(
    ' ',
  ),
);

function pragmaKind(tokens: readonly SqlToken[]): 'read' | 'write' | undefined {
  const at = tokens[2]?.text === '.' ? 3 : 1;
  const name = tokens[at]?.text.toLowerCase() ?? '';
  const hasValue = tokens.length > at + 1;
  if (READ_PRAGMAS.has(name) || (name === 'schema_version' && !hasValue)) return 'read';
  // The server routes these to its primary as writes; to SQLite they are writes only with a value.
  if (WRITE_PRAGMAS.has(name)) return hasValue && name === 'user_version' ? 'write' : 'read';
  return PRAGMAS_WITHOUT_VALUE.has(name) && !hasValue ? 'read' : undefined;
}

function parameters(tokens: readonly SqlToken[]): (string | undefined)[] {
  const params: (string | undefined)[] = [];
  for (const { kind, text } of tokens) {
    if (kind !== 'param') continue;
    if (text === '?') params.push(undefined);
    else if (text.startsWith('?')) {
      const number = Number(text.slice(1));
      while (params.length < number) params.push(undefined);
    } else if (!params.includes(text)) params.push(text);
  }
  return params;
}
