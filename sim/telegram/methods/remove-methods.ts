import { requireEdit, resolveChat, right } from '../access.ts';
import { badRequest } from '../api-errors.ts';
import { DELETE_WINDOW, MESSAGE_IDS_MAX } from '../api-limits.ts';
import type { Args } from '../args.ts';
import type { StoredMessage } from '../state.ts';
import type { World } from '../world.ts';
import type { Method } from './method.ts';

export const removeMethods: Record<string, Method> = {
  deleteMessage: ({ world, args }) => {
    if (args.text('chat_id') === '') throw badRequest('Chat identifier is not specified');
    if (args.int('message_id') === 0) throw badRequest('Message identifier is not specified');
    const chat = resolveChat(world, args.text('chat_id'));
    requireEdit(world, chat);
    const message = world.message(chat, args.int('message_id'));
    if (message === undefined) throw badRequest('message to delete not found');
    requireDelete(world, message);
    message.isDeleted = true;
    return true;
  },
  deleteMessages: ({ world, args }) => {
    const chat = resolveChat(world, args.text('chat_id'));
    requireEdit(world, chat);
    // Messages that are not found are passed over (Bot API, deleteMessages).
    const found = messageIds(args).flatMap((id) => world.message(chat, id) ?? []);
    for (const message of found) requireDelete(world, message);
    for (const message of found) message.isDeleted = true;
    return true;
  },
};

/** The `message_ids` of a call: 1 to 100 integers. */
export function messageIds(args: Args): number[] {
  const ids = args.json('message_ids', 'message identifiers');
  if (ids === undefined) throw badRequest('Message identifiers are not specified');
  if (!Array.isArray(ids)) throw badRequest('Expected an Array of message identifiers');
  if (ids.length > MESSAGE_IDS_MAX) throw badRequest('Too many message identifiers specified');
  if (ids.length === 0) throw badRequest('Message identifiers are not specified');
  return ids.map((id) => {
    const number = typeof id === 'string' ? Number(id) : id;
    if (typeof number !== 'number') throw badRequest('Message identifier must be a Number');
    if (!Number.isInteger(number) || number <= 0) throw badRequest('Invalid message identifier specified');
    return number;
  });
}

/** deleteMessage: own messages and a private chat's for 48 hours; anything with the right. */
function requireDelete(world: World, message: StoredMessage): void {
  const { chat } = message;
  const mine = chat.members.get(world.bot.id);
  if (chat.kind !== 'private' && right(mine, 'can_delete_messages')) return;
  const isOwn =
    message.authorId === world.bot.id && (chat.kind !== 'channel' || right(mine, 'can_post_messages'));
  if (chat.kind !== 'private' && !isOwn) throw badRequest("Message can't be deleted");
  if (world.now() - message.date > DELETE_WINDOW) throw badRequest("Message can't be deleted for everyone");
}
