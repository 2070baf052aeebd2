/** What documents and code point to is there: in this repository, not outside it. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';

const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { encoding: 'utf8' })
  .split('\n')
  .filter((file) => existsSync(file));
const documents = files.filter((file) => file.endsWith('.md'));
const sources = files
  .filter((file) => /^(src|dev|sim|test|bench|docs)\/.*\.(ts|md|yml)$|^[A-Z.a-z]+\.md$/.test(file))
  .filter((file) => file !== 'test/docs/references.test.ts')
  .map((file) => ({ file, text: readFileSync(file, 'utf8') }));

/** What each source names that `isThere` denies. */
function missing(pattern: RegExp, isThere: (found: RegExpExecArray, file: string) => boolean): string[] {
  return sources.flatMap(({ file, text }) =>
    [...text.matchAll(pattern)]
      .filter((found) => !isThere(found, file))
      .map(([found]) => `${file}: ${found}`),
  );
}

/** Headings, list titles in bold and rows of tables: what a reader can find by its words. */
const titles = (document: string): string[] =>
  [...readFileSync(document, 'utf8').matchAll(/^(?:#+ |- \*\*|\d+\. \*\*|\| )(.+)$/gm)].map(
    ([, title = '']) => title,
  );

test.each(documents)('%s: every test it names and every file it links to exists', (document) => {
  const text = readFileSync(document, 'utf8');
  const tests = [...text.matchAll(/\btest\/[\w/.-]+\.test\.ts\b/g)].map(([name]) => name);
  const links = [...text.matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)/g)].map(([, target = '']) =>
    join(dirname(document), target),
  );
  expect([...tests, ...links].filter((name) => !existsSync(name))).toEqual([]);
});

test('every document that code or documents name exists', () => {
  expect(missing(/\bdocs\/[\w/-]+(?:\.[\w-]+)*\.(?:md|yml)\b/g, ([name]) => existsSync(name))).toEqual([]);
});

test('every section that is named by its title exists', () => {
  const named = /\b(docs\/[\w/-]+\.md),? "([^"\n]+)"/g;
  expect(
    missing(named, ([, document = '', title = '']) =>
      titles(document).some((line) => line.startsWith(title.replace(/[.,]$/, ''))),
    ),
  ).toEqual([]);
});

test('nothing points outside the repository', () => {
  const outside = /(?<![/\w])spec\/[\w-]+\.md|\b(?:ARCHITECTURE|STYLE)\.md|\.\.\/shared\b|\bissue (?:"|\d)/g;
  expect(missing(outside, (_, file) => file === 'docs/architecture.md')).toEqual([]);
});

test.each(['docs/architecture.md', 'CONTRIBUTING.md'])(
  '%s: every source it names by file exists',
  (document) => {
    const named = [...readFileSync(document, 'utf8').matchAll(/`([\w./-]+\.ts)`/g)].map(
      ([, name = '']) => name,
    );
    expect(named.filter((name) => !files.some((file) => `/${file}`.endsWith(`/${name}`)))).toEqual([]);
  },
);
