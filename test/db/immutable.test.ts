/**
 * Released migrations are never edited: what a database ran must be what the program thinks it ran.
 */
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { migrations } from '../../src/db/migrations/all-migrations.ts';

/**
 * First 16 digits of the SHA-256 of each step's statements on an empty database. A new step adds a
 * line; no line is ever changed.
 */
const RELEASED: Readonly<Record<string, string>> = {
  '1 baseline': 'd1a6983e500dc38c',
  '2 backup': '6c6760e2a9ba9d79',
  '3 viewer': 'c036e4bacf33e629',
  '4 admin': 'd71f576f059eb5fd',
  '5 trouble': '284bbe5419b0ae83',
  '6 waiting': 'dd2edf585f31ad2c',
  '7 questions': 'a010eff0c72d1ea8',
  '8 archive': 'bb39fefeedec7218',
  '9 changes': 'dc4dff842c1d6771',
  '10 bucket-notes': '12f50f6ef12829da',
};

test('migrations are numbered without gaps and released ones are unchanged', () => {
  expect(migrations.map(({ version }) => version)).toEqual(migrations.map((_, i) => i + 1));
  const found = migrations.map(({ version, name, up }) => [
    `${version} ${name}`,
    createHash('sha256').update(up(new Map()).join('\n')).digest('hex').slice(0, 16),
  ]);
  expect(Object.fromEntries(found)).toEqual(RELEASED);
});
