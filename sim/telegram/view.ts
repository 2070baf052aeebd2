import type { InlineKeyboardButton, Message, MessageEntity, User } from 'grammy/types';
import { ROW_MAX } from './api-limits.ts';
import { renderHtml } from './render-html.ts';
import type { StoredMessage } from './state.ts';
import type { World } from './world.ts';

/** A button of an inline keyboard. */
export interface SeenButton {
  text: string;
  data?: string;
  url?: string;
  switchInline?: string;
  switchInlineHere?: string;
}

export interface SeenFile {
  fileId: string;
  uniqueId: string;
  name: string | undefined;
  mime: string | undefined;
  size: number;
  bytes: Uint8Array | undefined;
}

/** A message as somebody sees it at one moment. */
export interface SeenMessage {
  chatId: number;
  id: number;
  /** Undefined for channel posts. */
  from: User | undefined;
  isFromBot: boolean;
  kind: 'text' | 'photo' | 'video' | 'document' | 'animation' | 'service';
  /** Text or caption, plain. */
  text: string;
  /** The same as the Bot API's HTML. */
  html: string;
  entities: MessageEntity[];
  /** Of media messages. */
  caption: string | undefined;
  /** Rows as the apps show them: at most eight buttons each. */
  keyboard: SeenButton[][];
  file: SeenFile | undefined;
  document: SeenFile | undefined;
  mediaGroupId: string | undefined;
  /** Unix seconds. */
  date: number;
  edits: number;
  isDeleted: boolean;
  isProtected: boolean;
  isSilent: boolean;
  isViaBot: boolean;
  replyTo: number | undefined;
  /** The Bot API object. */
  raw: Message;
}

/** A snapshot: later edits do not change it. */
export function see(world: World, stored: StoredMessage): SeenMessage {
  const { content, markup } = stored;
  const raw = structuredClone(world.toMessage(stored));
  const file = 'file' in content ? seenFile(world, content.file) : undefined;
  return {
    chatId: stored.chat.id,
    id: stored.id,
    from: stored.from,
    isFromBot: world.botBehind(stored.authorId) !== undefined,
    kind: content.kind,
    text: content.text,
    html: renderHtml(content),
    entities: structuredClone(content.entities),
    caption: content.kind === 'text' || content.kind === 'service' ? undefined : content.text,
    keyboard: (markup?.inline_keyboard ?? []).flatMap((row) => wrap(row.map(seenButton))),
    file,
    document: content.kind === 'document' ? file : undefined,
    mediaGroupId: 'groupId' in content ? content.groupId : undefined,
    date: stored.date,
    edits: stored.edits,
    isDeleted: stored.isDeleted,
    isProtected: stored.isProtected,
    isSilent: stored.isSilent,
    isViaBot: stored.viaBot,
    replyTo: stored.replyTo,
    raw,
  };
}

function seenFile(
  world: World,
  file: Extract<StoredMessage['content'], { file: unknown }>['file'],
): SeenFile {
  const { uniqueId, name, mime, size, bytes } = file;
  return { fileId: world.files.idOf(file), uniqueId, name, mime, size, bytes };
}

function seenButton(button: InlineKeyboardButton): SeenButton {
  return {
    text: button.text,
    ...('callback_data' in button ? { data: button.callback_data } : {}),
    ...('url' in button ? { url: button.url } : {}),
    ...('switch_inline_query' in button ? { switchInline: button.switch_inline_query } : {}),
    ...('switch_inline_query_current_chat' in button
      ? { switchInlineHere: button.switch_inline_query_current_chat }
      : {}),
  };
}

function wrap<T>(row: T[]): T[][] {
  const rows = Math.ceil(row.length / ROW_MAX);
  return Array.from({ length: rows }, (_, index) => row.slice(index * ROW_MAX, (index + 1) * ROW_MAX));
}
