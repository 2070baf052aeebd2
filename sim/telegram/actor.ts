import type { Message, Update } from 'grammy/types';
import { ActRefused } from './api-errors.ts';
import type { Receiver } from './receiver.ts';
import { type ChatState, isAdmin, type StoredMessage } from './state.ts';
import { type SeenMessage, see } from './view.ts';
import type { World } from './world.ts';

/** A message, named by a snapshot of it or by its place. */
export type MessageRef = SeenMessage | { chatId: number; id: number };

/** A group or channel, for a person who acts in it. */
export interface Place {
  readonly state: ChatState;
}

/** What people and chats share: the world they act in. */
export interface Stage {
  readonly world: World;
  readonly receiver: Receiver;
}

/** Tells every bot of a new message that gets to see it. */
export function announce(stage: Stage, stored: StoredMessage): void {
  for (const world of stage.world.hearers(stored.chat)) tellBot(world, stored);
}

/** Tells a bot of a new message, if it is one the bot gets to see. */
export function tellBot(world: World, stored: StoredMessage): void {
  if (!reachesBot(world, stored)) return;
  const message = structuredClone(world.toMessage(stored));
  if (stored.chat.kind === 'channel') world.emit({ channel_post: message as Message & Update.Channel });
  else world.emit({ message: message as Message & Update.NonChannel });
}

/** Tells the bots of an edit. */
export function announceEdit(stage: Stage, stored: StoredMessage): void {
  for (const world of stage.world.hearers(stored.chat)) tellEdit(world, stored);
}

function tellEdit(world: World, stored: StoredMessage): void {
  if (!reachesBot(world, stored)) return;
  const message = structuredClone(world.toMessage(stored));
  if (stored.chat.kind === 'channel')
    world.emit({ edited_channel_post: message as Message & Update.Edited & Update.Channel });
  else world.emit({ edited_message: message as Message & Update.Edited & Update.NonChannel });
}

/**
 * Privacy mode (https://core.telegram.org/bots/features#privacy-mode): in groups a bot that is no
 * administrator gets its own commands, replies to it, what people send through it, and service
 * messages.
 */
function reachesBot(world: World, { chat, content, replyTo, viaBot }: StoredMessage): boolean {
  if (chat.kind === 'private') return true;
  const mine = chat.members.get(world.bot.id);
  if (mine === undefined || mine.status === 'left' || mine.status === 'kicked') return false;
  if (isAdmin(mine) || world.bot.can_read_all_group_messages || viaBot || content.kind === 'service')
    return true;
  if (chat.messages.find(({ id }) => id === replyTo)?.authorId === world.bot.id) return true;
  return isCommandFor(world, content.text);
}

/** A bare command reaches the bot too: it is the only bot here, so it spoke last. */
function isCommandFor(world: World, text: string): boolean {
  const command = /^\/[a-z0-9_]+(?:@(\w+))?/i.exec(text);
  const addressee = command?.[1]?.toLowerCase();
  return command !== null && (addressee === undefined || addressee === world.bot.username.toLowerCase());
}

/** The stored message behind a reference; throws when there is none to act on. */
export function stored(world: World, { chatId, id }: MessageRef): StoredMessage {
  const chat = world.chats.get(chatId);
  const message = chat && world.message(chat, id);
  if (message === undefined) throw new ActRefused('gone', `message ${id} is not in chat ${chatId}`);
  return message;
}

/** What is in a chat now. */
export function seenIn(world: World, chat: ChatState): SeenMessage[] {
  return chat.messages.filter((message) => !message.isDeleted).map((message) => see(world, message));
}
