/** The pure core of the frame: codec, escaping, cutting, pages, incoming. */
import fc from 'fast-check';
import type { Update } from 'grammy/types';
import { describe, expect, test } from 'vitest';
import { type Action, decodeAction, encodeAction } from '../../src/bot/callback-data.ts';
import { normaliseDigits, readIncoming } from '../../src/bot/incoming.ts';
import { pageOf } from '../../src/bot/pagination.ts';
import { cutText, html } from '../../src/text/html.ts';

const whole = fc.integer({ min: 0, max: 2 ** 40 });
const actions: fc.Arbitrary<Action> = fc.oneof(
  fc.constant<Action>({ kind: 'label' }),
  fc.record({ kind: fc.constant('card' as const), anime: whole }),
  fc.record({ kind: fc.constant('parts' as const), anime: whole, page: whole }),
  fc.record({ kind: fc.constant('play' as const), anime: whole, part: whole }),
);

describe('callback data', () => {
  test('every action comes back and fits Telegram’s 64 bytes', () => {
    fc.assert(
      fc.property(actions, (action) => {
        const data = encodeAction(action);
        expect(Buffer.byteLength(data)).toBeLessThanOrEqual(64);
        expect(decodeAction(data)).toEqual(action);
      }),
    );
  });

  test('garbage in: undefined or an action that encodes to the same data, never an exception', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom('c', 'p', 'v', '-', ':', '1', 'z', '²') })),
        (data) => {
          const action = decodeAction(data);
          if (action !== undefined) expect(decodeAction(encodeAction(action))).toEqual(action);
        },
      ),
    );
  });

  test('data of released buttons keeps its meaning (never change these lines)', () => {
    expect(decodeAction('c:c')).toEqual({ kind: 'card', anime: 12 });
    expect(decodeAction('p:c:0')).toEqual({ kind: 'parts', anime: 12, page: 0 });
    expect(decodeAction('v:c:z')).toEqual({ kind: 'play', anime: 12, part: 35 });
    expect(decodeAction('-')).toEqual({ kind: 'label' });
  });
});

describe('html', () => {
  const unescaped = (markup: string): string =>
    markup.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&amp;', '&');

  test('any text comes through escaping unchanged and its length is what Telegram counts', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const piece = html`<b>${text}</b>`;
        expect(piece.markup).not.toMatch(/<(?!\/?b>)/);
        expect(unescaped(piece.markup.slice(3, -4))).toBe(text);
        expect(piece.length).toBe(text.length);
      }),
    );
  });

  test('a value cannot leave the attribute it stands in', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('"', "'", '>', '&', ' ', 'x', '=') }), (text) => {
        const { markup } = html`<a href="https://t.me/${text}">x</a>`;
        const [, attribute] = /^<a href="([^"]*)">x<\/a>$/.exec(markup) ?? [];
        expect(attribute && unescaped(attribute)).toBe(`https://t.me/${text}`);
      }),
    );
  });

  test('cutting keeps the limit, loses nothing and never splits a character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 2, max: 40 }), (text, limit) => {
        const cut = cutText(text, limit);
        expect(cut.text.length).toBeLessThanOrEqual(limit);
        expect(cut.text.isWellFormed()).toBe(true);
        const kept = cut.rest === '' ? cut.text : cut.text.slice(0, -1);
        expect((kept + cut.rest).replaceAll(/\s/g, '')).toBe(text.replaceAll(/\s/g, ''));
      }),
    );
  });
});

describe('pages', () => {
  test.each([
    [0, 0, { page: 0, pages: 1, hasNext: false }],
    [0, 10, { page: 0, pages: 1, hasNext: false }],
    [0, 11, { page: 0, pages: 2, hasNext: true }],
    [1, 11, { page: 1, pages: 2, hasNext: false }],
    [9, 11, { page: 1, pages: 2, hasNext: false }],
    [-3, 11, { page: 0, pages: 2, hasNext: true }],
  ])('page %i of %i items', (asked, total, expected) => {
    expect(pageOf(asked, total, 10)).toEqual(expected);
  });
});

describe('what a message asks for', () => {
  const me = { username: 'anime_bot' };
  const message = (text: string, type: 'private' | 'supergroup' = 'private'): Update =>
    ({
      update_id: 1,
      message: {
        message_id: 1,
        date: 1,
        chat: { id: 1, type },
        from: { id: 1, is_bot: false, first_name: 'A' },
        text,
      },
    }) as Update;

  test.each([
    ['12', 12],
    [' 0012 ', 12],
    ['١٢', 12],
    ['१२', 12],
    ['𝟙𝟚', 12],
    ['999999', 999_999],
    ['1000000', null],
    ['0', null],
    ['12345678901234567890', null],
  ])('%s is the code %s', (text, code) => {
    expect(readIncoming(message(text), me)).toEqual({ kind: 'code', code });
  });

  // The old bot crashed on these.
  test.each(['²', '--5', '-5', '1.5', '12a', 'Ⅻ'])('%s is a name, not a code', (text) => {
    expect(readIncoming(message(text), me)).toEqual({ kind: 'text', text });
  });

  test('digits of every script have their value', () => {
    for (let point = 0; point <= 0x1ffff; point++) {
      if (point >= 0xd800 && point <= 0xdfff) continue;
      const char = String.fromCodePoint(point);
      if (!/\p{Nd}/u.test(char)) continue;
      expect(normaliseDigits(char)).toMatch(/^[0-9]$/);
    }
    expect(normaliseDigits('٠١٢٣٤٥٦٧٨٩ ০১২৩৪৫৬৭৮৯ ０９ 𝟎𝟗𝟘𝟡')).toBe('0123456789 0123456789 09 0909');
  });

  test('in groups only commands addressed to this bot count, never bare digits', () => {
    expect(readIncoming(message('12', 'supergroup'), me)).toEqual({ kind: 'other' });
    expect(readIncoming(message('/start', 'supergroup'), me)).toEqual({ kind: 'other' });
    expect(readIncoming(message('/start@other_bot', 'supergroup'), me)).toEqual({ kind: 'other' });
    expect(readIncoming(message('/start@Anime_Bot 12', 'supergroup'), me)).toEqual({
      kind: 'command',
      name: 'start',
      argument: '12',
    });
  });

  test('an edited message asks for nothing (the old bot crashed)', () => {
    const { message: inner } = message('12');
    expect(readIncoming({ update_id: 1, edited_message: inner } as Update, me)).toEqual({ kind: 'other' });
  });
});
