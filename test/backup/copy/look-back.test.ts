/** What a look back at change files puts back, and what it leaves where it is. */

import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import type { Bucket } from '../../../src/backup/catalog/bucket.ts';
import type { Previous } from '../../../src/backup/catalog/change-position.ts';
import { BadChanges, readBadChanges } from '../../../src/backup/changes/bad-changes.ts';
import { parseChangeKey } from '../../../src/backup/changes/change-names.ts';
import { lookBackAtChanges } from '../../../src/backup/copy/look-back.ts';
import { NO_LIMIT } from '../../../src/backup/copy/proven.ts';
import { testClock } from '../../support/backup-world.ts';
import { createMemoryStore } from '../../support/memory-store.ts';
import { putBackup } from '../../support/sample-backup.ts';
import { sampleChange } from '../../support/sample-change.ts';

const TIMELINE = 'a'.repeat(32);

/** A backup in the first bucket, and so many files in both. */
async function pair(count = 3) {
  const clock = testClock();
  const [a, b] = [createMemoryStore(clock.now), createMemoryStore(clock.now)];
  const first: Bucket = { store: a, prefix: 'backups/', clock };
  const copy: Bucket = { store: b, prefix: '', clock, isCopy: true };
  await putBackup(a, 'backups/', clock.now());
  const files: string[] = [];
  let previous: Previous = null;
  for (let at = 1; at <= count; at += 1) {
    const sample = sampleChange({ timeline: TIMELINE, first: at, last: at, time: clock.now(), previous });
    await a.put(`backups/${sample.file}`, sample.body);
    await b.put(sample.file, sample.body);
    files.push(sample.file);
    previous = sample.link;
  }
  const look = (
    change: { after?: string; mostBytes?: number; isRead?: boolean; copy?: Bucket | undefined } = {},
  ) => {
    const { after = '', isRead = true, ...more } = change;
    const context = { first, copy, now: clock.now(), days: 14, slice: NO_LIMIT, isRead } as const;
    return lookBackAtChanges({ ...context, shipped: 'all', keys: undefined, ...more }, after);
  };
  const [one = '', two = ''] = files;
  const last = files.at(-1) ?? '';
  return { a, b, first, copy, files, one, two, last, look, now: clock.now() };
}

function rangeOf(file: string) {
  const parsed = parseChangeKey('', file);
  if (parsed === undefined) throw new Error(file);
  return parsed;
}

test('the last one is gone from the first, and no database remembers it: nothing proves the copy’s', async () => {
  const { a, last, look } = await pair();
  a.objects.delete(`backups/${last}`);
  for (const isRead of [true, false]) {
    expect((await look({ isRead })).problems).toEqual([expect.stringContaining('nothing proves the one in')]);
    expect(a.objects.has(`backups/${last}`)).toBe(false);
  }
});

test('the last two are gone from the first: a chain that the copy alone has is put back only if it goes on from the first’s', async () => {
  for (const isForged of [false, true]) {
    const { a, b, files, look } = await pair(4);
    const [, two = '', three = '', four = ''] = files;
    const good = a.objects.get(`backups/${three}`)?.body;
    for (const file of [three, four]) a.objects.delete(`backups/${file}`);
    // Whoever can write to the copy alone, writes each file anew, and each names the one before it.
    if (isForged) {
      let previous: Previous = null;
      for (const file of files) {
        const forged = sampleChange({ ...rangeOf(file), appVersion: 'forged', previous });
        previous = forged.link;
        expect(forged.file).toBe(file);
        await b.put(file, forged.body);
      }
    }
    for (const isRead of [false, true]) {
      const { problems } = await look({ isRead });
      const said = problems.filter((one) => one.includes('nothing proves the one in'));
      expect(said.map((one) => files.find((file) => one.includes(file)))).toEqual(
        isForged ? [three, four] : [four],
      );
      expect(a.objects.get(`backups/${three}`)?.body).toEqual(isForged ? undefined : good);
      expect(a.objects.has(`backups/${two}`)).toBe(true);
    }
  }
});

