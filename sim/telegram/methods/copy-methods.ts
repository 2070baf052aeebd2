import type { InlineKeyboardMarkup, MessageOrigin } from 'grammy/types';
import { requireMembership, requireRead, requireWrite, resolveChat } from '../access.ts';
import { badRequest } from '../api-errors.ts';
import type { ChatState, Content, StoredMessage } from '../state.ts';
import type { World } from '../world.ts';
import { captionOf } from './content.ts';
import type { Context, Method } from './method.ts';
import { messageIds } from './remove-methods.ts';
import { post } from './send-methods.ts';

export const copyMethods: Record<string, Method> = {
  copyMessage: (context) => {
    const { world, args } = context;
    const source = sourceMessage(context, args.int('message_id'), 'copy');
    const isMedia = source.content.kind !== 'text' && source.content.kind !== 'service';
    const caption = args.has('caption') && isMedia ? captionOf(args) : {};
    // The original's keyboard is not copied: TDLib takes only the one of the call.
    const copied = post(context, resolveChat(world, args.text('chat_id')), {
      ...copyable(source),
      ...caption,
    });
    return { message_id: copied.id };
  },
  copyMessages: (context) =>
    many(context, (one, source, chat) => ({ message_id: post(one, chat, copyable(source)).id })),
  forwardMessage: (context) => {
    const { world, args } = context;
    const chat = resolveChat(world, args.text('chat_id'));
    return world.toMessage(forward(context, chat, sourceMessage(context, args.int('message_id'), 'forward')));
  },
};

function many(
  context: Context,
  act: (context: Context, source: StoredMessage, chat: ChatState) => unknown,
): unknown[] {
  const { world, args } = context;
  const ids = messageIds(args);
  if (ids.some((id, index) => index > 0 && id <= (ids[index - 1] ?? 0))) {
    throw badRequest('Message identifiers must be in a strictly increasing order');
  }
  const chat = resolveChat(world, args.text('chat_id'));
  requireWrite(world, chat);
  const from = sourceChat(context);
  // Messages that cannot be found or copied are skipped (Bot API, copyMessages).
  const sources = ids.flatMap((id) => world.message(from, id) ?? []).filter(isOpen);
  if (sources.length === 0) throw badRequest('There are no messages to forward');
  // All or none: they are sent by one request.
  context.flood?.take(chat, sources.length);
  return sources.map((source) => act({ ...context, flood: undefined }, source, chat));
}

function sourceChat({ world, args }: Context): ChatState {
  if (args.text('from_chat_id') === '') throw badRequest('parameter "from_chat_id" is required');
  const from = resolveChat(world, args.text('from_chat_id'), 'from_chat_id');
  requireRead(world, from);
  requireMembership(world, from);
  return from;
}

function sourceMessage(context: Context, id: number, verb: 'copy' | 'forward'): StoredMessage {
  const source = context.world.message(sourceChat(context), id);
  if (source === undefined) throw badRequest(`message to ${verb} not found`);
  if (source.isProtected && verb === 'forward')
    throw badRequest("Message has protected content and can't be forwarded");
  if (!isOpen(source))
    throw badRequest(verb === 'copy' ? "message can't be copied" : "Message can't be forwarded");
  return source;
}

function isOpen(source: StoredMessage): boolean {
  return !source.isProtected && source.content.kind !== 'service';
}

function copyable({ content }: StoredMessage): Content {
  return content.kind === 'text' || content.kind === 'service' ? content : { ...content, groupId: undefined };
}

function forward(context: Context, chat: ChatState, source: StoredMessage): StoredMessage {
  const { world } = context;
  return post(context, chat, copyable(source), {
    origin: originOf(world, source),
    markup: forwardedMarkup(source),
  });
}

/** Where a forwarded message comes from; a forward of a forward keeps the first origin. */
export function originOf(world: World, source: StoredMessage): MessageOrigin {
  if (source.origin) return source.origin;
  const { date } = source;
  if (source.from) return { type: 'user', sender_user: source.from, date };
  const chat = world.toChat(source.chat);
  if (chat.type !== 'channel') throw new Error(`message ${source.id} has neither a sender nor a channel`);
  return { type: 'channel', chat, message_id: source.id, date };
}

/** A forward keeps the keyboard only where every button is a link (TDLib). */
export function forwardedMarkup({ markup }: StoredMessage): InlineKeyboardMarkup | undefined {
  return markup?.inline_keyboard.flat().every((button) => 'url' in button) ? markup : undefined;
}
