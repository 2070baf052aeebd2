/** Change files that are gone, damaged, forged or of another history. */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { listBackups } from '../../../src/backup/catalog/list.ts';
import { followChain } from '../../../src/backup/changes/chain.ts';
import { basesOf, listChanges } from '../../../src/backup/changes/list-changes.ts';
import { historyOf } from '../../../src/backup/changes/spans.ts';
import { type ChangeWorld, createChangeWorld } from '../../support/change-world.ts';

let world: ChangeWorld;
beforeEach(async () => {
  world = await createChangeWorld();
});
afterEach(() => world.close());

const change = (): Promise<string> => world.change();

/** Behind the backup of that name: the files that follow, and why no further one does. */
async function behind(
  name: string,
): Promise<{ readonly files: readonly string[]; readonly end: string | undefined }> {
  const bucket = world.context;
  const base = basesOf(bucket, (await listBackups(bucket)).entries).find(({ entry }) => entry.name === name);
  if (base === undefined) throw new Error(`no backup ${name}`);
  const links = followChain(bucket, base, (await listChanges(bucket)).files, { keys: undefined });
  const files: string[] = [];
  for (;;) {
    const next = await links.next();
    if (next.done === true) return { files, end: next.value?.why };
    files.push(next.value.file.file);
  }
}

const history = async () => {
  const bucket = world.context;
  return historyOf(basesOf(bucket, (await listBackups(bucket)).entries), (await listChanges(bucket)).files);
};

describe('a chain that holds', () => {
  test('runs through a backup that left the log alone, and begins anew behind one that trimmed it', async () => {
    const first = await world.full();
    const a = await change();
    world.sql('INSERT INTO counted (note) VALUES (2)');
    const second = await world.full();
    const b = await change();
    expect(await behind(first)).toEqual({ files: [a, b], end: undefined });
    // Half of what b has is in the backup already.
    expect(await behind(second)).toEqual({ files: [b], end: undefined });
    world.clock.advance(60_000);
    world.sql('INSERT INTO counted (note) VALUES (3)');
    const third = await world.full({ trim: true });
    const c = await change();
    expect(await behind(third)).toEqual({ files: [c], end: undefined });
    expect((await behind(second)).files).toEqual([b]);
    expect((await behind(second)).end).toMatch(
      /changes \d+ to \d+ are in no file: a file is gone, or a full backup took/,
    );
    const { spans, gaps } = await history();
    expect(spans).toHaveLength(2);
    expect(gaps).toMatchObject([{ reason: expect.stringContaining(`are in backup ${third} only`) }]);
  });

  test('of two files that begin alike, the one that the next one names', async () => {
    const base = await world.full();
    world.sql('INSERT INTO counted (note) VALUES (1), (2), (3)');
    const before = { ...world.place };
    const abandoned = await world.ship();
    world.sql('INSERT INTO counted (note) VALUES (4)');
    Object.assign(world.place, before);
    world.sql("INSERT INTO change_log (seq, tbl, key) VALUES (1, 'counted', 1)");
    world.clock.advance(1000);
    const taken = await world.ship();
    const next = await change();
    expect(abandoned).not.toBe(taken);
    expect(await behind(base)).toEqual({ files: [taken, next], end: undefined });
  });
});

test('files are opened ahead of the reader, of large ones no more than have room', async () => {
  const name = await world.full();
  for (let i = 0; i < 6; i += 1) await change();
  const asked = async (bytes: number): Promise<number> => {
    let count = 0;
    const { store } = world.context;
    const get: typeof store.get = (key) => {
      count += 1;
      return store.get(key);
    };
    const bucket = { ...world.context, store: { ...store, get } };
    const base = basesOf(bucket, (await listBackups(bucket)).entries).find(
      ({ entry }) => entry.name === name,
    );
    if (base === undefined) throw new Error(`no backup ${name}`);
    const files = (await listChanges(bucket)).files.map((file) => ({ ...file, bytes }));
    count = 0;
    const links = followChain(bucket, base, files, { keys: undefined });
    await links.next();
    await links.return(undefined);
    return count;
  };
  expect(await asked(1_000)).toBe(6);
  expect(await asked(1_500_000)).toBe(2);
  expect(await asked(50_000_000)).toBe(1);
});

