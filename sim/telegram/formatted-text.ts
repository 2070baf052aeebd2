import type { MessageEntity } from 'grammy/types';
import { badRequest } from './api-errors.ts';
import { RAW_TEXT_BYTES_MAX } from './api-limits.ts';
import { type FormattedText, parseHtml, sortEntities } from './parse-html.ts';

/** Where Telegram finds entities by itself; earlier patterns win. */
const FOUND: readonly [MessageEntity.CommonMessageEntity['type'], RegExp][] = [
  ['url', /(?:https?:\/\/|\bwww\.|\bt\.me\/)[^\s<>"]+[^\s<>".,!?:;)]/giu],
  ['email', /[\w.+-]+@[\w-]+\.[a-z]{2,}/giu],
  ['bot_command', /(?<![\w/<>])\/[a-z0-9_]{1,64}(?:@[a-z]\w{4,31})?(?![\w/])/giu],
  ['mention', /(?<![\w@])@[a-z]\w{3,31}\b/giu],
  ['hashtag', /(?<![\w#])#[\p{L}_][\p{L}\p{N}_]*/gu],
];

/** What a request says a text is: its raw form, and how it is to be read. */
export interface RawText {
  text: string;
  parseMode?: string | undefined;
  entities?: MessageEntity[] | undefined;
}

/**
 * A bot's text as people see it: parsed, cleaned and trimmed as Telegram does it, automatic
 * entities added. Refuses what Telegram refuses; lengths are checked by the caller.
 */
export function formatText(raw: RawText): FormattedText {
  if (Buffer.byteLength(raw.text) > RAW_TEXT_BYTES_MAX) throw badRequest('Text is too long');
  return finish(parse(raw));
}

/** A person's text, as the apps send it: entities given or found. */
export function personText(text: string, entities: MessageEntity[] = []): FormattedText {
  return finish({ text, entities });
}

function parse({ text, parseMode, entities }: RawText): FormattedText {
  const mode = (parseMode ?? '').toLowerCase();
  if (text !== '' && mode === 'html') return parseHtml(text);
  if (text !== '' && (mode === 'markdown' || mode === 'markdownv2')) {
    throw badRequest('Markdown is not supported by the stand-in, use HTML or entities');
  }
  if (text !== '' && mode !== '' && mode !== 'none') throw badRequest('Unsupported parse_mode');
  for (const { offset, length } of entities ?? []) {
    if (!(offset >= 0 && length > 0 && offset + length <= text.length))
      throw badRequest('ENTITY_BOUNDS_INVALID');
  }
  return { text, entities: entities ?? [] };
}

function finish(parsed: FormattedText): FormattedText {
  const { text, entities } = trim(parsed);
  return { text, entities: sortEntities([...entities, ...findEntities(text, entities)]) };
}

/** Control characters become spaces, surrounding white space goes; entities move along. */
function trim({ text, entities }: FormattedText): FormattedText {
  const clean = text.replace(/[\u0000-\u0009\u000b-\u001f]/g, ' ');
  const start = clean.length - clean.trimStart().length;
  const end = clean.trimEnd().length;
  const kept = entities.flatMap((entity) => {
    const from = Math.max(entity.offset, start);
    const to = Math.min(entity.offset + entity.length, end);
    return to > from ? [{ ...entity, offset: from - start, length: to - from }] : [];
  });
  return { text: start < end ? clean.slice(start, end) : '', entities: kept };
}

function findEntities(text: string, given: MessageEntity[]): MessageEntity[] {
  const taken = given.filter((e) => ['code', 'pre', 'text_link', 'text_mention'].includes(e.type));
  const isFree = (from: number, to: number): boolean =>
    taken.every((entity) => to <= entity.offset || from >= entity.offset + entity.length);
  const known = new Set(given.map((entity) => `${entity.type} ${entity.offset}`));
  const found: MessageEntity[] = [];
  for (const [type, pattern] of FOUND) {
    for (const match of text.matchAll(pattern)) {
      const entity = { type, offset: match.index, length: match[0].length };
      if (known.has(`${type} ${entity.offset}`) || !isFree(entity.offset, entity.offset + entity.length))
        continue;
      found.push(entity);
      taken.push(entity);
    }
  }
  return found;
}
