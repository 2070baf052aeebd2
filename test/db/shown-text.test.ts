import { expect, test } from 'vitest';
import { beginning, shown } from '../../src/db/shown-text.ts';

test('a column is cut where its limit says', () => {
  expect(beginning('a.title')).toBe('substr(a.title, 1, 800)');
});

test('a column without a limit is named at once, and not by SQLite at every card', () => {
  const unknown = 'a.studio' as 'a.title';
  expect(() => shown('a.title', unknown)).toThrow('column studio has no limit in TEXT_LIMITS');
});
