/**
 * src/locales/terms.md is kept: one term a thing, and none of the words a native reader found
 * wrong.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { LANGUAGES, LOCALES, textsIn } from './read-catalogue.ts';

/** The rows of the table below a heading, each cell trimmed. */
function rowsBelow(heading: string): readonly (readonly string[])[] {
  const text = readFileSync(join(LOCALES, 'terms.md'), 'utf8');
  const section = text.split(`## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  const lines = section.split('\n').filter((line) => line.startsWith('|'));
  return lines.slice(2).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

test.each(LANGUAGES)('%s says every term of the glossary', (language) => {
  const all = textsIn(language)
    .map(({ text }) => text.toLowerCase())
    .join('\n');
  const column = 1 + LANGUAGES.indexOf(language);
  const terms = rowsBelow('Terms').map((row) => row[column] ?? '');
  expect(terms.length).toBeGreaterThan(20);
  expect(terms.filter((term) => term === '' || !all.includes(term))).toEqual([]);
});

test.each(LANGUAGES)('%s says none of the words the glossary forbids', (language) => {
  const forbidden = rowsBelow('Never').flatMap(([of, word]) => (of === language ? [word ?? ''] : []));
  // Cyrillic follows Latin word by word (catalogues.test.ts).
  if (language !== 'uz-cyrl') expect(forbidden.length).toBeGreaterThan(5);
  const found = textsIn(language).filter(({ text }) =>
    forbidden.some((word) => text.replaceAll(/\{[\w.]*\}/g, '').includes(word)),
  );
  expect(found).toEqual([]);
});

test.each(['README.uz.md', 'docs/owners-guide.uz.md'])(
  '%s says none of the words that Uzbek texts avoid',
  (page) => {
    const text = readFileSync(join(import.meta.dirname, '../..', page), 'utf8');
    const forbidden = rowsBelow('Never').flatMap(([of, word]) => (of === 'uz' ? [word ?? ''] : []));
    expect(forbidden.filter((word) => text.includes(word))).toEqual([]);
    // One word for "verified".
    expect(text).toContain('tekshirilgan');
    expect(text).not.toContain('«tayyor»');
  },
);
