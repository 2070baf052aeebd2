import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { LANGUAGES, TEXTS } from '../../../sim/offline/page/texts/all-texts.ts';

const folder = new URL('../../../sim/offline/page/', import.meta.url);
const sources = readdirSync(folder)
  .filter((file) => /\.(js|html)$/.test(file))
  .map((file) => readFileSync(new URL(file, folder), 'utf8'))
  .join('\n');
type Text = (typeof TEXTS)['uz'][keyof (typeof TEXTS)['uz']];
const formsOf = (text: Text): string[] => (typeof text === 'string' ? [text] : Object.values(text));
const placesOf = (text: string): string[] =>
  [...text.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name).sort();
const keys = Object.keys(TEXTS.uz) as (keyof typeof TEXTS.uz)[];

test('Uzbek is first, and every language has every text, with the same places to fill', () => {
  expect(Object.keys(TEXTS)).toEqual(['uz', 'ru', 'en']);
  expect(Object.keys(LANGUAGES)).toEqual(Object.keys(TEXTS));
  for (const [language, texts] of Object.entries(TEXTS)) {
    expect(Object.keys(texts).sort(), language).toEqual([...keys].sort());
    for (const key of keys.filter((name) => !/date$/i.test(name)))
      for (const form of formsOf(texts[key])) {
        expect(form.trim(), `${language} ${key}`).not.toBe('');
        expect(placesOf(form), `${language} ${key}`).toEqual(placesOf(formsOf(TEXTS.uz[key])[0] ?? ''));
      }
    expect(formsOf(texts.months)[0]?.split(' ')).toHaveLength(12);
  }
});

test('a text with forms has every form that its language tells apart', () => {
  for (const [language, texts] of Object.entries(TEXTS))
    for (const key of keys) {
      const text = texts[key];
      if (typeof text === 'string') continue;
      const { pluralCategories } = new Intl.PluralRules(language).resolvedOptions();
      expect(Object.keys(text).sort(), `${language} ${key}`).toEqual([...pluralCategories].sort());
    }
});

test('the page uses every text, and no other', () => {
  const refusals = keys.filter((key) => /^(?:refused|before|title):/.test(key));
  const unused = keys.filter((key) => !refusals.includes(key) && !new RegExp(`['"]${key}['"]`).test(sources));
  expect(sources).toMatch(/`before:\$\{/);
  // Said by names that are put together: the kinds of chats, files, people and backups.
  const put = ['viewer', 'admin', 'channel', 'group', 'bot', 'photo', 'video', 'document', 'animation'];
  const states = ['verified', 'damaged', 'unreadable', 'unfinished'];
  expect(unused.filter((key) => ![...put, ...states].includes(key))).toEqual([]);
  const used = [
    ...sources.matchAll(/\bt\('(\w+)'/g),
    ...sources.matchAll(/data-(?:text|label|hint)="(\w+)"/g),
  ].map(([, key = '']) => key);
  expect(used.filter((key) => !keys.includes(key as (typeof keys)[number]))).toEqual([]);
});

test('Uzbek is written with its own letters', () => {
  for (const key of keys) expect(formsOf(TEXTS.uz[key]).join(' '), key).not.toMatch(/[oOgG]['’`ʻ]|[а-я]/);
});
