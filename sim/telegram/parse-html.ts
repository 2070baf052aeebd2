import type { MessageEntity } from 'grammy/types';
import { badRequest } from './api-errors.ts';

/** Plain text with its entities; offsets and lengths are UTF-16 units. */
export interface FormattedText {
  text: string;
  entities: MessageEntity[];
}

/** Tag name to entity type, for tags without arguments. */
const SIMPLE: Record<string, 'bold' | 'italic' | 'underline' | 'strikethrough' | 'spoiler'> = {
  b: 'bold',
  strong: 'bold',
  i: 'italic',
  em: 'italic',
  u: 'underline',
  ins: 'underline',
  s: 'strikethrough',
  strike: 'strikethrough',
  del: 'strikethrough',
  'tg-spoiler': 'spoiler',
};
const TAGS = new Set([...Object.keys(SIMPLE), 'a', 'code', 'pre', 'span', 'blockquote', 'tg-emoji']);
const NAMED = new Map([
  ['lt', '<'],
  ['gt', '>'],
  ['amp', '&'],
  ['quot', '"'],
]);
const SPACE = /\s/;

interface Open {
  tag: string;
  argument: string;
  offset: number;
}

/** An entity, with the language a code block named (it only counts when pre and code meet). */
interface Draft {
  entity: MessageEntity;
  language: string;
}

/**
 * Parses the HTML subset of the Bot API (https://core.telegram.org/bots/api#html-style), refusing
 * what Telegram refuses with its wording. Byte offsets in errors count UTF-8, as Telegram's do.
 */
export function parseHtml(source: string): FormattedText {
  const scanner = new Scanner(source);
  const open: Open[] = [];
  const drafts: Draft[] = [];
  let text = '';
  while (!scanner.done) {
    const character = scanner.peek();
    if (character === '&') {
      text += scanner.reference() ?? scanner.next();
    } else if (character !== '<') {
      text += scanner.next();
    } else if (scanner.peek(1) === '/') {
      closeTag(scanner, open, drafts, text);
    } else {
      open.push({ ...startTag(scanner), offset: text.length });
    }
  }
  const last = open.at(-1);
  if (last) throw fail(`Can't find end tag corresponding to start tag "${last.tag}"`);
  return { text, entities: sortEntities(drafts.map((draft) => draft.entity)) };
}

/** Outer before inner, earlier before later: the order Telegram returns. */
export function sortEntities(entities: MessageEntity[]): MessageEntity[] {
  return [...entities].sort((a, b) => a.offset - b.offset || b.length - a.length);
}

function startTag(scanner: Scanner): { tag: string; argument: string } {
  const at = scanner.byteOffset();
  scanner.next();
  const tag = scanner.takeUntil((c) => SPACE.test(c) || c === '>').toLowerCase();
  if (scanner.done) throw fail(`Unclosed start tag at byte offset ${at}`);
  if (!TAGS.has(tag)) throw fail(`Unsupported start tag "${tag}" at byte offset ${at}`);
  let argument = '';
  for (;;) {
    scanner.takeWhile((c) => SPACE.test(c));
    if (scanner.peek() === '>') break;
    const name = scanner.takeUntil((c) => SPACE.test(c) || '=>/"\''.includes(c));
    if (name === '') throw fail(`Empty attribute name in the tag "${tag}" at byte offset ${at}`);
    scanner.takeWhile((c) => SPACE.test(c));
    let value = '1';
    if (scanner.peek() === '=') {
      scanner.next();
      scanner.takeWhile((c) => SPACE.test(c));
      value = scanner.attributeValue();
    } else if (scanner.done) {
      throw fail(`Unclosed start tag "${tag}" at byte offset ${at}`);
    } else if (tag !== 'blockquote') {
      continue;
    }
    if (scanner.done) throw fail(`Unclosed start tag at byte offset ${at}`);
    argument = attributeOf(tag, name, value) ?? argument;
  }
  scanner.next();
  if (tag === 'span' && argument !== 'spoiler') {
    throw fail(`Tag "span" must have class "tg-spoiler" at byte offset ${at}`);
  }
  return { tag, argument };
}

/** The part of an attribute an entity needs, undefined when the attribute means nothing. */
function attributeOf(tag: string, name: string, value: string): string | undefined {
  if (tag === 'a' && name === 'href') return value;
  if (tag === 'code' && name === 'class' && value.startsWith('language-')) return value.slice(9);
  if (tag === 'span' && name === 'class' && value.startsWith('tg-')) return value.slice(3);
  if (tag === 'blockquote' && name === 'expandable') return '1';
  if (tag === 'tg-emoji' && name === 'emoji-id') return value;
  return undefined;
}

