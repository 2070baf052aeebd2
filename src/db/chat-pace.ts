/** When the last messages went to a chat: a limit that outlives the process that keeps to it. */
import { readJson } from '../lib/read-json.ts';
import { all, one, type Query, type Statement, sql } from './database.ts';
import type { Row } from './row.ts';

export function paceOf(chatId: number): Query<readonly number[]> {
  const query = one(sql('SELECT sent_ms FROM chat_pace WHERE chat_id = ?', chatId), readSlots);
  return { ...query, parse: (rows) => query.parse(rows) ?? [] };
}

/** Of every chat that has one: those of the archive are few. */
export function allPaces(): Query<ReadonlyMap<number, readonly number[]>> {
  const query = all(
    sql('SELECT chat_id, sent_ms FROM chat_pace'),
    (row) => [row.int('chat_id'), readSlots(row)] as const,
  );
  return { ...query, parse: (rows) => new Map(query.parse(rows)) };
}

/** Somebody's SQL may have put something else there; or there is none. */
export function readSlots(row: Row): readonly number[] {
  const kept = readJson(row.textOrNull('sent_ms') ?? '');
  return Array.isArray(kept) ? kept.filter((at) => typeof at === 'number') : [];
}

export function keepPace(chatId: number, sentMs: readonly number[]): Statement {
  return sql(
    `INSERT INTO chat_pace (chat_id, sent_ms) VALUES (?, ?)
     ON CONFLICT (chat_id) DO UPDATE SET sent_ms = excluded.sent_ms`,
    chatId,
    JSON.stringify(sentMs),
  );
}
