/**
 * The shape that an update needs to be handled at all: a whole `update_id`, objects beside it, and
 * the fields this program reads, in the types that Telegram gives them
 * (core.telegram.org/bots/api). Unknown kinds and fields pass: Telegram adds some every year.
 */
import type { Update } from 'grammy/types';
import { isObject, readJson } from '../lib/read-json.ts';

/** Undefined: not an update of Telegram. */
export function readUpdate(body: string): Update | undefined {
  const value = readJson(body);
  return isUpdate(value) ? value : undefined;
}

export function isUpdate(value: unknown): value is Update {
  if (!isObject(value)) return false;
  const { update_id: id, ...payloads } = value;
  if (!isWhole(id) || id < 0) return false;
  return Object.entries(payloads).every(([kind, payload]) => {
    const shape = KINDS.get(kind);
    return shape === undefined ? typeof payload === 'object' && payload !== null : isOf(shape, payload, 0);
  });
}

/**
 * `text`, `number` (a whole one), the name of a shape, or of one in a list (`file[]`); `!` means
 * always present.
 */
type Shape = Readonly<Record<string, string>>;

interface Field {
  readonly name: string;
  readonly isAlways: boolean;
  readonly isList: boolean;
  readonly type: string;
}

/** Each update is held against them, so they are taken apart once. */
function fieldsOf(shape: Shape): readonly Field[] {
  return Object.entries(shape).map(([name, wanted]) => ({
    name,
    isAlways: wanted.endsWith('!'),
    isList: wanted.endsWith('[]'),
    type: wanted.replace(/!$|\[\]$/, ''),
  }));
}

const SHAPES: Readonly<Record<string, readonly Field[]>> = {
  user: fieldsOf({
    id: 'number!',
    first_name: 'text',
    last_name: 'text',
    username: 'text',
    language_code: 'text',
  }),
  chat: fieldsOf({
    id: 'number!',
    type: 'text!',
    title: 'text',
    username: 'text',
    first_name: 'text',
    last_name: 'text',
  }),
  member: fieldsOf({ user: 'user!', status: 'text!' }),
  file: fieldsOf({
    file_id: 'text!',
    file_unique_id: 'text!',
    file_name: 'text',
    mime_type: 'text',
    file_size: 'number',
  }),
  entity: fieldsOf({ type: 'text!', offset: 'number!', length: 'number!' }),
  origin: fieldsOf({ type: 'text!', sender_user: 'user', sender_chat: 'chat', chat: 'chat' }),
  message: fieldsOf({
    message_id: 'number',
    date: 'number',
    message_thread_id: 'number',
    chat: 'chat!',
    from: 'user',
    sender_chat: 'chat',
    via_bot: 'user',
    forward_origin: 'origin',
    text: 'text',
    caption: 'text',
    media_group_id: 'text',
    entities: 'entity[]',
    caption_entities: 'entity[]',
    reply_to_message: 'message',
    photo: 'file[]',
    animation: 'file',
    audio: 'file',
    document: 'file',
    video: 'file',
    video_note: 'file',
    voice: 'file',
    migrate_to_chat_id: 'number',
    migrate_from_chat_id: 'number',
  }),
  press: fieldsOf({ id: 'text', from: 'user!', message: 'message', data: 'text', inline_message_id: 'text' }),
  inline: fieldsOf({ id: 'text', from: 'user!', query: 'text!', offset: 'text!' }),
  change: fieldsOf({
    chat: 'chat!',
    from: 'user!',
    date: 'number',
    old_chat_member: 'member!',
    new_chat_member: 'member!',
  }),
  join: fieldsOf({ chat: 'chat!', from: 'user!', user_chat_id: 'number', date: 'number' }),
};

const KINDS: ReadonlyMap<string, string> = new Map([
  ['message', 'message'],
  ['edited_message', 'message'],
  ['channel_post', 'message'],
  ['edited_channel_post', 'message'],
  ['callback_query', 'press'],
  ['inline_query', 'inline'],
  ['my_chat_member', 'change'],
  ['chat_member', 'change'],
  ['chat_join_request', 'join'],
]);

/** A message answers a message, which answers none. */
const MOST_LEVELS = 20;

function isOf(type: string, value: unknown, level: number): boolean {
  if (type === 'text') return typeof value === 'string';
  if (type === 'number') return isWhole(value);
  if (!isObject(value) || level > MOST_LEVELS) return false;
  return (SHAPES[type] ?? []).every(({ name, isAlways, isList, type: inner }) => {
    const inside = value[name];
    if (inside === undefined) return !isAlways;
    if (!isList) return isOf(inner, inside, level + 1);
    return Array.isArray(inside) && inside.every((one) => isOf(inner, one, level + 1));
  });
}

function isWhole(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value);
}
