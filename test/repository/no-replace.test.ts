/**
 * `INSERT OR REPLACE` deletes the row in its way without firing a trigger (recursive_triggers is
 * off, and cannot be set over HTTP): the change log would not see it go.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

/** Released, and run before there is a change log. */
const BEFORE_THE_LOG = ['src/db/migrations/0007-questions.ts'];

test('no statement replaces rows', () => {
  const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard', 'src'], { encoding: 'utf8' });
  const found = files
    .split('\n')
    .filter((file) => file.endsWith('.ts') && !BEFORE_THE_LOG.includes(file))
    .filter((file) =>
      /\b(INSERT|UPDATE)\s+OR\s+REPLACE\b|\bREPLACE\s+INTO\b|recursive_triggers\s*=/i.test(
        readFileSync(file, 'utf8'),
      ),
    );
  expect(found).toEqual([]);
});
