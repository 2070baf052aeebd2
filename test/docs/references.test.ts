/** What documents and code point to is there: in this repository, not outside it. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';

const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { encoding: 'utf8' })
  .split('\n')
  .filter((file) => existsSync(file));
const documents = files.filter((file) => file.endsWith('.md'));
const sources = files.filter((file) => /^(src|dev|test|bench|docs)\/.*\.(ts|md|yml)$|^README/.test(file));

test.each(documents)('%s: every test it names and every file it links to exists', (document) => {
  const text = readFileSync(document, 'utf8');
  const tests = [...text.matchAll(/\btest\/[\w/.-]+\.test\.ts\b/g)].map(([name]) => name);
  const links = [...text.matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)/g)].map(([, target = '']) =>
    join(dirname(document), target),
  );
  expect([...tests, ...links].filter((name) => !existsSync(name))).toEqual([]);
});

test('every document that code or documents name exists', () => {
  const missing = sources.flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/\bdocs\/[\w-]+(?:\.[\w-]+)*\.(?:md|yml)\b/g)]
      .filter(([name]) => !existsSync(name))
      .map(([name]) => `${file}: ${name}`),
  );
  expect(missing).toEqual([]);
});
