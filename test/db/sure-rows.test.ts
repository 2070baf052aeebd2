/** A statement that always has a row: a server that answers it with none says nothing by that. */
import { expect, test } from 'vitest';
import { archiveNumbers } from '../../src/db/archive.ts';
import { isAnybodyWaiting } from '../../src/db/broadcast-retries.ts';
import { exportedLists } from '../../src/db/catalogue-export.ts';
import { DatabaseUnavailable, type Query } from '../../src/db/database.ts';
import { heard } from '../../src/db/hearing.ts';
import { emptyDatabase } from '../../src/db/migrate.ts';
import { missingCount } from '../../src/db/missing-files.ts';
import { overview } from '../../src/db/overview.ts';
import { placeNote } from '../../src/db/place-notes.ts';
import { oldPosts, postMoveCounts } from '../../src/db/post-moves.ts';
import { givenUpUpdates } from '../../src/db/self-check.ts';
import { totals } from '../../src/db/statistics.ts';
import { standingOf } from '../../src/db/updates.ts';
import { personById } from '../../src/db/users.ts';
import { createWorld } from '../support/backup-world.ts';

const NOW = new Date('2026-11-28T12:00:00Z');
const QUERIES: readonly (readonly [name: string, query: Query<unknown>])[] = [
  ['archiveNumbers', archiveNumbers(NOW)],
  ['isAnybodyWaiting', isAnybodyWaiting(1)],
  ['exportedLists', exportedLists()],
  ['heard', heard(NOW)],
  ['emptyDatabase', emptyDatabase],
  ['missingCount', missingCount()],
  ['overview', overview(1)],
  ['placeNote', placeNote('first', '/backups')],
  ['oldPosts', oldPosts()],
  ['postMoveCounts', postMoveCounts()],
  ['givenUpUpdates', givenUpUpdates],
  ['totals', totals(NOW)],
  ['standingOf', standingOf(1, 1, NOW, false)],
  ['personById', personById(1)],
];

test.each(QUERIES)('%s without a row is a broken answer', (_, query) => {
  expect(() => query.parse([])).toThrow(DatabaseUnavailable);
});

test('each of them has one where there is nothing', async () => {
  const world = await createWorld();
  try {
    expect(await world.db.read(QUERIES.map(([, query]) => query))).toHaveLength(QUERIES.length);
  } finally {
    world.close();
  }
});
