/**
 * Triggers on the engine's own tables, which every restore writes to: no foreign trigger ever runs,
 * so such a write is refused. Pure.
 */
import { isWord, nameIn, quoteName, tokenizeSql } from '../../lib/sql-tokens.ts';
import type { SchemaObject } from '../model/model.ts';
import { ENGINE_TABLES } from './engine-tables.ts';

/** A sentence for each, with trigger and table. */
export function ledgerTriggers(objects: readonly SchemaObject[]): string[] {
  return objects.flatMap(({ type, name, sql }) => {
    if (type !== 'trigger' || sql === null) return [];
    const tokens = tokenizeSql(sql);
    // By its SQL, as SQLite goes: what else the file says of it may be a lie.
    const on = tokens.findIndex((token) => isWord(token, 'ON'));
    const table = nameIn(tokens[on + 1])?.toLowerCase() ?? '';
    if (!ENGINE_TABLES.includes(table)) return [];
    const quoted = /^\w+$/.test(name) ? name : quoteName(name);
    return [
      `trigger ${name} on ${table} would run at every restore: drop it in the database (DROP TRIGGER ${quoted}), then make a new backup`,
    ];
  });
}

/** Such a sentence in a text: the database is at fault then, whoever found it. */
export function ledgerTriggerIn(text: string): string | undefined {
  return /trigger .{1,200}? would run at every restore: drop it in the database.*?(, then make a new backup|$)/.exec(
    text,
  )?.[0];
}
