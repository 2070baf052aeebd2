/** A world as JSON, and back: what Telegram remembers while nobody looks. */
import type { ChatMember, Update } from 'grammy/types';
import type { StoredFile } from './files.ts';
import type { ChatKind, ChatState, Content, PersonState, StoredMessage } from './state.ts';
import type { UpdateKind } from './update-queue.ts';
import type { World } from './world.ts';

/** Keeps a world over restarts. */
export interface WorldKeeper {
  /** Of an earlier life; undefined in the first one. */
  readonly saved: SavedWorld | undefined;
  /** A file's content, as it was when the world was kept. */
  bytes(uniqueId: string): Uint8Array | undefined;
  /** Resolves when the world, as it is now or later, is on disk. */
  keep(world: World): Promise<void>;
}

export interface SavedWorld {
  readonly counters: World['counters'];
  readonly updates: {
    readonly nextId: number;
    readonly queue: readonly {
      readonly update: Update;
      readonly lane: string;
      readonly expires: number;
      attempts: number;
    }[];
  };
  readonly allowed: UpdateKind[] | undefined;
  readonly profile: readonly (readonly [string, unknown])[];
  readonly people: readonly PersonState[];
  readonly files: readonly SavedFile[];
  readonly chats: readonly SavedChat[];
}

interface SavedFile extends Omit<StoredFile, 'bytes' | 'thumb'> {
  readonly hasBytes: boolean;
  readonly thumb: string | undefined;
}

interface SavedChat {
  readonly about: Omit<ChatState, 'inviteLinks' | 'pendingJoins' | 'members' | 'messages'>;
  readonly inviteLinks: readonly (readonly [string, { name?: string | undefined; joinRequest: boolean }])[];
  readonly pendingJoins: readonly number[];
  readonly members: readonly (readonly [number, ChatMember])[];
  readonly messages: readonly SavedMessage[];
}

type SavedMessage = Omit<StoredMessage, 'chat' | 'content'> & { readonly content: SavedContent };
type SavedContent = Exclude<Content, { file: StoredFile }> | SavedMedia;
type SavedMedia = Omit<Extract<Content, { file: StoredFile }>, 'file'> & { readonly file: string };

export function saveWorld(world: World): SavedWorld {
  return {
    counters: world.counters,
    updates: world.updates.state,
    allowed: world.updates.allowed,
    profile: [...world.profile],
    people: [...world.people.values()],
    files: world.files.all().map(saveFile),
    chats: [...world.chats.values()].map(({ inviteLinks, pendingJoins, members, messages, ...about }) => ({
      about,
      inviteLinks: [...inviteLinks],
      pendingJoins: [...pendingJoins],
      members: [...members],
      messages: messages.map(({ chat: _chat, content, ...message }) => ({
        ...message,
        content: 'file' in content ? { ...content, file: content.file.uniqueId } : content,
      })),
    })),
  };
}

/** A file never changes, so the content of a loaded one is not read again for this. */
const savedFiles = new WeakMap<StoredFile, SavedFile>();

function saveFile(file: StoredFile): SavedFile {
  const known = savedFiles.get(file);
  if (known !== undefined) return known;
  const { bytes, thumb, ...about } = file;
  const saved = { ...about, hasBytes: bytes !== undefined, thumb: thumb?.uniqueId };
  savedFiles.set(file, saved);
  return saved;
}

/** Into an empty world. */
export function loadWorld(world: World, saved: SavedWorld, bytes: WorldKeeper['bytes']): void {
  world.counters = saved.counters;
  world.updates.restore(saved.updates);
  world.updates.allowed = saved.allowed;
  for (const [name, value] of saved.profile) world.profile.set(name, value);
  for (const person of saved.people) world.people.set(person.user.id, person);
  for (const file of saved.files) {
    const { hasBytes, thumb, ...about } = file;
    let content: Uint8Array | undefined;
    const restored: StoredFile = {
      ...about,
      thumb: thumb === undefined ? undefined : world.files.byUniqueId(thumb),
      // Read when somebody asks, and once: pages look at a chat again and again.
      get bytes() {
        content ??= hasBytes ? bytes(about.uniqueId) : undefined;
        return content;
      },
    };
    savedFiles.set(restored, file);
    world.files.restore(restored);
  }
  for (const chat of saved.chats) loadChat(world, chat);
}

function loadChat(world: World, { about, inviteLinks, pendingJoins, members, messages }: SavedChat): void {
  const kind: ChatKind = about.kind;
  const chat = world.openChat(kind, {
    ...about,
    inviteLinks: new Map(inviteLinks),
    pendingJoins: new Set(pendingJoins),
    members: new Map(members),
  });
  for (const message of messages)
    chat.messages.push({ ...message, chat, content: loadContent(world, message.content) });
}

function loadContent(world: World, content: SavedContent): Content {
  if (!('file' in content)) return content;
  const file = world.files.byUniqueId(content.file);
  if (file === undefined) throw new Error(`file ${content.file} of a message is missing`);
  return { ...content, file };
}
