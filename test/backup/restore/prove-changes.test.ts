/** Whatever a restore would refuse, `verify --changes` does not call good; and the best effort. */
import { createHash } from 'node:crypto';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { drill } from '../../../src/backup/restore/drill.ts';
import { findPoint } from '../../../src/backup/restore/point-in-time.ts';
import { proveChanges } from '../../../src/backup/restore/prove-changes.ts';
import { fetchSource } from '../../../src/backup/restore/source.ts';
import { inScratch } from '../../../src/lib/disk/scratch.ts';
import { type ChangeWorld, createChangeWorld } from '../../support/change-world.ts';

let world: ChangeWorld;
let files: string[];
/** As it was after the second of three changes. */
let wanted: Record<string, string>;

const change = (text?: string): Promise<string> => world.change(text);

beforeEach(async () => {
  world = await createChangeWorld();
  await world.full();
  files = [await change(), await change()];
  wanted = await world.digests();
  files.push(await change());
});
afterEach(() => world.close());

const prove = () =>
  proveChanges(world.context, { keys: undefined, days: 14, now: world.clock.now(), living: undefined });

/** Written again as somebody with the rights of the bucket would: counts and hash fit. */
function forge(at: number, alter: (lines: string[]) => string[]): void {
  const path = world.pathOf(files[at] ?? '');
  const lines = alter(gunzipSync(readFileSync(path)).toString().trimEnd().split('\n').slice(0, -1));
  const body = `${lines.join('\n')}\n`;
  const rows = lines.filter((line) => line.includes('"row":')).length;
  const deleted = lines.filter((line) => line.includes('"deleted":')).length;
  const sha256 = createHash('sha256').update(body).digest('hex');
  writeFileSync(path, gzipSync(`${body}${JSON.stringify({ rows, deleted, sha256 })}\n`));
}
const header = (change: Record<string, unknown>) => (lines: string[]) => [
  JSON.stringify({ ...JSON.parse(lines[0] ?? ''), ...change }),
  ...lines.slice(1),
];
const row = (text: string) => (lines: string[]) => [lines[0] ?? '', text, ...lines.slice(1)];

async function fetch(isBestEffort: boolean) {
  const at = world.clock.now();
  const show = (time: Date): string => time.toISOString();
  return inScratch(undefined, async (directory) => {
    const point = await findPoint(world.context, { at, show, keys: undefined, isBestEffort });
    const source = await fetchSource(
      { kind: 'point', point },
      { bucket: world.context, keys: undefined, directory },
    );
    return { digests: await world.digests(source.path), said: [source.origin, ...source.notes].join('\n') };
  });
}

test('files that a restore takes are good', async () => {
  expect(await prove()).toEqual([]);
  world.sql('INSERT INTO counted (note) VALUES (5)');
  await world.full({ trim: true });
  await change();
  expect(await prove()).toEqual([]);
});

test.each([
  ['of another schema', header({ schema_sha256: 'cd'.repeat(32) }), /is of another schema than backup/],
  [
    'with rows of a table that is not there',
    row('{"table":"nowhere","row":{"id":1}}'),
    /rows of table nowhere/,
  ],
  ['with a row of no such columns', row('{"table":"counted","row":{"bad":1}}'), /column|bad/],
  [
    'with a key that the log does not write',
    row('{"table":"pairs","deleted":{"key":"a","rest":"odd"}}'),
    /a key is not/,
  ],
])('a last file %s is named, and the best effort stops before it', async (_, alter, reason) => {
  forge(2, alter);
  expect((await prove()).join()).toMatch(reason);
  expect((await prove()).join()).toContain(files[2] ?? '?');
  await expect(fetch(false)).rejects.toThrow(/2026-06-15T02:03:00.000Z/);
  await expect(fetch(false)).rejects.toThrow(reason);
  const best = await fetch(true);
  expect(best.said).toContain('2026-06-15T02:03:00.000Z');
  expect(best.said).toMatch(reason);
  expect(best.digests).toEqual(wanted);
});

test.each([
  ['nothing', { previous: null }, /continues nothing, not/],
  ['a backup', { previous: { base: '20260615_020000' } }, /continues backup/],
])(
  'a last file that continues %s is nobody’s: named, and left out of a restore, which says so',
  async (_, change, reason) => {
    forge(2, header(change));
    expect((await prove()).join()).toMatch(reason);
    const restored = await fetch(false);
    expect(restored.said).toContain(`${files[2]} was left out`);
    expect(restored.digests).toEqual(wanted);
  },
);

test('a row that a file has twice is brought back once', async () => {
  const now = await world.digests();
  forge(2, (lines) => [...lines.slice(0, 2), ...lines.slice(1)]);
  expect(await prove()).toEqual([]);
  expect((await fetch(false)).digests).toEqual(now);
});

test('beginning, middle or end is gone', async () => {
  const [first = '', second = ''] = files;
  rmSync(world.pathOf(second));
  expect((await prove()).join()).toMatch(/changes 2 to 2 are in no file/);
  rmSync(world.pathOf(first));
  expect((await prove()).join()).toMatch(/changes 1 to 2 are in no file/);
  for (const file of files) rmSync(world.pathOf(file), { force: true });
  const name = await world.full();
  expect(await prove()).toEqual([`${files[2]} is gone, and backup ${name} continues it`]);
  const { record } = await drill({ bucket: world.context, keys: undefined, clock: world.clock });
  expect(record).toMatchObject({
    ok: false,
    problem: `changes: ${files[2]} is gone, and backup ${name} continues it`,
  });
});

test('no full backup is left', async () => {
  const { store, prefix } = world.context;
  const stored = (await store.list(prefix)).map(({ key }) => key);
  await store.delete(stored.filter((key) => !key.startsWith(`${prefix}changes/`)));
  expect(await prove()).toEqual([
    'no full backup is left that 3 change files follow: nothing can be brought back',
  ]);
});

test('a file that no key opens, although its neighbours do', async () => {
  renameSync(world.pathOf(files[1] ?? ''), `${world.pathOf(files[1] ?? '')}.age`);
  expect((await prove()).join()).toMatch(/is encrypted: set BACKUP_AGE_IDENTITY/);
});
