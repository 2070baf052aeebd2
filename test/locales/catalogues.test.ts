/** What every text for people keeps to, whatever it says; all branches are read from the source. */
import { describe, expect, test } from 'vitest';
import { cyrillic } from './cyrillic.ts';
import { LANGUAGES, type Language, readCatalogue, subjects, textsIn } from './read-catalogue.ts';

/**
 * Words of a text as a person reads it: no markup, code, values, commands, user names, file names.
 */
function prose(text: string): string {
  return text
    .replaceAll(/<code>.*?<\/code>/gs, ' ')
    .replaceAll(/<[^>]*>|\{[\w.]*\}|\s[/@][a-z_]+|\bdocs\/[\w.-]+\.md/g, ' ');
}

/** Names that no language translates, and units. */
const NAMES =
  /\b(?:Telegram|Cloudflare|Webhook|webhook|cron|JSON|UTF|UTC|NUL|ID|BOT_TOKEN|BOT_INFO|ADMIN_IDS|PUBLIC_URL|Worker|mkv|db|bot)/g;

/** Letters to choose from are no words. */
const said = (language: Language) =>
  textsIn(language).filter(({ where, text }) => /\p{L}/u.test(text) && !where.includes('_LETTERS'));

/**
 * What each language shapes by itself: its letters, its plurals, words that another module says in
 * English.
 */
const OWN_SHAPE = /LETTERS|STATE_ICON|alphabet|^REASONS|^WORDS|^ago$|^AGO/;

describe.each(LANGUAGES)('%s', (language) => {
  test('has the keys of uz, and each text uses the same values', () => {
    for (const subject of subjects()) {
      const source = readCatalogue(subject, 'uz').names;
      const { names } = readCatalogue(subject, language);
      const values = (of: ReadonlyMap<string, readonly string[]>): Record<string, readonly string[]> =>
        Object.fromEntries([...of].filter(([key]) => !OWN_SHAPE.test(key)));
      expect({ subject, keys: values(names) }).toEqual({ subject, keys: values(source) });
    }
  });

  test('closes its tags, doubles no space, leaves none at an end of a line', () => {
    for (const one of said(language)) {
      const open = [...one.text.matchAll(/<\/?(?:b|i|code)>/g)].join('');
      expect([one.where, open.replaceAll(/<(b|i|code)><\/\1>/g, '')]).toEqual([one.where, '']);
      expect([one.where, one.text]).not.toEqual([one.where, expect.stringMatching(/[^\n ] {2,}|[ \t]\n/)]);
    }
  });
});

describe('letters', () => {
  test('uz has no Cyrillic letter, no English word, and one apostrophe for o‘ and g‘', () => {
    for (const { where, text } of said('uz')) {
      const words = prose(text).replaceAll(NAMES, ' ');
      expect([where, words]).not.toEqual([where, expect.stringMatching(/\p{Script=Cyrillic}/u)]);
      // Uzbek has neither w nor c but in ch.
      expect([where, words]).not.toEqual([where, expect.stringMatching(/w|c(?!h)/i)]);
      expect([where, words]).not.toEqual([where, expect.stringMatching(/[og]['`ʻʼ’]|\w['`ʻʼ]\w/i)]);
    }
  });

  test('uz-cyrl is uz in Cyrillic letters, word by word', () => {
    for (const subject of subjects()) {
      const isOwn = (where: string): boolean =>
        /LETTERS|STATE_ICON|alphabet|language(?:Name|Chosen|Set)$/.test(where);
      const texts = (language: Language) =>
        readCatalogue(subject, language).texts.filter(({ where }) => !isOwn(where));
      const source = texts('uz').map(({ where, text }) => ({ where, text: cyrillic(text) }));
      expect(texts('uz-cyrl')).toEqual(source);
    }
  });

  test('ru has no Latin word but names', () => {
    for (const { where, text } of said('ru')) {
      const words = prose(text).replaceAll(NAMES, ' ');
      expect([where, words]).not.toEqual([where, expect.stringMatching(/\p{Script=Latin}|[ўқғҳ]/u)]);
    }
  });

  test('en has no Cyrillic letter and no word of Uzbek', () => {
    for (const { where, text } of said('en')) {
      expect([where, text]).not.toEqual([where, expect.stringMatching(/\p{Script=Cyrillic}|[og]‘/u)]);
    }
  });
});
