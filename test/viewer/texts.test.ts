/** The viewer's texts in four languages, and the data of released buttons. */
import { describe, expect, test } from 'vitest';
import { type Action, decodeAction, encodeAction } from '../../src/bot/callback-data.ts';
import { viewerCommands } from '../../src/handlers/commands-menu.ts';
import { textsFor } from '../../src/locales/index.ts';
import { LOCALE_NAMES } from '../../src/settings/config.ts';
import { Html } from '../../src/text/html.ts';

const SAMPLES: Record<string, readonly (readonly unknown[])[]> = {
  greeting: [['Ali']],
  continueTitle: [['Naruto', 5]],
  help: [
    [[{ command: 'start', description: 'x' }], { isAdmin: true, inlineName: 'bot' }],
    [[], { isAdmin: false, inlineName: undefined }],
  ],
  gateMissing: [[['Kanal', 'Klub']]],
  gateAlert: [[['Kanal', 'Klub']]],
  untitled: [[12]],
  codeLine: [[12]],
  cardFacts: [
    [{ code: 12, parts: 3, year: 2002, genres: 'jangari', views: 7 }],
    [{ code: 12, parts: 0, year: null, genres: null, views: 0 }],
  ],
  continueAt: [[5]],
  favourite: [[true], [false]],
  favouriteSaid: [[true], [false]],
  follow: [[true], [false]],
  followSaid: [[true], [false]],
  unknownCode: [
    [12, true],
    [12, false],
  ],
  choosePart: [[null], [5]],
  part: [[5]],
  playing: [[5, 12]],
  partGone: [[5]],
  fileTrouble: [['Naruto', 5]],
  pageOf: [[1, 3]],
  found: [[7]],
  nothingFound: [['naruto']],
  browseTitle: [['newest'], ['viewed'], ['name']],
  personalList: ['history', 'favourites', 'follows'].flatMap((list) => [
    [list, true],
    [list, false],
  ]),
  newParts: [
    ['Naruto', 5, 5, 1],
    ['Naruto', 5, 7, 3],
  ],
  inlineHint: [[12]],
  noticeChannelUnchecked: [['Kanal', 'Forbidden']],
  noticeChannelLink: [['Kanal']],
  noticeFile: [
    [12, 5, 'wrong file'],
    [12, null, 'wrong file'],
  ],
};

/** Every text with its samples, as `[key, text]`. */
function said(locale: (typeof LOCALE_NAMES)[number]): [string, string][] {
  return Object.entries(textsFor(locale).viewer).flatMap(([key, text]) =>
    (SAMPLES[key] ?? [[]]).map((args): [string, string] => {
      const value = (text as (...args: readonly unknown[]) => unknown)(...args);
      if (value instanceof Html) return [key, value.markup];
      return [key, typeof value === 'string' ? value : JSON.stringify(value)];
    }),
  );
}

describe('texts', () => {
  test.each(LOCALE_NAMES)('%s says everything, with its tags closed and no hole in it', (locale) => {
    for (const [key, text] of said(locale)) {
      expect([key, text.trim()]).not.toEqual([key, '']);
      expect([key, text]).not.toEqual([key, expect.stringMatching(/undefined|\[object|NaN/)]);
      const open = [...text.matchAll(/<(\/?)(b|code)>/g)].map(([tag]) => tag);
      const pairs = open.join('').replaceAll(/<(b|code)><\/\1>/g, '');
      expect([key, pairs]).toEqual([key, '']);
    }
  });

  test('every language has its own letters', () => {
    const letters = (locale: (typeof LOCALE_NAMES)[number], keys: (key: string) => boolean): string =>
      said(locale)
        .filter(([key]) => keys(key))
        .map(([, text]) =>
          text.replaceAll(
            /<[^>]*>|@\w+|\/\w+|Naruto|Ali|Kanal|Klub|Forbidden|wrong file|jangari|naruto|start|Telegram|bot|x/g,
            '',
          ),
        )
        .join(' ');
    const words = (key: string): boolean =>
      key !== 'alphabet' && key !== 'languageName' && key !== 'commands';
    expect(letters('uz', words)).not.toMatch(/\p{Script=Cyrillic}/u);
    expect(letters('en', words)).not.toMatch(/\p{Script=Cyrillic}|‘\w|o‘/u);
    expect(letters('uz-Cyrl', words)).not.toMatch(/\p{Script=Latin}/u);
    expect(letters('ru', words)).not.toMatch(/\p{Script=Latin}|[ўқғҳ]/u);
    // One apostrophe, U+2018, for o‘ and g‘; U+2019 for the tutuq belgisi.
    expect(letters('uz', words)).not.toMatch(/[og]['`ʻʼ]/);
  });

  test.each(LOCALE_NAMES)('the commands of %s are what setMyCommands takes', (locale) => {
    const commands = viewerCommands(textsFor(locale));
    expect(commands).not.toEqual([]);
    for (const { command, description } of commands) {
      expect(command).toMatch(/^[a-z0-9_]{1,32}$/);
      expect(description.length).toBeGreaterThan(2);
      expect(description.length).toBeLessThanOrEqual(256);
    }
  });

  test.each(LOCALE_NAMES)('answers to presses in %s fit Telegram’s 200 characters', (locale) => {
    const { viewer } = textsFor(locale);
    for (const text of [
      viewer.gone(),
      viewer.partGone(99_999),
      viewer.slowDown(),
      viewer.gatePassed(),
      viewer.followSaid(true),
    ])
      expect(text.length).toBeLessThanOrEqual(200);
  });
});

describe('buttons live for ever', () => {
  /** Never change these lines: such buttons are out there. */
  const released: readonly (readonly [string, Action])[] = [
    ['-', { kind: 'label' }],
    ['c:c', { kind: 'card', anime: 12 }],
    ['p:c:0', { kind: 'parts', anime: 12, page: 0 }],
    ['v:c:z', { kind: 'play', anime: 12, part: 35 }],
    ['k:c', { kind: 'pick', anime: 12 }],
    ['z:c:z', { kind: 'watch', anime: 12, part: 35 }],
    ['d:c:1', { kind: 'more', anime: 12, page: 1 }],
    ['s:o:c:5', { kind: 'check', text: 'o:c:5' }],
    ['o:c:5', { kind: 'open', code: 12, part: 5 }],
    ['m', { kind: 'menu' }],
    ['h', { kind: 'help' }],
    ['q:1:naruto shipuden', { kind: 'search', page: 1, text: 'naruto shipuden' }],
    ['b:2:c:1', { kind: 'browse', order: 2, anchor: 12, direction: 1 }],
    ['e', { kind: 'letters' }],
    ['l:sh', { kind: 'letter', text: 'sh' }],
    ['r', { kind: 'random' }],
    ['y:0:2', { kind: 'list', list: 0, page: 2 }],
    ['f:c:1', { kind: 'favourite', anime: 12, on: 1 }],
    ['w:c:0', { kind: 'follow', anime: 12, on: 0 }],
    ['i', { kind: 'languages' }],
    ['g:2', { kind: 'language', locale: 2 }],
  ];

  test.each(released)('%s', (data, action) => {
    expect(decodeAction(data)).toEqual(action);
    expect(encodeAction(action)).toBe(data);
  });
});
