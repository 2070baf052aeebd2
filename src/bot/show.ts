/**
 * Shows a screen: one function decides whether to edit the pressed message, to leave it, or to send
 * a new one, whatever kind the old message was. (The old bot edited text on a photo and failed.)
 */
import { GrammyError, type InlineKeyboard } from 'grammy';
import type { InlineKeyboardButton, InputMedia, Message } from 'grammy/types';
import type { ArchivedMessage, Whereabouts } from '../db/whereabouts.ts';
import { describeError } from '../lib/log.ts';
import { CAPTION_LIMIT, type Html, TEXT_LIMIT } from '../text/html.ts';
import type { BotContext } from './context.ts';
import { isFileRefused } from './file-trouble.ts';
import type { MediaKind } from './stored-file.ts';

export interface ScreenMedia {
  readonly kind: MediaKind;
  readonly fileId: string;
  /** Left out: the file id is this bot's. */
  readonly at?: Whereabouts;
}

export interface Screen {
  readonly text: Html;
  readonly keyboard?: InlineKeyboard;
  /**
   * `keep`: the pressed message's own media stays, if it has any (then the text is a caption, see
   * {@link roomFor}).
   */
  readonly media?: ScreenMedia | 'keep';
  /**
   * The text alone will do where Telegram refuses the file, and this learns why; left out, the
   * refusal is thrown.
   */
  readonly onRefused?: (error: GrammyError) => void;
  /** Leaves the pressed message as it is: lists stay where they are. */
  readonly isNew?: boolean;
}

/**
 * Edits the pressed message into the screen where Telegram allows it, else sends it as a new
 * message; one Bot API call (two when the edit is refused). Another bot's file comes as a copy out
 * of the archive; a message is never edited into a copy.
 */
export async function show(ctx: BotContext, screen: Screen): Promise<void> {
  try {
    await showWhole(ctx, screen);
  } catch (error) {
    if (!isFileRefused(error)) throw error;
    ctx.services.log.warn('file refused', { method: error.method, error: error.description });
    if (screen.onRefused === undefined) throw error;
    screen.onRefused(error);
    await showWhole(ctx, { ...screen, media: 'keep' });
  }
}

async function showWhole(ctx: BotContext, screen: Screen): Promise<void> {
  const pressed = pressedMessage(ctx);
  const { media } = screen;
  if (media !== undefined && media !== 'keep' && media.at?.isAway === true)
    return showAway(ctx, screen, media, pressed !== undefined && screen.isNew !== true);
  if (pressed === undefined || screen.isNew === true) return send(ctx, screen);
  const edit = chooseEdit(ctx, pressed, screen);
  if (edit === undefined) return send(ctx, screen);
  try {
    await edit();
  } catch (error) {
    if (!isRefused(error) || isBlamedOnFile(error)) throw error;
    ctx.services.log.info('not edited', { method: error.method, error: error.description });
    await send(ctx, screen);
  }
}

/** A picture is no reason for another message; a video is what the viewer wants. */
async function showAway(
  ctx: BotContext,
  screen: Screen,
  { kind, at }: ScreenMedia,
  hasPlace: boolean,
): Promise<void> {
  const copy = at?.copy ?? null;
  if (copy === null || (kind === 'photo' && hasPlace)) return showWhole(ctx, { ...screen, media: 'keep' });
  await copyInto(ctx, copy, screen);
}

/** One call, whatever bot put the message there. */
async function copyInto(ctx: BotContext, copy: ArchivedMessage, screen: Screen): Promise<void> {
  if (ctx.chatId === undefined) return;
  await ctx.api.copyMessage(ctx.chatId, copy.chatId, copy.messageId, {
    caption: screen.text.markup,
    parse_mode: 'HTML',
    ...(screen.keyboard === undefined ? {} : { reply_markup: screen.keyboard }),
  });
}

/**
 * Changes buttons of the pressed message, if it can still be edited; the rest of it stays as it is.
 */
export async function editKeyboard(
  ctx: BotContext,
  change: (button: InlineKeyboardButton) => InlineKeyboardButton,
): Promise<void> {
  const shown = pressedMessage(ctx)?.reply_markup?.inline_keyboard;
  if (shown === undefined) return;
  try {
    await ctx.editMessageReplyMarkup({
      reply_markup: { inline_keyboard: shown.map((row) => row.map(change)) },
    });
  } catch (error) {
    if (!isRefused(error)) throw error;
    ctx.services.log.info('not edited', { method: error.method, error: error.description });
  }
}

