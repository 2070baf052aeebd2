/** Copies a kept message, or album, to a chat as it is. */
import type { Api } from 'grammy';
import type { InlineKeyboardMarkup } from 'grammy/types';
import type { CallSignal } from '../../bot/telegram.ts';
import { NoSource } from '../../bot/telegram-errors.ts';
import type { Broadcast } from '../../db/broadcasts.ts';
import { readJson } from '../../lib/read-json.ts';

/** One call. copyMessage leaves the buttons out, so they are sent along. */
export async function copyTo(
  api: Api,
  chatId: number,
  broadcast: Pick<Broadcast, 'messages' | 'requestedBy' | 'replyMarkup'>,
  signal?: CallSignal,
): Promise<void> {
  const [first, ...rest] = broadcast.messages;
  if (first === undefined) throw new NoSource('it has no message');
  if (rest.length > 0) {
    await api.copyMessages(chatId, broadcast.requestedBy, [...broadcast.messages], {}, signal);
    return;
  }
  const { replyMarkup } = broadcast;
  const buttons = replyMarkup === null ? undefined : readJson<InlineKeyboardMarkup>(replyMarkup);
  if (replyMarkup !== null && buttons === undefined) throw new NoSource('its buttons cannot be read');
  await api.copyMessage(
    chatId,
    broadcast.requestedBy,
    first,
    buttons === undefined ? {} : { reply_markup: buttons },
    signal,
  );
}

/** The buttons that work for everybody: links. Others would name another bot's actions. */
export function openButtons(markup: InlineKeyboardMarkup | undefined): string | null {
  const rows = (markup?.inline_keyboard ?? [])
    .map((row) => row.filter((button) => 'url' in button))
    .filter((row) => row.length > 0);
  return rows.length === 0 ? null : JSON.stringify({ inline_keyboard: rows });
}
