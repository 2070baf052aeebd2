/** The drill proves the change log: older backup and changes are the newer backup. */
import { readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { drill } from '../../../src/backup/restore/drill.ts';
import { type ChangeWorld, createChangeWorld } from '../../support/change-world.ts';

let world: ChangeWorld;
let first: string;
beforeEach(async () => {
  world = await createChangeWorld();
  world.sql("INSERT INTO counted (code) VALUES ('a'), ('b')");
  first = await world.full({ trim: true });
});
afterEach(() => world.close());

const run = () => drill({ bucket: world.context, keys: undefined, clock: world.clock });

async function change(text: string): Promise<string> {
  world.clock.advance(60_000);
  world.sql(text);
  return world.ship();
}

test('the changes between two backups are replayed, and every table compared', async () => {
  await change("UPDATE counted SET code = 'c' WHERE id = 1; INSERT INTO words (word) VALUES ('olma')");
  await change("INSERT INTO pairs VALUES ('a', 1, NULL)");
  expect((await run()).chain).toBeUndefined();
  await world.full();
  const { record, chain } = await run();
  expect(record).toMatchObject({ ok: true, problem: null });
  expect(chain).toMatchObject({ from: first, files: 2 });
  expect(chain?.tables).toBe(5);
});

test('a change that the log did not see fails the drill, which names the table', async () => {
  world.sql("UPDATE counted SET note = 'unseen' WHERE id = 2; DELETE FROM change_log");
  await change("INSERT INTO pairs VALUES ('a', 1, NULL)");
  const name = await world.full();
  const { record } = await run();
  expect(record).toMatchObject({
    ok: false,
    problem: `changes: table counted of backup ${first} with the changes behind it is not as in backup ${name}`,
  });
});

test('a damaged file between the two fails it; what a full backup took the place of does not', async () => {
  const path = world.pathOf(await change("INSERT INTO pairs VALUES ('a', 1, NULL)"));
  await world.full();
  writeFileSync(path, readFileSync(path).subarray(0, 50));
  expect((await run()).record).toMatchObject({
    ok: false,
    problem: expect.stringContaining('ends too early'),
  });
  world.sql("INSERT INTO counted (code) VALUES ('z')");
  await world.full({ trim: true });
  world.clock.advance(60_000);
  await world.full();
  expect(await run()).toMatchObject({ record: { ok: true }, chain: undefined });
});
