/** Whether a backup holds the database as it is: its rows, and whether it is damaged. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { RowSource } from '../../src/backup/model/model.ts';
import { heldAlready } from '../../src/backup/run/already-held.ts';
import type { BackupContext } from '../../src/backup/run/context.ts';
import { runBackup } from '../../src/backup/run/run.ts';
import { sql } from '../../src/db/database.ts';
import { createWorld, type World } from '../support/backup-world.ts';

let world: World;
beforeEach(async () => {
  world = await createWorld({}, 'small');
});
afterEach(() => world.close());

/** Whose database has this damage, which stands in no row. */
function context(damage: readonly string[]): BackupContext {
  const source = world.context.source;
  const read: RowSource['read'] = (use, options) =>
    source.read(
      (snapshot) => use({ ...snapshot, check: async () => ({ damage, notes: [], proof: 'looked at' }) }),
      options,
    );
  return { ...world.context, source: { ...source, read } };
}

test.each([
  ['damaged', ['index i is broken'], []],
  ['undamaged', [], ['index i is broken']],
])('a backup of the same rows, %s: held while the database is as it was', async (_, before, after) => {
  const scheduledAt = world.clock.now();
  const made = await runBackup(context(before), { trigger: 'migration', scheduledAt });
  expect(await heldAlready(context(before), 'migration')).toMatchObject({ name: made.name });
  expect(await heldAlready(context(after), 'migration')).toBeUndefined();
  expect(await heldAlready(context(before), 'import')).toBeUndefined();
  await world.db.write([sql('INSERT INTO anime (code) VALUES (77)')]);
  expect(await heldAlready(context(before), 'migration')).toBeUndefined();
});
