import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { append, greatest, least } from '../../src/lib/extremes.ts';

const MANY = Array.from({ length: 500_000 }, (_, i) => i);

test('lists that no call takes as its arguments', () => {
  expect(() => Math.max(...MANY)).toThrow(RangeError);
  expect(greatest(MANY)).toBe(499_999);
  expect(least(MANY)).toBe(0);
  const to = [1];
  append(to, MANY);
  expect(to).toHaveLength(500_001);
  expect([greatest([]), least([]), greatest([Number.NaN])]).toEqual([Math.max(), Math.min(), Number.NaN]);
});

test('nothing gives a list to Math.max or Math.min as arguments', () => {
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  );
  const found = files.filter((name) =>
    /Math\.(?:max|min)\((?:[^()]|\([^()]*\))*\.\.\./.test(readFileSync(join('src', name), 'utf8')),
  );
  expect(found).toEqual([]);
});
