/** Files of what waited when a full backup was made: the way on from it leads through them. */
import { readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { listBackups } from '../../../src/backup/catalog/list.ts';
import { BadChanges, isBadBehind } from '../../../src/backup/changes/bad-changes.ts';
import { basesOf, listChanges } from '../../../src/backup/changes/list-changes.ts';
import type { Base } from '../../../src/backup/changes/listed.ts';
import { ChangeIndex } from '../../../src/backup/changes/spans.ts';
import { isHistory, verifyChanges } from '../../../src/backup/changes/verify-changes.ts';
import { type ChangeWorld, createChangeWorld } from '../../support/change-world.ts';

let world: ChangeWorld;
beforeEach(async () => {
  world = await createChangeWorld();
});
afterEach(() => world.close());

const bases = async (): Promise<readonly Base[]> =>
  basesOf(world.context, (await listBackups(world.context)).entries);

/** As retention takes it. */
function forget(backup: string): void {
  const directory = dirname(world.pathOf('x'));
  const own = readdirSync(directory).filter((name) => name.includes(backup));
  expect(own).not.toEqual([]);
  for (const name of own) rmSync(join(directory, name));
}

/** A full backup of change 5, while 3 to 5 wait; then the files 3 to 4 and 5 to 6. */
async function waited(): Promise<{ lead: string; next: string }> {
  world.sql('INSERT INTO counted (note) VALUES (1)');
  const older = await world.full({ trim: true });
  const before = await world.change();
  world.sql('INSERT INTO counted (note) VALUES (3), (4), (5)');
  world.clock.advance(60_000);
  await world.full();
  forget(older);
  const lead = await world.ship(2);
  const next = await world.change();
  rmSync(world.pathOf(before));
  return { lead, next };
}

test('one that is gone is missed, although the backup holds its rows', async () => {
  const { lead, next } = await waited();
  const old: string[] = [];
  const look = () => verifyChanges(world.context, { keys: undefined, onOld: (problem) => old.push(problem) });
  expect(await look()).toMatchObject({ ok: true, problems: [], good: 2 });
  rmSync(world.pathOf(lead));
  expect(await look()).toMatchObject({
    ok: false,
    problems: [`${lead} is gone, and ${next} continues it`],
    findings: { gone: [lead] },
  });
  expect(old).toEqual([]);
});

test('right behind another full backup: it is missed, and no file leads on', async () => {
  world.sql('INSERT INTO counted (note) VALUES (1)');
  await world.full({ trim: true });
  world.sql('INSERT INTO counted (note) VALUES (2), (3), (4)');
  world.clock.advance(60_000);
  await world.full();
  const lead = await world.ship(2);
  const next = await world.change();
  const look = async () => {
    const { files } = await listChanges(world.context);
    const found = await bases();
    const newest = found.at(-1);
    const end = newest && new ChangeIndex(files, found).endBehind(newest)?.last.file;
    const { problems } = await verifyChanges(world.context, { keys: undefined, onOld: () => {} });
    return { end, problems };
  };
  expect(await look()).toEqual({ end: next, problems: [] });
  rmSync(world.pathOf(lead));
  expect(await look()).toEqual({ end: undefined, problems: [`${lead} is gone, and ${next} continues it`] });
});

test('without it no file leads on from the backup, by the names alone', async () => {
  const { lead, next } = await waited();
  const end = async (): Promise<string | undefined> => {
    const { files } = await listChanges(world.context);
    const [base] = await bases();
    return base && new ChangeIndex(files).endBehind(base)?.last.file;
  };
  expect(await end()).toBe(next);
  rmSync(world.pathOf(lead));
  expect(await end()).toBeUndefined();
});

test('one that is damaged is no history, and breaks the way on from the newest backup', async () => {
  const { lead } = await waited();
  const [file] = (await listChanges(world.context)).files;
  if (file?.file !== lead) throw new Error('another file comes first');
  const found = new BadChanges(world.context);
  found.bad(file, 'altered');
  await found.keep();
  expect(isHistory(await bases(), file)).toBe(false);
  expect(await isBadBehind(world.context, file.timeline, await bases())).toBe(true);
  // Of a backup that has it behind itself it is both.
  await world.full();
  expect(isHistory(await bases(), file)).toBe(true);
  expect(await isBadBehind(world.context, file.timeline, await bases())).toBe(false);
});

test('what retention took by its age is not named: one that is younger, or still needed, is', async () => {
  await world.full({ trim: true });
  const add = (): Promise<string> => {
    world.sql('INSERT INTO counted (note) VALUES (1)');
    world.clock.advance(60_000);
    return world.change();
  };
  const [, second, third] = [await add(), await add(), await add()];
  rmSync(world.pathOf(second));
  const old: string[] = [];
  const look = (keptSince: Date) =>
    verifyChanges(world.context, { keys: undefined, keptSince, onOld: (problem) => old.push(problem) });
  const later = new Date(world.clock.now().getTime() + 1_000);
  // No full backup goes on behind it: the newest state needs it, however old it is.
  expect(await look(later)).toMatchObject({ ok: false, findings: { gone: [second] } });
  await world.full({ trim: true });
  expect(await look(later)).toMatchObject({ ok: true, problems: [], findings: { gone: [] } });
  expect(old).toEqual([]);
  await look(new Date(0));
  expect(old).toEqual([`${second} is gone, and ${third} continues it`]);
});
