/** How code and documents are written (CONTRIBUTING.md, "How to write"). */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const COLUMNS = 100;
const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { encoding: 'utf8' });
const lines = listed
  .split('\n')
  .filter((file) => /^(src|sim|dev|bench|test|docs)\/.*\.(ts|js|md)$|^[A-Z.a-z]+\.md$/.test(file))
  .filter((file) => existsSync(file) && file !== 'test/docs/words.test.ts')
  .flatMap((file) =>
    readFileSync(file, 'utf8')
      .split('\n')
      .map((text) => ({ file, text, isProse: file.endsWith('.md') || isComment(text) })),
  );

function isComment(line: string): boolean {
  return /^\s*(\/\/|\/?\*)/.test(line);
}

function isTitle(line: string): boolean {
  return /^\s*(?:test|it|describe)\b.*['"`]/.test(line);
}

const found = (fits: (line: (typeof lines)[number]) => boolean): string[] =>
  lines.filter(fits).map(({ file, text }) => `${file}: ${text.trim()}`);

test('"cannot" is one word', () => {
  expect(
    found(({ file, text }) => /\bcan not\b/i.test(text) && !/(?:glossary|terms)\.md$/.test(file)),
  ).toEqual([]);
});

test('no file of the program has more than 300 lines', () => {
  const counts = new Map<string, number>();
  for (const { file } of lines) counts.set(file, (counts.get(file) ?? 0) + 1);
  // The end of the last line begins no further one.
  const long = [...counts].filter(
    ([file, count]) => /^(?:src|sim|dev)\/.*\.ts$/.test(file) && count - 1 > 300,
  );
  expect(long).toEqual([]);
});

test('no sentence says "shall"', () => {
  expect(
    found(({ file, text, isProse }) => isProse && /\bshall\b/i.test(text) && !/terms\.md$/.test(file)),
  ).toEqual([]);
});

test('no sentence says "spoilt", or ends with "no more" or "nobody knows"', () => {
  // `spoilt` in quotes is a reason that stands in databases.
  const isOff = (text: string): boolean =>
    /(?<!['`/])\bspoilt\b(?!['`-])|\b(?:no more|nobody knows)(?:[.,;:)]|\s*\*\/|$)/i.test(text);
  expect(found(({ text, isProse }) => (isProse || isTitle(text)) && isOff(text))).toEqual([]);
});

test('nobody is "he" or "his" in comments, documents and titles of tests', () => {
  expect(
    found(({ text, isProse }) => (isProse || isTitle(text)) && /\b(?:he|his|him|himself)\b/i.test(text)),
  ).toEqual([]);
});

test(`a line of a document has at most ${COLUMNS} columns, but rows of tables and single words`, () => {
  const isPage = (file: string): boolean => /^docs\/.*\.md$|^(?:CONTRIBUTING|SECURITY)\.md$/.test(file);
  // Tables, HTML, JSON of an example, and one long word stay whole.
  const isExempt = (text: string): boolean => /^\||^\s*[<{"]|^\s*\S+$/.test(text);
  expect(found(({ file, text }) => isPage(file) && [...text].length > COLUMNS && !isExempt(text))).toEqual(
    [],
  );
});

test(`a line of a comment has at most ${COLUMNS} columns`, () => {
  // One long word, an address for example, cannot be broken; nor can an indented command.
  const isBreakable = (text: string): boolean =>
    /\S\s+\S/.test(text.replace(/^\s*(?:\/\/|\/?\*+)\s*/, '')) && !/^\s*\* {3,}/.test(text);
  expect(
    found(
      ({ file, text }) =>
        !file.endsWith('.md') &&
        isComment(text) &&
        [...text].length > COLUMNS &&
        isBreakable(text) &&
        !/biome-ignore|@ts-/.test(text),
    ),
  ).toEqual([]);
});

test('a recipe that looks at a moment first does not name it by an age when it acts', () => {
  const pages = [...new Set(lines.map(({ file }) => file))].filter((file) => file.endsWith('.md'));
  const aged = (line: string): boolean => /--at [1-9]\d*[smhd]\b/.test(line);
  const isLook = (line: string): boolean => / --dry-run\b| diff /.test(line);
  const isDeed = (line: string): boolean => / restore /.test(line) && !isLook(line);
  const faults = pages.flatMap((file) =>
    readFileSync(file, 'utf8')
      .split(/^#{2,} /m)
      .filter((section) => {
        const commands = section.split('\n').filter((line) => line.startsWith('npm run') && aged(line));
        return commands.some(isLook) && commands.some(isDeed);
      })
      .map((section) => `${file}: ${section.split('\n')[0]}`),
  );
  expect(faults).toEqual([]);
});
