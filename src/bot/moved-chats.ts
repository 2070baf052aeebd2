/**
 * Groups that became supergroups: Telegram gives them another id, and tells it in the refusal of
 * any call to the old one and once in the chat.
 */
import type { Transformer } from 'grammy';
import type { Message } from 'grammy/types';
import { chatMoved } from '../db/chat-uses.ts';
import type { Database } from '../db/database.ts';
import { describeError, type Log } from '../lib/log.ts';

/** Repeats the refused call to the chat's new id, and stores that id wherever the old one was. */
export function followMoves({ db, log }: { readonly db: Database; readonly log: Log }): Transformer {
  return async (call, method, payload, signal) => {
    const answer = await call(method, payload, signal);
    const to = answer.ok ? undefined : answer.parameters?.migrate_to_chat_id;
    const from = 'chat_id' in payload ? Number(payload.chat_id) : Number.NaN;
    if (to === undefined || !Number.isSafeInteger(from)) return answer;
    log.info('chat moved', { from, to });
    await db
      .write(chatMoved(from, to))
      .catch((error: unknown) => log.warn('move not kept', { from, to, error: describeError(error) }));
    // The caller wants to know where the chat is.
    if (method === 'getChatAdministrators') return answer;
    return call(method, { ...payload, chat_id: to }, signal);
  };
}

/** What a service message says of a move; it is told in both chats. */
export function moveTold(message: Message | undefined): { from: number; to: number } | undefined {
  const { chat, migrate_to_chat_id: to, migrate_from_chat_id: from } = message ?? {};
  if (chat === undefined) return undefined;
  if (to !== undefined) return { from: chat.id, to };
  return from === undefined ? undefined : { from, to: chat.id };
}
