import type { Animation, Chat, Document, Message, PhotoSize, User, Video } from 'grammy/types';
import type { FileStore, StoredFile } from './files.ts';
import type { ChatState, PersonState, StoredMessage } from './state.ts';

/** What turning state into Bot API objects needs. */
export interface Rendering {
  readonly files: FileStore;
  readonly people: ReadonlyMap<number, PersonState>;
}

/** A chat as it appears inside updates and messages. */
export function toChat(chat: ChatState, people: ReadonlyMap<number, PersonState>): Chat {
  const { id, title } = chat;
  const username = chat.username === undefined ? {} : { username: chat.username };
  switch (chat.kind) {
    case 'private': {
      const user = people.get(id)?.user;
      const name = { first_name: user?.first_name ?? title };
      const last = user?.last_name === undefined ? {} : { last_name: user.last_name };
      return { id, type: 'private', ...name, ...last, ...username };
    }
    case 'group':
      return { id, type: 'group', title };
    case 'supergroup':
      return { id, type: 'supergroup', title, ...username };
    case 'channel':
      return { id, type: 'channel', title, ...username };
  }
}

/** A stored message as the Bot API shows it. `depth` keeps replies from nesting. */
export function toMessage(stored: StoredMessage, world: Rendering, bot: User, depth = 0): Message {
  const chat = toChat(stored.chat, world.people);
  const replied =
    stored.replyTo === undefined ? undefined : stored.chat.messages.find((m) => m.id === stored.replyTo);
  const message: Record<string, unknown> = {
    message_id: stored.id,
    ...(stored.from ? { from: stored.from } : { sender_chat: chat }),
    chat,
    date: stored.date,
    edit_date: stored.editDate,
    forward_origin: stored.origin,
    reply_to_message:
      replied && !replied.isDeleted && depth === 0 ? toMessage(replied, world, bot, 1) : undefined,
    via_bot: stored.viaBot ? bot : undefined,
    has_protected_content: stored.isProtected ? true : undefined,
    reply_markup: stored.markup,
    ...contentFields(stored, world.files),
  };
  return defined(message) as Record<string, unknown> & Message;
}

function contentFields({ content }: StoredMessage, files: FileStore): Record<string, unknown> {
  if (content.kind === 'service') return content.fields;
  const entities = content.entities.length > 0 ? content.entities : undefined;
  if (content.kind === 'text') return { text: content.text, entities };
  return {
    ...mediaFields(content.kind, content.file, files),
    caption: content.text === '' ? undefined : content.text,
    caption_entities: entities,
    media_group_id: content.groupId,
  };
}

function mediaFields(
  kind: 'photo' | 'video' | 'document' | 'animation',
  file: StoredFile,
  files: FileStore,
): Record<string, unknown> {
  switch (kind) {
    case 'photo':
      return { photo: photoSizes(file, files) };
    case 'video':
      return { video: moving(file, files) satisfies Video };
    case 'animation':
      // Animations carry a document of the same file, for old clients (Bot API, Message.animation).
      return { animation: moving(file, files) satisfies Animation, document: plain(file, files) };
    case 'document':
      return { document: plain(file, files) };
  }
}

function photoSizes(file: StoredFile, files: FileStore): PhotoSize[] {
  return (file.thumb ? [file.thumb, file] : [file]).map((size) => ({
    ...ids(size, files),
    width: size.width,
    height: size.height,
  }));
}

function moving(file: StoredFile, files: FileStore): Video & Animation {
  const { width, height, duration } = file;
  return { ...plain(file, files), width, height, duration };
}

function plain(file: StoredFile, files: FileStore): Document {
  return {
    ...ids(file, files),
    ...(file.name === undefined ? {} : { file_name: file.name }),
    ...(file.mime === undefined ? {} : { mime_type: file.mime }),
  };
}

function ids(
  file: StoredFile,
  files: FileStore,
): { file_id: string; file_unique_id: string; file_size: number } {
  return { file_id: files.idOf(file), file_unique_id: file.uniqueId, file_size: file.size };
}

/** Drops undefined fields: the Bot API leaves them out. */
export function defined(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