/**
 * Takes the buttons off a pressed message whose media keeps it as it is while a new one says the
 * rest. Never fails.
 */
export async function leaveBare(ctx: BotContext): Promise<void> {
  const pressed = pressedMessage(ctx);
  if (pressed === undefined || mediaOf(pressed) === undefined) return;
  await ctx.editMessageReplyMarkup().catch((error: unknown) => {
    ctx.services.log.warn('buttons not taken off', { error: describeError(error) });
  });
}

/** How many characters a text may have that keeps the pressed message's media. */
export function roomFor(ctx: BotContext): number {
  const pressed = pressedMessage(ctx);
  return pressed === undefined || mediaOf(pressed) === undefined ? TEXT_LIMIT : CAPTION_LIMIT;
}

/**
 * Date 0 marks a message too old for Telegram to hand out ("inaccessible"): it cannot be edited.
 */
function pressedMessage(ctx: BotContext): Message | undefined {
  const pressed = ctx.callbackQuery?.message;
  return pressed === undefined || pressed.date === 0 ? undefined : pressed;
}

function chooseEdit(ctx: BotContext, pressed: Message, screen: Screen): (() => Promise<unknown>) | undefined {
  const markup = screen.keyboard === undefined ? {} : { reply_markup: screen.keyboard };
  const shown = mediaOf(pressed);
  if (screen.media === 'keep' && shown !== undefined)
    return () => ctx.editMessageCaption({ caption: screen.text.markup, parse_mode: 'HTML', ...markup });
  if (screen.media === undefined || screen.media === 'keep')
    return shown === undefined && pressed.text !== undefined
      ? () =>
          ctx.editMessageText(screen.text.markup, {
            parse_mode: 'HTML',
            link_preview_options: { is_disabled: true },
            ...markup,
          })
      : undefined;
  // Telegram takes media into a text message too; only the way back is closed.
  if (shown === undefined && pressed.text === undefined) return undefined;
  const { kind, fileId } = screen.media;
  const unchanged = shown?.kind === kind && shown.fileIds.includes(fileId);
  if (unchanged)
    return () => ctx.editMessageCaption({ caption: screen.text.markup, parse_mode: 'HTML', ...markup });
  const media: InputMedia = { type: kind, media: fileId, caption: screen.text.markup, parse_mode: 'HTML' };
  return () => ctx.editMessageMedia(media, markup);
}

/** Of a message with the screen's text. */
export function messageOptions({ keyboard }: Pick<Screen, 'keyboard'>): {
  parse_mode: 'HTML';
  reply_markup?: InlineKeyboard;
} {
  return { parse_mode: 'HTML', ...(keyboard && { reply_markup: keyboard }) };
}

async function send(ctx: BotContext, screen: Screen): Promise<void> {
  const options = messageOptions(screen);
  if (screen.media === undefined || screen.media === 'keep') {
    await ctx.reply(screen.text.markup, { ...options, link_preview_options: { is_disabled: true } });
    return;
  }
  const { kind, fileId } = screen.media;
  const captioned = { ...options, caption: screen.text.markup };
  if (kind === 'photo') await ctx.replyWithPhoto(fileId, captioned);
  else if (kind === 'video') await ctx.replyWithVideo(fileId, captioned);
  else if (kind === 'animation') await ctx.replyWithAnimation(fileId, captioned);
  else await ctx.replyWithDocument(fileId, captioned);
}

/** The media of a message; a photo comes in several sizes, each with a file_id of its own. */
function mediaOf(message: Message): { kind: MediaKind; fileIds: readonly string[] } | undefined {
  if (message.photo !== undefined)
    return { kind: 'photo', fileIds: message.photo.map((size) => size.file_id) };
  // An animation carries a document as well, so it is asked for first.
  if (message.animation !== undefined) return { kind: 'animation', fileIds: [message.animation.file_id] };
  if (message.video !== undefined) return { kind: 'video', fileIds: [message.video.file_id] };
  if (message.document !== undefined) return { kind: 'document', fileIds: [message.document.file_id] };
  return undefined;
}

/**
 * The message is gone, too old, of another kind, or whatever Telegram calls it: what cannot be
 * edited is sent.
 */
function isRefused(error: unknown): error is GrammyError {
  return error instanceof GrammyError && error.error_code === 400;
}

/**
 * Spares a second refusal where Telegram names the file; where it does not, sending shows whose
 * fault it was.
 */
function isBlamedOnFile(error: GrammyError): boolean {
  return isFileRefused(error) && /file|MEDIA_|PHOTO_|VIDEO_|DOCUMENT_|IMAGE_/i.test(error.description);
}
