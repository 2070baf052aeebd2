/** Servers that lack something: an older SQLite, no FTS5, a token that may only read. */
import { SqlFailure } from './sql-errors.ts';
import type { Statement } from './statement.ts';

export type Lack = 'fts5' | 'new sqlite' | 'writing';

/** The statement as such a server takes it. Throws {@link SqlFailure} for one it refuses. */
export function withoutWhatLacks(statement: Statement, lacks: readonly Lack[]): Statement {
  if (lacks.length === 0) return statement;
  const { sql, kind } = statement;
  if (lacks.includes('writing') && (kind === 'write' || kind === 'ddl'))
    throw new SqlFailure('BLOCKED', 'Operation was blocked: SQL write operations are forbidden');
  if (lacks.includes('fts5') && /\bfts5_source_id\b/i.test(sql)) throw missing('function: fts5_source_id');
  if (lacks.includes('fts5') && /\bUSING\s+fts5\b/i.test(sql)) throw missing('module: fts5');
  if (!lacks.includes('new sqlite')) return statement;
  if (/\boctet_length\s*\(/i.test(sql)) throw missing('function: octet_length');
  return {
    ...statement,
    sql: sql
      .replaceAll(/\bsqlite_version\s*\(\)/gi, "'3.41.2'")
      .replaceAll(/\bunixepoch\s*\('subsec'\)/gi, 'NULL'),
  };
}

function missing(what: string): SqlFailure {
  return new SqlFailure('SQLITE_UNKNOWN', `SQLite error: no such ${what}`);
}
