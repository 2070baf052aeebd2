import { isDeepStrictEqual } from 'node:util';
import type { InlineKeyboardMarkup } from 'grammy/types';
import { requireEdit, resolveChat, right } from '../access.ts';
import { badRequest } from '../api-errors.ts';
import { inlineMarkup } from '../markup.ts';
import type { ChatKind, Content, StoredMessage } from '../state.ts';
import type { World } from '../world.ts';
import { captionOf, inputMedia, textContent } from './content.ts';
import type { Context, Method } from './method.ts';

export const editMethods: Record<string, Method> = {
  editMessageText: (context) => {
    const content = textContent(context.args);
    return edit(context, (message) => {
      if (message.content.kind !== 'text') throw badRequest('There is no text in the message to edit');
      return content;
    });
  },
  editMessageCaption: (context) => {
    const caption = captionOf(context.args);
    return edit(context, ({ content }) => {
      if (content.kind === 'text' || content.kind === 'service') {
        throw badRequest('There is no caption in the message to edit');
      }
      return { ...content, ...caption };
    });
  },
  editMessageMedia: (context) =>
    edit(context, ({ inlineId }) => {
      const { world, args } = context;
      const media = inputMedia(world, args, args.json('media', 'input media'));
      if (inlineId !== undefined && args.text('media').includes('attach://')) {
        throw badRequest("can't upload a file for an inline message");
      }
      return media;
    }),
  editMessageReplyMarkup: (context) => edit(context, ({ content }) => content, true),
};

/** Edits a message of the bot. Its keyboard is replaced too, or removed when none is given. */
function edit(
  { world, args }: Context,
  change: (message: StoredMessage) => Content,
  onlyMarkup = false,
): unknown {
  const inlineId = args.text('inline_message_id');
  const byInline = inlineId !== '' && args.text('chat_id') === '';
  const message = byInline
    ? inlineTarget(world, inlineId)
    : editTarget(world, args.text('chat_id'), args.int('message_id'));
  if (!byInline && !canEdit(world, message, onlyMarkup)) throw badRequest("Message can't be edited");
  const content = change(message);
  const markup = inlineMarkup(args.json('reply_markup', 'reply keyboard markup'), message.chat.kind);
  if (isSame(content, message.content) && isDeepStrictEqual(plain(markup), plain(message.markup))) {
    throw badRequest(
      'message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message',
    );
  }
  const contentChanged = !isSame(content, message.content);
  message.content = content;
  message.markup = markup;
  message.edits += 1;
  if (contentChanged) message.editDate = world.now();
  return byInline ? true : world.toMessage(message);
}

/** Files of equal content sent anew are new files, so identity decides. */
function isSame(a: Content, b: Content): boolean {
  const fileOf = (content: Content): string => ('file' in content ? content.file.uniqueId : '');
  const rest = (content: Content): unknown =>
    content.kind === 'service' ? content : [content.kind, content.text, content.entities];
  return fileOf(a) === fileOf(b) && isDeepStrictEqual(rest(a), rest(b));
}

function plain(markup: InlineKeyboardMarkup | undefined): unknown {
  return markup?.inline_keyboard ?? [];
}

function inlineTarget(world: World, inlineId: string): StoredMessage {
  const message = world.inlineMessage(inlineId);
  if (message === undefined) throw badRequest('MESSAGE_ID_INVALID');
  return message;
}

function editTarget(world: World, chatId: string, messageId: number): StoredMessage {
  const chat = resolveChat(world, chatId);
  requireEdit(world, chat);
  const message = messageId > 0 ? world.message(chat, messageId) : undefined;
  if (message === undefined) throw badRequest('message to edit not found');
  return message;
}

/** Who may edit what, after TDLib's can_edit_message. */
function canEdit(world: World, message: StoredMessage, onlyMarkup: boolean): boolean {
  if (message.content.kind === 'service' || message.origin !== undefined || message.viaBot) return false;
  // A message with a reply keyboard is not editable.
  if (message.replyMarkup !== undefined) return false;
  const mine = message.chat.members.get(world.bot.id);
  const kind: ChatKind = message.chat.kind;
  const isOwn = message.authorId === world.bot.id;
  if (kind !== 'channel') return isOwn;
  if (right(mine, 'can_edit_messages')) return true;
  return right(mine, 'can_post_messages') && (isOwn || onlyMarkup);
}
