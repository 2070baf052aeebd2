import type { Message } from 'grammy/types';
import { requireContentRight, requireWrite, resolveChat } from '../access.ts';
import { tellBot } from '../actor.ts';
import { badRequest } from '../api-errors.ts';
import { type Args, isObject } from '../args.ts';
import { replyMarkup } from '../markup.ts';
import type { ChatState, Content, ReplyMarkup, StoredMessage } from '../state.ts';
import type { World } from '../world.ts';
import { type MediaKind, mediaContent, textContent } from './content.ts';
import type { Context, Method } from './method.ts';

/** What a message gets besides its content. */
type Extras = Partial<Pick<StoredMessage, 'origin' | 'markup'>>;

export const sendMethods: Record<string, Method> = {
  sendMessage: (context) => sendOne(context, () => textContent(context.args)),
  sendPhoto: media('photo'),
  sendVideo: media('video'),
  sendDocument: media('document'),
  sendAnimation: media('animation'),
};

function media(kind: MediaKind): Method {
  return (context) => sendOne(context, () => mediaContent(context.world, context.args, kind));
}

function sendOne(context: Context, read: () => Content): Message {
  const { world, args } = context;
  const content = read();
  const chat = resolveChat(world, args.text('chat_id'));
  return world.toMessage(post(context, chat, content));
}

/** Checks and stores one message of the bot. */
export function post(
  { world, args, flood }: Context,
  chat: ChatState,
  content: Content,
  extras: Extras = {},
): StoredMessage {
  const markup = replyMarkup(args, chat.kind);
  requireWrite(world, chat);
  requireContentRight(world, chat, content.kind);
  const replyTo = replyTarget(world, args, chat);
  flood?.take(chat, 1);
  return deliver(world, args, chat, content, { replyTo, markup, ...extras });
}

function deliver(
  world: World,
  args: Args,
  chat: ChatState,
  content: Content,
  {
    replyTo,
    markup,
    origin,
  }: { replyTo?: number | undefined; markup?: ReplyMarkup | undefined } & Pick<Extras, 'origin'>,
): StoredMessage {
  const isInline = markup !== undefined && 'inline_keyboard' in markup;
  const stored = world.store({
    chat,
    content,
    authorId: world.bot.id,
    from: chat.kind === 'channel' ? undefined : world.botUser,
    replyTo,
    origin,
    markup: isInline && markup.inline_keyboard.length > 0 ? markup : undefined,
    replyMarkup: isInline ? undefined : markup,
    isProtected: args.bool('protect_content'),
    isSilent: args.bool('disable_notification'),
  });
  // Bots never see messages of other bots, but in channels (bots/faq).
  if (chat.kind === 'channel')
    for (const other of world.hearers(chat)) if (other !== world) tellBot(other, stored);
  return stored;
}

/** The message replied to, from `reply_parameters` or the older parameters. */
function replyTarget(world: World, args: Args, chat: ChatState): number | undefined {
  const given = args.json('reply_parameters', 'reply parameters');
  if (given !== undefined && !isObject(given)) throw badRequest('Object expected as reply parameters');
  const id = given ? Number(given['message_id'] ?? 0) : args.int('reply_to_message_id');
  if (id === 0) return undefined;
  if (world.message(chat, id)) return id;
  const isOptional = given
    ? given['allow_sending_without_reply'] === true
    : args.bool('allow_sending_without_reply');
  if (!isOptional) throw badRequest('message to be replied not found');
  return undefined;
}
