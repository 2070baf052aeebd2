import type { InlineKeyboardButton, InlineKeyboardMarkup } from 'grammy/types';
import { badRequest } from './api-errors.ts';
import { BUTTONS_MAX, CALLBACK_DATA_BYTES_MAX } from './api-limits.ts';
import { type Args, isObject, type Json, type JsonObject, stringField } from './args.ts';
import type { ChatKind, ReplyMarkup } from './state.ts';

/** Fields that make an inline button do something; exactly one is allowed. */
const ACTIONS = [
  'url',
  'callback_data',
  'callback_game',
  'pay',
  'switch_inline_query',
  'switch_inline_query_chosen_chat',
  'switch_inline_query_current_chat',
  'login_url',
  'web_app',
  'copy_text',
] as const;

/** The `reply_markup` of a call, checked; undefined when none is given. */
export function replyMarkup(args: Args, chat: ChatKind): ReplyMarkup | undefined {
  return checkMarkup(args.json('reply_markup', 'reply keyboard markup'), chat);
}

/** The same for an inline keyboard alone: edits, inline results. */
export function inlineMarkup(value: Json | undefined, chat: ChatKind): InlineKeyboardMarkup | undefined {
  const markup = checkMarkup(value, chat);
  if (markup === undefined) return undefined;
  if (!('inline_keyboard' in markup)) throw badRequest('Inline keyboard expected');
  return markup.inline_keyboard.length > 0 ? markup : undefined;
}

function checkMarkup(value: Json | undefined, chat: ChatKind): ReplyMarkup | undefined {
  if (value === undefined || value === null) return undefined;
  if (!isObject(value)) throw badRequest('Object expected as reply markup');
  if ('inline_keyboard' in value) return inlineKeyboard(value['inline_keyboard'], chat);
  const isPlain = 'keyboard' in value || 'remove_keyboard' in value || 'force_reply' in value;
  if (!isPlain) return undefined;
  // A channel has no place to show a reply keyboard.
  if (chat === 'channel') throw badRequest('Inline keyboard expected');
  if ('keyboard' in value) {
    for (const button of rows(value['keyboard'], 'keyboard').flat()) {
      const text = isObject(button) ? stringField(button, 'text') : button;
      if (typeof text !== 'string')
        throw badRequest('Can\'t parse keyboard button: Can\'t find field "text"');
      if (text === '') throw badRequest('Keyboard button text must be non-empty');
    }
  }
  return value as JsonObject & ReplyMarkup;
}

function inlineKeyboard(value: Json | undefined, chat: ChatKind): InlineKeyboardMarkup {
  const keyboard = rows(value, 'inline_keyboard').filter((row) => row.length > 0);
  const buttons = keyboard.flat();
  for (const button of buttons) checkButton(button, chat);
  if (buttons.length > BUTTONS_MAX) throw badRequest('reply markup is too long');
  return { inline_keyboard: keyboard as (JsonObject & InlineKeyboardButton)[][] };
}

function rows(value: Json | undefined, field: string): Json[][] {
  const problem = badRequest(`Field "${field}" must be an Array of Arrays`);
  if (!Array.isArray(value)) throw problem;
  return value.map((row) => {
    if (!Array.isArray(row)) throw problem;
    return row;
  });
}

function checkButton(button: Json, chat: ChatKind): void {
  const parsing = "Can't parse inline keyboard button: ";
  if (!isObject(button)) throw badRequest(`${parsing}InlineKeyboardButton must be an Object`);
  const text = stringField(button, 'text');
  if (text === undefined) throw badRequest(`${parsing}Can't find field "text"`);
  if (text.trim() === '') throw badRequest('Inline keyboard button text must be non-empty');
  const actions = ACTIONS.filter((action) => isSet(button, action));
  const [action] = actions;
  if (action === undefined) throw badRequest(`${parsing}Text buttons are unallowed in the inline keyboard`);
  // Telegram silently takes the first; its documentation asks for one: a second is our bug.
  if (actions.length > 1) throw badRequest('BUTTON_TYPE_INVALID');
  checkAction(button, action, chat);
}

/** Empty url and callback_data count as absent, as in telegram-bot-api. */
function isSet(button: JsonObject, action: (typeof ACTIONS)[number]): boolean {
  const value = button[action];
  if (action === 'url' || action === 'callback_data')
    return value !== undefined && value !== null && value !== '';
  return value !== undefined;
}

function checkAction(button: JsonObject, action: (typeof ACTIONS)[number], chat: ChatKind): void {
  switch (action) {
    case 'url':
      checkUrl(stringField(button, 'url') ?? '');
      return;
    case 'callback_data':
      if (Buffer.byteLength(stringField(button, 'callback_data') ?? '') > CALLBACK_DATA_BYTES_MAX) {
        throw badRequest('BUTTON_DATA_INVALID');
      }
      return;
    case 'switch_inline_query':
    case 'switch_inline_query_current_chat':
      if (chat === 'channel') {
        throw badRequest(
          `Can't use ${action} button in a channel chat, because users will not be able to use the button without knowing bot's username`,
        );
      }
      return;
    case 'web_app':
      if (chat !== 'private') throw badRequest('BUTTON_TYPE_INVALID');
      return;
    case 'pay':
    case 'callback_game':
      throw badRequest('BUTTON_TYPE_INVALID');
    default:
      return;
  }
}

/** What TDLib checks (scheme, a dot in the host), and what the server does (a possible host). */
function checkUrl(url: string): void {
  const invalid = (why: string): Error =>
    badRequest(`Inline keyboard button URL '${url}' is invalid: ${why}`);
  if (/^(?:tg|ton|tonsite):/i.test(url)) {
    const host = /^[a-z]+:(?:\/\/)?([^/?#]*)/i.exec(url)?.[1] ?? '';
    if (!/^[\w.-]+$/.test(host)) throw invalid('Unallowed characters in URL host');
    return;
  }
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(url)?.[1]?.toLowerCase();
  if (scheme !== undefined && scheme !== 'http' && scheme !== 'https')
    throw invalid('Unsupported URL protocol');
  const rest = scheme === undefined ? url : url.slice(scheme.length + 3);
  const authority = /^[^/?#]*/.exec(rest)?.[0] ?? '';
  const host = authority.slice(authority.lastIndexOf('@') + 1).replace(/:\d+$/, '');
  if (host === '') throw invalid('URL host is empty');
  if (!host.includes('.')) throw invalid('Wrong HTTP URL');
  const labels = host.split('.');
  const last = labels.at(-1) ?? '';
  const isAddress = labels.length === 4 && labels.every((label) => /^\d{1,3}$/.test(label));
  const isName = labels.every((label) => /^[\p{L}\p{N}_](?:[\p{L}\p{N}_-]*[\p{L}\p{N}_])?$/u.test(label));
  if (!isAddress && !(isName && /^(?:\p{L}{2,}|xn--[a-z0-9-]+)$/iu.test(last)))
    throw badRequest('BUTTON_URL_INVALID');
  if (/\s/.test(url.trim())) throw badRequest('BUTTON_URL_INVALID');
}