describe('the chain ends at the last good file, and says why', () => {
  let base: string;
  let files: string[];
  beforeEach(async () => {
    base = await world.full();
    files = [await change(), await change(), await change()];
  });
  const at = (i: number): string => world.pathOf(files[i] ?? '');
  const rewrite = (i: number, to: (text: string) => string): void =>
    writeFileSync(at(i), gzipSync(to(gunzipSync(readFileSync(at(i))).toString())));

  test('one is gone', async () => {
    rmSync(at(1));
    expect(await behind(base)).toEqual({
      files: [files[0]],
      end: 'changes 2 to 2 are in no file: a file is gone, or a full backup took their place',
    });
    expect((await history()).gaps).toMatchObject([
      { reason: expect.stringMatching(/changes 2 to 2 are in no file/) },
    ]);
  });

  test('one is damaged by a bit', async () => {
    const bytes = readFileSync(at(1));
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 4;
    writeFileSync(at(1), bytes);
    expect(await behind(base)).toEqual({ files: [files[0]], end: expect.stringContaining(`${files[1]}: `) });
  });

  test('one is cut', async () => {
    writeFileSync(at(2), readFileSync(at(2)).subarray(0, 40));
    expect(await behind(base)).toEqual({
      files: files.slice(0, 2),
      end: expect.stringContaining(files[2] ?? ''),
    });
  });

  test('a row in it was altered, and its own hash with it or not', async () => {
    rewrite(1, (text) => text.replace('"note":1', '"note":2'));
    expect((await behind(base)).end).toMatch(/its SHA-256 does not match: it was changed/);
  });

  test('one was packed anew: the next one names other bytes', async () => {
    writeFileSync(at(1), gzipSync(gunzipSync(readFileSync(at(1))), { level: 1 }));
    const { files: found, end } = await behind(base);
    expect(found).toEqual(files.slice(0, 2));
    expect(end).toBe(`${files[1]} is not the one that ${files[2]} continues: it was altered or replaced`);
  });

  test('one lies under the name of another', async () => {
    renameSync(at(2), world.pathOf((files[2] ?? '').replace('0000000000000003-', '0000000000000002-')));
    rmSync(at(1));
    expect((await behind(base)).end).toMatch(/it is another file under this name/);
  });

  test('a file of another history with the same timeline and numbers is not taken', async () => {
    Object.assign(world.place, { shipped: 3, previous: { file: files[1], sha256: '0'.repeat(64) } });
    const forged = await change();
    expect(await behind(base)).toEqual({
      files,
      end: expect.stringContaining(`${forged} continues ${files[1]}`),
    });
  });

  test('one that is not encrypted although the settings encrypt', async () => {
    Object.assign(world.context, { isSealed: true });
    const bucket = world.context;
    const [one] = basesOf({ ...bucket, isSealed: false }, (await listBackups(bucket)).entries);
    if (one === undefined) throw new Error('no base');
    const next = await followChain(bucket, one, (await listChanges(bucket)).files, {
      keys: undefined,
    }).next();
    expect(next).toEqual({
      done: true,
      value: {
        why: expect.stringContaining('is not encrypted, although a key is set'),
        isClosed: false,
      },
    });
  });

  test('the schema is another one', async () => {
    world.clock.advance(60_000);
    world.sql('INSERT INTO counted (note) VALUES (1)');
    const other = await world.ship(undefined, { schema_sha256: 'cd'.repeat(32) });
    expect(await behind(base)).toEqual({ files, end: `${other} is of another schema than backup ${base}` });
  });
});

test('two timelines never mix: numbers alone join nothing, and the gap is named', async () => {
  const base = await world.full();
  const a = await change();
  world.newTimeline('restore');
  world.clock.advance(60_000);
  const later = await world.full({ trim: true });
  const b = await change();
  expect(await behind(base)).toEqual({ files: [a], end: undefined });
  expect(await behind(later)).toEqual({ files: [b], end: undefined });
  const { spans, gaps } = await history();
  expect(spans).toHaveLength(2);
  expect(gaps).toMatchObject([{ reason: 'a restore replaced the rows' }]);
});

test('foreign objects among the files are told, and are none', async () => {
  await world.full();
  const file = await change();
  const { store, prefix } = world.context;
  await store.put(`${prefix}changes/readme.txt`, Buffer.from('x'));
  const { files, foreign } = await listChanges(world.context);
  expect(files.map((one) => one.file)).toEqual([file]);
  expect(foreign).toEqual(['changes/readme.txt']);
});
