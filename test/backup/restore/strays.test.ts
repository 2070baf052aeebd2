/**
 * Files with names of this history that are none of its: junk, an older file under a new name, a
 * file of somebody else. They keep nobody from a moment that the proved files reach.
 */
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { listBackups } from '../../../src/backup/catalog/list.ts';
import { encodeChangeFile } from '../../../src/backup/changes/change-file.ts';
import { changeKey } from '../../../src/backup/changes/change-names.ts';
import { basesOf, listChanges } from '../../../src/backup/changes/list-changes.ts';
import type { Living } from '../../../src/backup/changes/living.ts';
import { historyOf } from '../../../src/backup/changes/spans.ts';
import { findPoint, type PointOptions } from '../../../src/backup/restore/point-in-time.ts';
import { fetchSource } from '../../../src/backup/restore/source.ts';
import { inScratch } from '../../../src/lib/disk/scratch.ts';
import { type ChangeWorld, createChangeWorld } from '../../support/change-world.ts';
import { livingOf } from '../../support/living.ts';

let world: ChangeWorld;
let files: string[];
beforeEach(async () => {
  world = await createChangeWorld();
  await world.full();
  files = [await world.change(), await world.change(), await world.change()];
  world.clock.advance(60_000);
});
afterEach(() => world.close());

const now = (): Date => world.clock.now();
const find = (options: Partial<PointOptions> = {}) =>
  findPoint(world.context, { at: now(), show: String, keys: undefined, ...options });

/** As of now, row for row, and what was said on the way. */
async function restored(living: Living | undefined): Promise<{ same: boolean; notes: string }> {
  const point = await find({ living });
  return inScratch(undefined, async (directory) => {
    const { path, notes } = await fetchSource(
      { kind: 'point', point },
      { bucket: world.context, keys: undefined, directory },
    );
    const [found, wanted] = [await world.digests(path), await world.digests()];
    return { same: JSON.stringify(found) === JSON.stringify(wanted), notes: notes.join('; ') };
  });
}

/** The path of a file with that name in this history, and its key without the prefix. */
function named(first: number, last: number): { readonly file: string; readonly path: string } {
  const { timeline } = world.place;
  const file = changeKey('', { timeline, first, last, time: now(), encrypted: false, mark: '0badf11e' });
  return { file, path: world.pathOf(file) };
}

function whole(first: number, last: number): Buffer {
  const { timeline } = world.place;
  const header = {
    timeline,
    first,
    last,
    time: now().toISOString(),
    app_version: 'test',
    schema_version: 9,
    schema_sha256: 'ab'.repeat(32),
    previous: { file: files[0] ?? '', sha256: '0'.repeat(64) },
    restore_point: true,
  };
  return gzipSync(encodeChangeFile({ header, tables: [], sequence: new Map() }));
}

const KINDS: [string, number, number, (path: string) => void][] = [
  ['junk as the next file', 4, 4, (path) => writeFileSync(path, 'junk')],
  ['junk that claims all numbers to come', 4, 999_999, (path) => writeFileSync(path, 'junk')],
  ['an older file under the next name', 4, 4, (path) => copyFileSync(world.pathOf(files[0] ?? ''), path)],
  ['a whole file that continues another', 4, 4, (path) => writeFileSync(path, whole(4, 4))],
  ['junk under a number that is taken', 2, 2, (path) => writeFileSync(path, 'junk')],
  ['junk that spans what is proved', 2, 999, (path) => writeFileSync(path, 'junk')],
  ['junk behind a hole', 70, 80, (path) => writeFileSync(path, 'junk')],
  ['a whole file behind a hole', 70, 80, (path) => writeFileSync(path, whole(70, 80))],
];

test.each(KINDS)('%s keeps nobody from now, and is named', async (_, first, last, put) => {
  const { file, path } = named(first, last);
  put(path);
  world.clock.advance(60_000);
  expect(await restored(livingOf(world))).toEqual({ same: true, notes: expect.stringContaining(file) });
});

test.each(KINDS)('%s: the bot goes on, and so does a restore', async (_, first, last, put) => {
  put(named(first, last).path);
  await world.change();
  await world.change();
  world.clock.advance(60_000);
  expect(await restored(livingOf(world))).toMatchObject({ same: true });
});

test('without the database: what is proved to be another’s does not count, what may be ours and damaged does', async () => {
  const { file, path } = named(4, 4);
  writeFileSync(path, whole(4, 4));
  world.clock.advance(60_000);
  expect(await restored(undefined)).toEqual({ same: true, notes: expect.stringContaining(file) });
  writeFileSync(path, gunzipSync(readFileSync(path)).subarray(0, 30));
  await expect(find()).rejects.toThrow(file);
  expect(await find({ isBestEffort: true })).toMatchObject({ seq: 3 });
});

test('a last file of our own that is damaged is missed: the database has stored it', async () => {
  writeFileSync(world.pathOf(files[2] ?? ''), 'junk');
  await expect(find({ living: livingOf(world) })).rejects.toThrow(files[2]);
});

test('an attempt that nobody read back, and whose rows a full backup took over, ends no chain', async () => {
  const { place } = world;
  const before = { shipped: place.shipped, previous: place.previous };
  const attempt = await world.change();
  // Nobody knows that it is stored: its rows wait, and the next full backup holds them.
  Object.assign(place, before);
  world.clock.advance(60_000);
  world.sql('INSERT INTO counted (note) VALUES (2)');
  await world.full({ trim: true });
  await world.change();
  world.clock.advance(60_000);
  expect(await restored(undefined)).toEqual({ same: true, notes: '' });
  const { entries } = await listBackups(world.context);
  const bases = basesOf(world.context, entries);
  const { files } = await listChanges(world.context);
  expect(files.map(({ file }) => file)).toContain(attempt);
  const { spans, gaps } = historyOf(bases, files);
  expect(spans.at(-1)?.to).toEqual(files.at(-1)?.time);
  expect(gaps.map(({ reason }) => reason).join()).not.toContain('in no file');
});
