/** The database of a moment: full backup and change files, the real triggers and real processes. */
import { createHash } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { databaseKey, documentKey } from '../../../src/backup/catalog/names.ts';
import { encodeChangeFile } from '../../../src/backup/changes/change-file.ts';
import { changeKey } from '../../../src/backup/changes/change-names.ts';
import { listChanges } from '../../../src/backup/changes/list-changes.ts';
import type { RestoreSource } from '../../../src/backup/restore/fetch-backup.ts';
import { findPoint } from '../../../src/backup/restore/point-in-time.ts';
import { fetchSource } from '../../../src/backup/restore/source.ts';
import { inScratch } from '../../../src/lib/disk/scratch.ts';
import { type ChangeWorld, createChangeWorld } from '../../support/change-world.ts';

let world: ChangeWorld;
beforeEach(async () => {
  world = await createChangeWorld();
});
afterEach(() => world.close());

const show = (time: Date): string => time.toISOString();
const minute = (): void => world.clock.advance(60_000);

async function asOf<T>(
  at: Date,
  use: (source: RestoreSource) => Promise<T> | T,
  options: { readonly isBestEffort?: boolean } = {},
): Promise<T> {
  const { context: bucket } = world;
  return inScratch(undefined, async (directory) => {
    const point = await findPoint(bucket, { at, show, keys: undefined, ...options });
    return use(await fetchSource({ kind: 'point', point }, { bucket, keys: undefined, directory }));
  });
}

const digestsAt = (at: Date, options = {}) => asOf(at, ({ path }) => world.digests(path), options);