function closeTag(scanner: Scanner, open: Open[], drafts: Draft[], text: string): void {
  const at = scanner.byteOffset();
  const started = open.at(-1);
  if (!started) throw fail(`Unexpected end tag at byte offset ${at}`);
  scanner.next();
  scanner.next();
  const tag = scanner.takeUntil((c) => SPACE.test(c) || c === '>').toLowerCase();
  scanner.takeWhile((c) => SPACE.test(c));
  if (scanner.peek() !== '>') throw fail(`Unclosed end tag at byte offset ${at}`);
  if (tag !== '' && tag !== started.tag) {
    throw fail(`Unmatched end tag at byte offset ${at}, expected "</${started.tag}>", found "</${tag}>"`);
  }
  scanner.next();
  open.pop();
  const length = text.length - started.offset;
  if (length > 0) addEntity(drafts, started, length, text);
}

function addEntity(drafts: Draft[], { tag, argument, offset }: Open, length: number, text: string): void {
  const place = { offset, length };
  const simple = SIMPLE[tag];
  const add = (entity: MessageEntity, language = ''): void => {
    drafts.push({ entity, language });
  };
  if (simple) add({ type: simple, ...place });
  else if (tag === 'span') add({ type: 'spoiler', ...place });
  else if (tag === 'blockquote')
    add({ type: argument === '' ? 'blockquote' : 'expandable_blockquote', ...place });
  else if (tag === 'tg-emoji') {
    if (!/^[1-9]\d*$/.test(argument)) throw badRequest('Invalid custom emoji identifier specified');
    add({ type: 'custom_emoji', ...place, custom_emoji_id: argument });
  } else if (tag === 'a') {
    const url = argument === '' ? text.slice(offset) : argument;
    if (isLink(url)) add({ type: 'text_link', ...place, url });
  } else {
    const last = drafts.at(-1);
    const inner = last?.entity.offset === offset && last.entity.length === length ? last : undefined;
    const other = tag === 'pre' ? 'code' : 'pre';
    const language = tag === 'pre' ? (inner?.language ?? '') : argument;
    if (inner?.entity.type === other && language !== '') {
      inner.entity = { type: 'pre', ...place, language };
    } else if (tag === 'pre') {
      add({ type: 'pre', ...place });
    } else {
      add({ type: 'code', ...place }, argument);
    }
  }
}

/** Links Telegram would not make clickable are kept as plain text, without an error. */
function isLink(url: string): boolean {
  if (/^(tg|ton|tonsite):/i.test(url)) return true;
  return /^(?:https?:\/\/)?[^\s/?#:]+\.[^\s/?#:]+(?::\d+)?(?:[/?#]|$)/i.test(url);
}

function fail(message: string): Error {
  return badRequest(`can't parse entities: ${message}`);
}

/** A cursor over the source. */
class Scanner {
  readonly #source: string;
  #at = 0;

  constructor(source: string) {
    this.#source = source;
  }

  get done(): boolean {
    return this.#at >= this.#source.length;
  }

  peek(ahead = 0): string {
    return this.#source.charAt(this.#at + ahead);
  }

  next(): string {
    const character = this.peek();
    this.#at += 1;
    return character;
  }

  byteOffset(): number {
    return Buffer.byteLength(this.#source.slice(0, this.#at));
  }

  takeWhile(test: (character: string) => boolean): string {
    const from = this.#at;
    while (!this.done && test(this.peek())) this.#at += 1;
    return this.#source.slice(from, this.#at);
  }

  takeUntil(test: (character: string) => boolean): string {
    return this.takeWhile((character) => !test(character));
  }

  /** A character reference at the cursor; undefined (cursor unmoved) when `&` stands for itself. */
  reference(): string | undefined {
    const found = /^&(?:#x([0-9a-f]+)|#(\d+)|([a-z]+));?/i.exec(this.#source.slice(this.#at, this.#at + 16));
    if (!found) return undefined;
    const [whole, hex, decimal, name] = found;
    // Telegram takes a reference of ten characters or more for text.
    if (whole.replace(';', '').length >= 10) return undefined;
    const decoded = name === undefined ? fromCode(hex, decimal) : NAMED.get(name);
    if (decoded !== undefined) this.#at += whole.length;
    return decoded;
  }

  attributeValue(): string {
    const quote = this.peek();
    if (quote !== '"' && quote !== "'") {
      const at = this.byteOffset();
      const token = this.takeWhile((c) => /[A-Za-z0-9.-]/.test(c)).toLowerCase();
      if (!this.done && !SPACE.test(this.peek()) && this.peek() !== '>') {
        throw fail(`Unexpected end of name token at byte offset ${at}`);
      }
      return token;
    }
    this.next();
    let value = '';
    while (!this.done && this.peek() !== quote) value += this.reference() ?? this.next();
    this.next();
    return value;
  }
}

function fromCode(hex: string | undefined, decimal: string | undefined): string | undefined {
  const code = hex === undefined ? Number.parseInt(decimal ?? '', 10) : Number.parseInt(hex, 16);
  if (!(code > 0 && code < 0x10ffff)) return undefined;
  if (code >= 0xd800 && code <= 0xdfff) throw fail('Text contains invalid Unicode characters after decoding');
  return String.fromCodePoint(code);
}
