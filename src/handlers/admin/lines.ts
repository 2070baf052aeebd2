/** What people type, as it is kept: cut by whole characters, since half an emoji is no text. */

import { cut } from '../../text/text-limits.ts';

/** Buttons and lists show it on one line. */
const CHAT_NAME_LIMIT = 60;

/** What an admin calls a chat; undefined for no words, or for too many. */
export function chatName(text: string | undefined): string | undefined {
  const name = (text ?? '').replaceAll(/\s+/g, ' ').trim();
  return name === '' || name.length > CHAT_NAME_LIMIT ? undefined : name;
}

/** One line of at most `limit` characters. */
export function oneLine(text: string, limit: number): string {
  return cut(text.replaceAll(/\s+/g, ' ').trim(), limit);
}