test('each stored minute comes back as it was, and the search finds what was there', async () => {
  world.sql(
    "INSERT INTO counted (code, note) VALUES ('a', 1), ('b', 2), ('c', 3); INSERT INTO words VALUES (1, 'olma')",
  );
  await world.full();
  const moments: { at: Date; wanted: Record<string, string> }[] = [];
  for (const text of [
    // Two rows swap a unique value.
    "INSERT INTO counted (id) VALUES (9); DELETE FROM counted WHERE id = 9; UPDATE counted SET code = 'x' WHERE id = 1; UPDATE counted SET code = 'a' WHERE id = 2; UPDATE counted SET code = 'b' WHERE id = 1",
    "INSERT INTO children VALUES (1, 1), (2, 3); UPDATE words SET word = 'anor'; INSERT INTO words VALUES (2, 'uzum')",
    "DELETE FROM counted WHERE id = 3; INSERT INTO pairs VALUES ('Bir', 1.5, x'00ff'), ('ikki', 't,x', NULL)",
    "UPDATE pairs SET a = 'BIR' WHERE a = 'bir'; INSERT INTO hidden (value) VALUES (9007199254740993), (-0.0)",
    "DELETE FROM words WHERE id = 1; UPDATE hidden SET rowid = 77 WHERE rowid = 1; DELETE FROM pairs WHERE b = 't,x'",
  ]) {
    world.sql(text);
    await world.ship();
    moments.push({ at: world.clock.now(), wanted: await world.digests() });
    minute();
  }
  for (const { at, wanted } of [moments[0], moments[3]].flatMap((one) => one ?? []))
    expect(await digestsAt(at)).toEqual(wanted);
  await asOf(moments.at(-1)?.at ?? new Date(), ({ path, origin }) => {
    expect(origin).toContain(`and 5 change files`);
    const db = new DatabaseSync(path);
    const found = (text: string) =>
      db.prepare(`SELECT rowid AS r FROM found WHERE found MATCH '${text}'`).all();
    expect([found('olma').length, found('anor').length, found('uzum').length]).toEqual([0, 0, 1]);
    expect(db.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'counted'").get()).toEqual({ seq: 9 });
    expect(db.prepare("SELECT count(*) AS n FROM sqlite_schema WHERE type = 'trigger'").get()).not.toEqual({
      n: 0,
    });
    db.close();
  });
});

test('whatever is done to the rows, at every restore point the replay equals the database', async () => {
  const id = fc.integer({ min: 1, max: 5 });
  const code = fc.constantFrom("'a'", "'b'", "'A'", 'NULL', "'q''uote,'");
  const step = fc.oneof(
    fc.tuple(id, code).map(([i, c]) => `INSERT OR IGNORE INTO counted (id, code) VALUES (${i}, ${c})`),
    fc.tuple(id, code).map(([i, c]) => `UPDATE OR IGNORE counted SET code = ${c} WHERE id = ${i}`),
    fc.tuple(id, id).map(([i, j]) => `UPDATE OR IGNORE counted SET id = ${j} WHERE id = ${i}`),
    id.map((i) => `DELETE FROM counted WHERE id = ${i}`),
    fc
      .tuple(id, id)
      .map(
        ([i, j]) =>
          `INSERT INTO children (parent) SELECT ${i} WHERE EXISTS (SELECT 1 FROM counted WHERE id = ${j} AND id = ${i})`,
      ),
    fc
      .tuple(code, id)
      .map(
        ([c, i]) =>
          `INSERT INTO pairs VALUES (COALESCE(${c}, 'n'), ${i}, 0) ON CONFLICT DO UPDATE SET note = note + 1`,
      ),
    fc
      .tuple(code, id)
      .map(([c, i]) => `UPDATE OR IGNORE pairs SET a = lower(a), b = b + ${i} WHERE a = ${c}`),
    fc.tuple(code, id).map(([c, i]) => `INSERT INTO words (word) VALUES (COALESCE(${c}, ${i}))`),
    id.map((i) => `DELETE FROM words WHERE id % ${i + 1} = 0`),
    fc.constant('DELETE FROM pairs'),
    fc.constant('INSERT INTO hidden (value) SELECT count(*) FROM words'),
    fc.tuple(id, id).map(([i, j]) => `UPDATE OR IGNORE hidden SET rowid = ${j} WHERE rowid = ${i}`),
  );
  const acts = fc.array(
    fc.oneof(
      { weight: 6, arbitrary: step },
      { weight: 3, arbitrary: fc.constantFrom('ship', 'ship 2', 'ship') },
      { weight: 1, arbitrary: fc.constantFrom('full', 'full trim') },
    ),
    { minLength: 6, maxLength: 24 },
  );
  await fc.assert(
    fc.asyncProperty(acts, async (list) => {
      world.close();
      world = await createChangeWorld();
      await world.full();
      const moments: { at: Date; wanted: Record<string, string> }[] = [];
      for (const act of [...list, 'ship']) {
        minute();
        if (act.startsWith('full')) await world.full({ trim: act === 'full trim' });
        else if (!act.startsWith('ship')) world.sql(act);
        else if (world.waiting() > 0) {
          const isPart = act === 'ship 2' && world.waiting() > 2;
          await world.ship(isPart ? 2 : undefined);
          if (!isPart) moments.push({ at: world.clock.now(), wanted: await world.digests() });
        }
      }
      for (const { at, wanted } of moments.slice(-2)) expect(await digestsAt(at)).toEqual(wanted);
    }),
    { numRuns: 6 },
  );
}, 240_000);

async function change(text = 'INSERT INTO counted (note) VALUES (1)'): Promise<Date> {
  minute();
  world.sql(text);
  await world.ship();
  return world.clock.now();
}

test('the last one up to the moment is taken, and what it is is said', async () => {
  await world.full();
  const first = await change();
  const wanted = await world.digests();
  await change();
  const at = new Date(first.getTime() + 59_999);
  const point = await findPoint(world.context, { at, show, keys: undefined });
  expect(point).toMatchObject({ time: first, seq: 1, short: undefined });
  expect(await digestsAt(at)).toEqual(wanted);
});

test('what is still to come, and what lies before the first backup, is refused', async () => {
  minute();
  await world.full();
  await change();
  const find = (ms: number) =>
    findPoint(world.context, { at: new Date(world.clock.now().getTime() + ms), show, keys: undefined });
  await expect(find(1)).rejects.toThrow(/is still to come/);
  await expect(find(-3_600_000)).rejects.toThrow(
    /there is no full backup from before .*: the earliest moment is 2026-06-15T02:01/,
  );
});

test('junk with the name of another history keeps nobody from a moment; a file of one does', async () => {
  await world.full();
  await change();
  const { store, prefix } = world.context;
  minute();
  const time = world.clock.now();
  const timeline = 'a'.repeat(32);
  const key = changeKey(prefix, { timeline, first: 5, last: 20, time, encrypted: false });
  await store.put(key, Buffer.from('junk'));
  minute();
  const find = () => findPoint(world.context, { at: world.clock.now(), show, keys: undefined });
  expect(await find()).toMatchObject({ seq: 1, short: undefined });
  const whole = encodeChangeFile({
    header: {
      timeline,
      first: 5,
      last: 20,
      time: time.toISOString(),
      app_version: 'test',
      schema_version: 9,
      schema_sha256: 'a'.repeat(64),
      previous: null,
      restore_point: true,
    },
    tables: [],
    sequence: new Map(),
  });
  await store.put(key, gzipSync(whole));
  await expect(find()).rejects.toThrow('is of another history');
});

test('a range that was cut is no moment: the rows are as before it, or as behind it', async () => {
  await world.full();
  const good = await change();
  const wanted = await world.digests();
  minute();
  world.sql('INSERT INTO counted (note) VALUES (1), (2), (3)');
  await world.ship(2);
  const cut = world.clock.now();
  await expect(digestsAt(cut)).rejects.toThrow(
    /holds a part only of what had changed by then.*The last moment before it that can is 2026-06-15T02:02/,
  );
  expect(await digestsAt(cut, { isBestEffort: true })).toEqual(wanted);
  minute();
  await world.ship();
  expect(await digestsAt(world.clock.now())).toEqual(await world.digests());
  expect(good < cut).toBe(true);
});

test('beyond a file that is gone nothing is reached, but for the best effort', async () => {
  await world.full();
  await change();
  const wanted = await world.digests();
  minute();
  world.sql('INSERT INTO counted (note) VALUES (2)');
  rmSync(world.pathOf(await world.ship()));
  await change();
  const now = world.clock.now();
  await expect(digestsAt(now)).rejects.toThrow(/changes 2 to 2 are in no file: a file is gone/);
  await asOf(
    now,
    async ({ path, notes }) => {
      expect(await world.digests(path)).toEqual(wanted);
      expect(notes).toEqual([
        expect.stringMatching(/is out of reach \(changes 2 to 2 .* this is as of 2026-06-15T02:02/),
      ]);
    },
    { isBestEffort: true },
  );
  // A newer backup bridges it.
  minute();
  await world.full();
  await change();
  expect(await digestsAt(world.clock.now())).toEqual(await world.digests());
});

test('a file that turns out altered on the way: the last good moment is named, and taken when asked for', async () => {
  await world.full();
  await change();
  const wanted = await world.digests();
  minute();
  world.sql('INSERT INTO counted (note) VALUES (2)');
  const path = world.pathOf(await world.ship());
  const last = await change();
  const bytes = readFileSync(path);
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 4;
  writeFileSync(path, bytes);
  await expect(digestsAt(last)).rejects.toThrow(
    /ends too early: .*The last good moment is 2026-06-15T02:02:00.000Z/,
  );
  expect(await digestsAt(last, { isBestEffort: true })).toEqual(wanted);
});

test('a newest backup that is damaged: an older one leads to the same place', async () => {
  await world.full();
  await change();
  const name = await world.full();
  const at = await change();
  for (const file of [databaseKey('', name, false), documentKey('', name, false)]) {
    const path = world.pathOf(file);
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.fill(0, 20));
  }
  await asOf(at, async ({ path, notes, origin }) => {
    expect(await world.digests(path)).toEqual(await world.digests());
    expect(origin).not.toContain(name);
    expect(notes.join()).toContain(name);
  });
});

test('each history has its own moments: what a restore gave up is there as it was lived', async () => {
  await world.full();
  const old = await change();
  const wanted = await world.digests();
  minute();
  world.sql('DELETE FROM counted');
  world.newTimeline('restore');
  const between = world.clock.now();
  minute();
  await world.full({ trim: true });
  const fresh = await change();
  expect(await digestsAt(old)).toEqual(wanted);
  await expect(digestsAt(between)).rejects.toThrow(/a restore replaced the rows/);
  expect(await digestsAt(fresh)).toEqual(await world.digests());
});

test('a forged file brings no row of the engine, and no table that is not there', async () => {
  await world.full();
  const at = await change();
  const [file] = (await listChanges(world.context)).files;
  const path = world.pathOf(file?.file ?? '');
  const text = gunzipSync(readFileSync(path)).toString();
  for (const table of ['backup_runs', 'change_log', 'nowhere']) {
    const body = text
      .replace('{"table":"counted"', `{"table":"${table}"`)
      .split('\n')
      .slice(0, -2)
      .join('\n')
      .concat('\n');
    const sha256 = createHash('sha256').update(body).digest('hex');
    writeFileSync(path, gzipSync(`${body}{"rows":1,"deleted":0,"sha256":"${sha256}"}\n`));
    await expect(digestsAt(at)).rejects.toThrow(`it has rows of table ${table}, which does not exist`);
  }
});

test('two rows that swap a unique value in two files of one cut range', async () => {
  world.sql("INSERT INTO counted (id, code) VALUES (1, 'a'), (2, 'b')");
  await world.full({ trim: true });
  minute();
  world.sql(
    "UPDATE counted SET code = 'x' WHERE id = 1; UPDATE counted SET code = 'a' WHERE id = 2; UPDATE counted SET code = 'b' WHERE id = 1",
  );
  await world.ship(1);
  world.sql("UPDATE counted SET note = 'later' WHERE id = 1");
  await world.ship();
  expect(await digestsAt(world.clock.now())).toEqual(await world.digests());
});

test('a file from before the place of the backup is no moment behind it', async () => {
  world.sql('INSERT INTO counted (id) VALUES (1); INSERT INTO counted (id) VALUES (2)');
  await world.full();
  const wanted = await world.digests();
  minute();
  world.sql('DELETE FROM counted WHERE id = 1');
  await world.ship(1, { restore_point: true });
  rmSync(world.pathOf(await world.ship(1)));
  await world.ship();
  expect(await digestsAt(world.clock.now(), { isBestEffort: true })).toEqual(wanted);
});

test.each([
  ['ahead, and no change came since', 365, false],
  ['ahead, and right again', 365, true],
  ['back, and right again', -365, true],
])('a clock that was a year %s: no change is out of reach', async (_, days, isRightAgain) => {
  world.clock.set(new Date());
  await world.full({ trim: true });
  await change();
  world.sql('INSERT INTO counted (note) VALUES (2)');
  await world.ship(undefined, { time: new Date(Date.now() + days * 86_400_000).toISOString() });
  if (isRightAgain) await change('INSERT INTO counted (note) VALUES (3)');
  world.clock.advance(600_000);
  expect(await digestsAt(world.clock.now())).toEqual(await world.digests());
});
