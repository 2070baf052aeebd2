import { expect, test } from 'vitest';
import { hugeViews } from '../../src/lib/view-size.ts';
import { nestedViews } from '../support/nested-views.ts';

const view = (sql: string) => ({
  type: 'view',
  name: sql.split(' ')[2]?.replaceAll(/["[\]]/g, '') ?? '',
  sql,
});
const huge = (...texts: string[]): string[] => [...hugeViews(texts.map(view))];

test('views that name each other twice are huge from the ninth on', () => {
  expect(huge(...nestedViews(7))).toEqual([]);
  expect(huge(...nestedViews(10))).toEqual(['v8', 'v9']);
});

test('names in quotes, in brackets, in any case and as a text count', () => {
  const twice = (name: string, from: string) => `CREATE VIEW "${name}" AS SELECT a FROM ${from}`;
  const texts: string[] = [];
  for (let n = 1; n <= 9; n += 1) {
    const before = n % 3 === 0 ? `'a${n - 1}', "A${n - 1}"` : `[a${n - 1}], \`A${n - 1}\``;
    texts.push(twice(`A${n}`, n === 1 ? 'x, y' : before));
  }
  expect(huge(...texts)).toEqual(['a9']);
});

test('common tables of one view count as they are written out', () => {
  const tables = Array.from(
    { length: 10 },
    (_, n) =>
      `c${n}${n % 2 === 0 ? ' (a)' : ''} AS ${n % 3 === 0 ? 'NOT MATERIALIZED ' : ''}(SELECT a FROM ${n === 0 ? 'x' : `c${n - 1} UNION ALL SELECT a FROM c${n - 1}`})`,
  );
  expect(huge(`CREATE VIEW v AS WITH ${tables.join(', ')} SELECT * FROM c9`)).toEqual(['v']);
  expect(huge(`CREATE VIEW v AS WITH ${tables.slice(0, 5).join(', ')} SELECT * FROM c4`)).toEqual([]);
  const inner = `CREATE VIEW v AS SELECT * FROM (WITH ${tables.join(', ')} SELECT * FROM c9)`;
  expect(huge(inner)).toEqual(['v']);
});

test('what a person writes is not', () => {
  expect(
    huge(
      'CREATE VIEW active AS SELECT * FROM users WHERE blocked_at IS NULL',
      `CREATE VIEW report AS WITH RECURSIVE days (day) AS (SELECT '2025-01-01' UNION ALL SELECT date(day, '+1 day') FROM days LIMIT 30)
       SELECT day, CAST(count(active.user_id) AS VARCHAR(10)) FROM days LEFT JOIN active ON date(active.created_at) = day GROUP BY day`,
      'CREATE VIEW circle AS SELECT * FROM ring',
      'CREATE VIEW ring AS SELECT * FROM circle',
    ),
  ).toEqual([]);
});

test('a text made to be slow to look at is looked at in time', () => {
  const chain = Array.from({ length: 2_000 }, (_, n) => `CREATE VIEW w${n} AS SELECT * FROM w${n + 1}`);
  expect(huge(...chain)).toContain('w0');
  expect(huge(`CREATE VIEW v AS SELECT ${'f('.repeat(50_000)}`)).toEqual([]);
  expect(huge(`CREATE VIEW v AS WITH ${'f AS ('.repeat(50_000)}`)).toEqual([]);
});
