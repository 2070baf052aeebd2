/** Triggers on the engine's own tables, which every restore writes to: no foreign trigger ever runs, so such a write is refused. Pure. */
import { Damaged } from '../foreign/errors.ts';
import type { SchemaObject } from '../model.ts';
import { isWord, type SqlToken, tokenizeSql } from '../snapshot/sql-tokens.ts';
import { ENGINE_TABLES } from './engine-tables.ts';

/** @throws {@link Damaged} that names trigger and table. */
export function requireWritableLedger(objects: readonly SchemaObject[]): void {
  for (const { type, name, sql } of objects) {
    if (type !== 'trigger' || sql === null) continue;
    const tokens = tokenizeSql(sql);
    // By its SQL, as SQLite goes: what else the file says of it may be a lie.
    const table = nameOf(tokens[tokens.findIndex((token) => isWord(token, 'ON')) + 1]);
    if (ENGINE_TABLES.includes(table))
      throw new Damaged(
        `trigger ${name} on ${table} would run at every restore: drop it in the database, then make a new backup`,
      );
  }
}

function nameOf(token: SqlToken | undefined): string {
  const text = token?.text.toLowerCase() ?? '';
  return token?.kind === 'name' || token?.kind === 'string' ? text.slice(1, -1) : text;
}
