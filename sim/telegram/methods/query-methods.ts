import { badRequest } from '../api-errors.ts';
import {
  CALLBACK_ANSWER_MAX,
  CALLBACK_TTL,
  CAPTION_MAX,
  INLINE_RESULT_ID_MAX,
  INLINE_RESULTS_MAX,
  INLINE_TTL,
  TEXT_MAX,
} from '../api-limits.ts';
import { type Args, isObject, type Json, type JsonObject, stringField } from '../args.ts';
import { formatText } from '../formatted-text.ts';
import { inlineMarkup } from '../markup.ts';
import type { FormattedText } from '../parse-html.ts';
import type { Query, World } from '../world.ts';
import { entitiesOf } from './content.ts';
import type { Method } from './method.ts';

/** What a person sees after pressing a button. */
export interface CallbackAnswer {
  text: string | undefined;
  isAlert: boolean;
  url: string | undefined;
}

/** The bot's answer to an inline query. */
export interface InlineAnswer {
  results: JsonObject[];
  button: JsonObject | undefined;
  nextOffset: string;
  isPersonal: boolean;
  /** Seconds. */
  cacheTime: number;
}

export const queryMethods: Record<string, Method> = {
  answerCallbackQuery: ({ world, args }) => {
    const query = openQuery(world, world.callbacks.get(args.text('callback_query_id')), CALLBACK_TTL);
    const text = args.text('text');
    if (text.length > CALLBACK_ANSWER_MAX) throw badRequest('MESSAGE_TOO_LONG');
    const url = args.text('url');
    const start = `t.me/${world.bot.username}?start=`.toLowerCase();
    if (url !== '' && !url.toLowerCase().includes(start)) throw badRequest('URL_INVALID');
    const answer: CallbackAnswer = {
      text: text === '' ? undefined : text,
      isAlert: args.bool('show_alert'),
      url: url === '' ? undefined : url,
    };
    closeQuery(query, answer);
    return true;
  },
  answerInlineQuery: ({ world, args }) => {
    const results = inlineResults(args, world);
    const query = openQuery(world, world.inlineQueries.get(args.text('inline_query_id')), INLINE_TTL);
    const button = args.json('button', 'inline query results button');
    if (button !== undefined) checkResultsButton(button);
    if (Buffer.byteLength(args.text('next_offset')) > 64) throw badRequest('NEXT_OFFSET_INVALID');
    const answer: InlineAnswer = {
      results,
      button: isObject(button) ? button : undefined,
      nextOffset: args.text('next_offset'),
      isPersonal: args.bool('is_personal'),
      cacheTime: args.has('cache_time') ? args.int('cache_time') : 300,
    };
    closeQuery(query, answer);
    return true;
  },
};

function closeQuery(query: Query, answer: unknown): void {
  query.answer = answer;
  query.isAnswered = true;
}

/** A query can be answered once, and only for a short while. */
function openQuery(world: World, query: Query | undefined, ttl: number): Query {
  const isOpen = query !== undefined && !query.isAnswered && world.clock().getTime() - query.at <= ttl * 1000;
  if (!isOpen) throw badRequest('query is too old and response timeout expired or query ID is invalid');
  return query;
}

function checkResultsButton(button: Json): void {
  if (!isObject(button)) throw badRequest('InlineQueryResultsButton must be an Object');
  const start = stringField(button, 'start_parameter');
  if ((start === undefined) === (button['web_app'] === undefined)) {
    throw badRequest('InlineQueryResultsButton must have exactly one optional field');
  }
  if (start !== undefined && !/^[\w-]{1,64}$/.test(start)) throw badRequest('START_PARAM_INVALID');
}

/** Results and what each would send, checked; only article and the media used here are taken. */
function inlineResults(args: Args, world: World): JsonObject[] {
  const results = args.json('results', 'inline query results') ?? [];
  if (!Array.isArray(results)) throw badRequest('Expected an Array of inline query results');
  if (results.length > INLINE_RESULTS_MAX) throw badRequest('Too many inline query results specified');
  const ids = new Set<string>();
  return results.map((result) => {
    const parsing = "Can't parse inline query result: ";
    if (!isObject(result)) throw badRequest(`${parsing}Inline query result must be an object`);
    const id = stringField(result, 'id');
    if (id === undefined) throw badRequest(`${parsing}Can't find field "id"`);
    if (id === '' || Buffer.byteLength(id) > INLINE_RESULT_ID_MAX) throw badRequest('RESULT_ID_INVALID');
    if (ids.has(id)) throw badRequest('RESULT_ID_DUPLICATE');
    ids.add(id);
    checkResult(result, world, parsing);
    inlineMarkup(result['reply_markup'], 'private');
    return result;
  });
}

/** Cached media types, with the field that holds the file id. */
const CACHED: Record<string, [field: string, kind: string]> = {
  photo: ['photo_file_id', 'photo'],
  video: ['video_file_id', 'video'],
  document: ['document_file_id', 'document'],
  mpeg4_gif: ['mpeg4_file_id', 'animation'],
};

function checkResult(result: JsonObject, world: World, parsing: string): void {
  const type = stringField(result, 'type') ?? '';
  if (type === 'article') {
    if (!stringField(result, 'title')) throw badRequest('ARTICLE_TITLE_EMPTY');
    if (result['input_message_content'] === undefined)
      throw badRequest(`${parsing}Input message content is not specified`);
  } else {
    const cached = CACHED[type];
    if (cached === undefined) throw badRequest(`${parsing}type "${type}" is unsupported by the stand-in`);
    const fileId = stringField(result, cached[0]);
    // Without a cached file Telegram would fetch a URL; the stand-in is offline.
    if (fileId === undefined) throw badRequest('failed to get HTTP URL content');
    if (world.files.byId(fileId).kind !== cached[1]) throw badRequest('type of file mismatch');
    if (type !== 'photo' && !stringField(result, 'title')) throw badRequest('RESULT_TITLE_EMPTY');
  }
  inlineText(result);
}

/** The text or caption a chosen result sends. */
export function inlineText(result: JsonObject): FormattedText | undefined {
  const content = result['input_message_content'];
  const isText = isObject(content);
  const source = isText ? content : result;
  const text = stringField(source, isText ? 'message_text' : 'caption') ?? '';
  if (isText && text === '') throw badRequest('Message text is empty');
  const formatted = formatText({
    text,
    parseMode: stringField(source, 'parse_mode'),
    entities: entitiesOf(source[isText ? 'entities' : 'caption_entities']),
  });
  if (formatted.text.length > (isText ? TEXT_MAX : CAPTION_MAX)) {
    throw badRequest(isText ? 'Message is too long' : 'Message caption is too long');
  }
  return isText ? formatted : formatted.text === '' ? undefined : formatted;
}
