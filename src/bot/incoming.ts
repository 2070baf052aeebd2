/**
 * What an update asks for, read once at the boundary; everything below works on this narrow type.
 */
import type { Message, Update, User, UserFromGetMe } from 'grammy/types';
import { type Action, decodeAction } from './callback-data.ts';
import { fileOfMessage } from './stored-file.ts';

export type Incoming = Asked & {
  /** Asked before and held up by the subscription gate; now Tekshirish was pressed. */
  readonly viaGate?: true;
};

type Asked =
  | { readonly kind: 'command'; readonly name: string; readonly argument: string }
  /** Only digits; `code` is null when no anime can have it (0, over 999999). */
  | { readonly kind: 'code'; readonly code: number | null }
  | { readonly kind: 'text'; readonly text: string }
  /** A message with something attached, or of a kind we do not read. */
  | { readonly kind: 'attachment'; readonly caption: string; readonly uniqueId?: string | undefined }
  /** `action` is undefined for data this program never wrote. */
  | { readonly kind: 'press'; readonly action: Action | undefined }
  | { readonly kind: 'inline'; readonly query: string; readonly offset: string }
  /**
   * Everything else: group talk, edited messages, channel posts, membership changes, kinds yet
   * unknown.
   */
  | { readonly kind: 'other' };

/** Messages that may be the answer to a question, or part of a draft. */
export function isContent({ kind }: Incoming): boolean {
  return kind === 'text' || kind === 'code' || kind === 'attachment';
}

/** The highest code an anime can have (docs/spec/bot.md "Viewer" 3). */
const MAX_CODE = 999_999;

export function readIncoming(update: Update, me: Pick<UserFromGetMe, 'username'>): Incoming {
  const press = update.callback_query;
  // Under a message of an inline query there is no chat to answer in, and the bot puts no such
  // button there.
  if (press !== undefined)
    return readPress(press.message === undefined ? undefined : decodeAction(press.data ?? ''));
  if (update.inline_query !== undefined)
    return { kind: 'inline', query: update.inline_query.query, offset: update.inline_query.offset };
  const message = update.message;
  if (message?.from === undefined || !isPerson(message.from) || isAnonymous(message))
    return { kind: 'other' };
  const isPrivate = message.chat.type === 'private';
  const text = message.text;
  if (text === undefined)
    return isPrivate && hasContent(message)
      ? { kind: 'attachment', caption: message.caption ?? '', uniqueId: fileOfMessage(message)?.uniqueId }
      : { kind: 'other' };
  const command = isRelayed(message) ? undefined : readCommand(text, me.username, isPrivate);
  if (command !== undefined) return command;
  if (!isPrivate) return { kind: 'other' };
  return readCode(text) ?? { kind: 'text', text: text.trim() };
}

/**
 * Whether somebody else wrote it: forwarded, or made by an inline bot. It is content (a post to
 * forward, a broadcast, parts), never a command, nor the name of anybody who gets rights.
 */
export function isRelayed({ forward_origin, via_bot }: Message): boolean {
  return forward_origin !== undefined || via_bot !== undefined;
}

/**
 * Tekshirish asks for what its button carries: features see that, and need not know of the gate.
 */
function readPress(action: Action | undefined): Incoming {
  if (action?.kind === 'open') return openedBy(action);
  if (action?.kind !== 'check') return { kind: 'press', action };
  const held = decodeAction(action.text) ?? { kind: 'menu' };
  if (held.kind === 'check') return { kind: 'press', action: { kind: 'menu' }, viaGate: true };
  return { ...(held.kind === 'open' ? openedBy(held) : { kind: 'press', action: held }), viaGate: true };
}

function openedBy({ code, part }: { readonly code: number; readonly part: number }): Incoming {
  return { kind: 'command', name: 'start', argument: part > 0 ? `${code}_${part}` : String(code) };
}

/** In groups only commands addressed to this bot count (docs/spec/bot.md "Viewer" 10). */
function readCommand(text: string, username: string, isPrivate: boolean): Incoming | undefined {
  const match = /^\/([A-Za-z0-9_]{1,32})(?:@([A-Za-z0-9_]+))?(?:\s+([\s\S]*))?$/.exec(text.trim());
  if (match === null) return undefined;
  const [, name = '', addressee, argument = ''] = match;
  if (addressee === undefined ? !isPrivate : addressee.toLowerCase() !== username.toLowerCase())
    return { kind: 'other' };
  return { kind: 'command', name: name.toLowerCase(), argument: argument.trim() };
}

function readCode(text: string): Incoming | undefined {
  const digits = normaliseDigits(text.trim());
  if (!/^[0-9]+$/.test(digits)) return undefined;
  const code = Number(digits);
  return { kind: 'code', code: code >= 1 && code <= MAX_CODE ? code : null };
}

/**
 * Decimal digits of any script become 0-9; anything else stays. Unicode lays its digits (category
 * Nd) out in runs of ten beginning with zero (Unicode Standard 4.6), so a digit's value is its
 * distance from the start of its run, modulo ten. `²` and `Ⅻ` are not Nd.
 */
export function normaliseDigits(text: string): string {
  return text.replaceAll(/\p{Nd}/gu, (digit) => {
    const point = digit.codePointAt(0) ?? 0;
    let start = point;
    while (/\p{Nd}/u.test(String.fromCodePoint(start - 1))) start -= 1;
    return String((point - start) % 10);
  });
}

/**
 * What somebody can send (core.telegram.org/bots/api#message); whatever has none of it was made by
 * Telegram and is no question.
 */
const CONTENT_KEYS = [
  'animation',
  'audio',
  'caption',
  'checklist',
  'contact',
  'dice',
  'document',
  'game',
  'invoice',
  'location',
  'paid_media',
  'photo',
  'poll',
  'sticker',
  'story',
  'venue',
  'video',
  'video_note',
  'voice',
];

function hasContent(message: object): boolean {
  return CONTENT_KEYS.some((key) => key in message);
}

/** Telegram itself, in whose name channel posts and service notices come. */
const TELEGRAM_ID = 777_000;
/**
 * @Channel_Bot and @GroupAnonymousBot stand in for channels and anonymous admins
 * (core.telegram.org/bots/api#message).
 */
const STAND_INS: readonly number[] = [TELEGRAM_ID, 136_817_688, 1_087_968_824];

/** Bots, Telegram's own account and whatever has no id of a person are nobody. */
export function isPerson(from: Pick<User, 'id' | 'is_bot'>): boolean {
  return !from.is_bot && !STAND_INS.includes(from.id) && from.id > 0 && Number.isSafeInteger(from.id);
}

/** A channel or an anonymous admin speaks: `from` is then a stand-in of Telegram's. */
export function isAnonymous(message: Message | undefined): boolean {
  return message?.sender_chat !== undefined;
}

/**
 * The chat whose updates are handled in order; a press on an inline message and an inline query
 * belong to their sender.
 */
export function chatOf(update: Update): number | undefined {
  return (
    update.message?.chat?.id ??
    update.callback_query?.message?.chat?.id ??
    update.callback_query?.from?.id ??
    update.inline_query?.from?.id ??
    update.chat_join_request?.from?.id ??
    update.my_chat_member?.chat?.id
  );
}

/** Somebody wrote to the bot or pressed a button of its own chat. */
export function isPrivate({ message, callback_query: press }: Update): boolean {
  return (message ?? press?.message)?.chat.type === 'private';
}