test('what a full backup of the first says comes next is a place to go on from, too', async () => {
  const { a, b, now, files, look } = await pair(4);
  const [one = '', two = ''] = files;
  const stored = a.objects.get(`backups/${one}`)?.body ?? new Uint8Array();
  const previous = { file: one, sha256: createHash('sha256').update(stored).digest('hex') };
  const good = a.objects.get(`backups/${two}`)?.body;
  const since = now.toISOString();
  await putBackup(a, 'backups/', now, undefined, 'schedule', undefined, undefined, {
    ...{ timeline: TIMELINE, seq: 1, previous, since, parent: null, reason: 'new', schema_sha256: null },
  });
  a.objects.delete(`backups/${one}`);
  b.objects.delete(one);
  for (const file of files) a.objects.delete(`backups/${file}`);
  await look({ isRead: false });
  expect(a.objects.get(`backups/${two}`)?.body).toEqual(good);
});

test('rotten in the copy, and no longer in the first: it is known to be damaged there', async () => {
  const { a, b, copy, one, look } = await pair();
  for (const key of [...a.objects.keys()]) if (key.includes('changes/')) a.objects.delete(key);
  for (const key of [...a.objects.keys()]) if (key.includes('manifest')) a.objects.delete(key);
  b.rot(one, 0.9);
  expect((await look()).damaged).toEqual([one]);
  expect((await readBadChanges(copy)).map(({ file }) => file)).toEqual([one]);
  // Told once.
  expect((await look()).damaged).toEqual([]);
});

test('no verified backup is in the first: what is gone there leads nowhere, and stays away', async () => {
  const { a, one, look } = await pair();
  for (const key of [...a.objects.keys()]) if (key.includes('manifest')) a.objects.delete(key);
  a.objects.delete(`backups/${one}`);
  expect((await look()).problems).toEqual([]);
  expect(a.objects.has(`backups/${one}`)).toBe(false);
});

test('both hold the same other bytes, and the next file names the right ones: damaged in both', async () => {
  const { a, b, first, copy, one, look } = await pair();
  // gzip's own time: what is inside is as it was.
  a.rot(`backups/${one}`, 4.5 / (a.objects.get(`backups/${one}`)?.body.byteLength ?? 1));
  const body = a.objects.get(`backups/${one}`)?.body ?? new Uint8Array();
  await b.put(one, body);
  const { damaged, problems } = await look();
  expect(damaged).toEqual([one]);
  expect(problems).toHaveLength(1);
  for (const bucket of [first, copy])
    expect((await readBadChanges(bucket)).map(({ file }) => file)).toEqual([one]);
});

test('junk under the name of a change file, beside the one that has its numbers, is no damage', async () => {
  const { a, first, two, look } = await pair();
  await a.put(`backups/${two.replace('000Z', '001Z')}`, Buffer.from('junk'));
  expect(await look()).toMatchObject({ damaged: [], problems: [] });
  expect(await readBadChanges(first)).toEqual([]);
});

test('a slice ends at its bytes, and the next one goes on from there', async () => {
  const world = await pair(40);
  world.a.rot(`backups/${world.last}`, 0.5);
  let after: string | null = '';
  let slices = 0;
  for (; after !== null && slices < 9; slices += 1) ({ after } = await world.look({ after, mostBytes: 1 }));
  expect(after).toBeNull();
  expect(slices).toBeGreaterThan(2);
  expect(world.a.objects.get(`backups/${world.last}`)?.body).toEqual(world.b.objects.get(world.last)?.body);
});

test.each(['the copy has the same bytes', 'there is no copy'])(
  'what somebody found with a key, a look without one does not take back: %s',
  async (how) => {
    const { a, b, first, copy, one, look } = await pair();
    const file = `${one}.age`;
    for (const [store, key] of [
      [a, `backups/${file}`],
      [b, file],
    ] as const)
      await store.put(key, Buffer.from('sealed, and damaged'));
    const [held] = await a.list(`backups/${file}`);
    if (held === undefined) throw new Error('it is not there');
    const verdicts = new BadChanges(first);
    verdicts.bad({ ...held, file }, 'its SHA-256 does not match');
    await verdicts.keep();
    const options = how === 'there is no copy' ? { copy: undefined } : { copy };
    expect((await look(options)).problems).toEqual([]);
    expect((await readBadChanges(first)).map((bad) => bad.file)).toEqual([file]);
  },
);
