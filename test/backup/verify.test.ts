import { Buffer } from 'node:buffer';
import { existsSync, mkdtempSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { noLedger } from '../../src/backup/catalog/ledger.ts';
import { findBackup, listBackups, newestVerified } from '../../src/backup/catalog/list.ts';
import { createManifest, type Manifest, serializeManifest } from '../../src/backup/catalog/manifest.ts';
import { manifestKey } from '../../src/backup/catalog/names.ts';
import { runBackup } from '../../src/backup/run/run.ts';
import { openEmbeddedSnapshotSource } from '../../src/backup/snapshot/embedded.ts';
import { verifyByHash } from '../../src/backup/verify/prove-objects.ts';
import { unpackDatabase, verifyDeep, verifyFile } from '../../src/backup/verify/verify-backup.ts';
import { explain } from '../../src/lib/clock.ts';
import { createWorld, type World } from '../support/backup-world.ts';
import { createMemoryStore, type MemoryStore } from '../support/memory-store.ts';

const PREFIX = 'backups/';
/** Linux: takes no byte and says ENOSPC. */
const FULL = '/dev/full';
const NO_KEYS = { keys: undefined };
let world: World;
let store: MemoryStore;
let manifest: Manifest;
/** As the run left them. */
let bodies: Map<string, Uint8Array>;

beforeAll(async () => {
  world = await createWorld();
  store = createMemoryStore(() => world.clock.now());
  const outcome = await runBackup(
    { ...world.context, store },
    { trigger: 'command', scheduledAt: world.clock.now() },
  );
  if (outcome.kind !== 'done') throw new Error(JSON.stringify(outcome));
  manifest = outcome.manifest;
  bodies = new Map([...store.objects].map(([key, { body }]) => [key, Uint8Array.from(body)]));
});
afterAll(() => world.close());

const bucket = () => ({ store, prefix: PREFIX });

function put(key: string, body: Uint8Array): void {
  store.objects.set(key, { body, modified: world.clock.now() });
}

function restoreAll(): void {
  store.objects.clear();
  for (const [key, body] of bodies) put(key, Uint8Array.from(body));
}

describe('a flipped bit is always found', () => {
  /** Every bit of the first and last bytes, and a stride of bits all through. */
  function positions(bytes: number, stride: number): number[] {
    const bits = bytes * 8;
    const edge = Array.from({ length: 40 * 8 }, (_, i) => i);
    const through = Array.from({ length: Math.floor(bits / stride) }, (_, i) => i * stride + (i % 8));
    return [...new Set([...edge, ...edge.map((bit) => bits - 1 - bit), ...through])].filter(
      (bit) => bit < bits,
    );
  }

  test('by hash, at thousands of positions of both objects', async () => {
    const small = await createWorld({}, 'small');
    const held = createMemoryStore(() => small.clock.now());
    const outcome = await runBackup(
      { ...small.context, store: held },
      { trigger: 'command', scheduledAt: small.clock.now() },
    );
    small.close();
    if (outcome.kind !== 'done') throw new Error(JSON.stringify(outcome));
    const where = { store: held, prefix: PREFIX };
    let tried = 0;
    for (const { file, bytes } of Object.values(outcome.manifest.objects)) {
      const object = held.objects.get(`${PREFIX}${file}`);
      if (object === undefined) throw new Error(`no ${file}`);
      for (const bit of positions(bytes, 29)) {
        const mask = 1 << (bit & 7);
        object.body[bit >> 3] = (object.body[bit >> 3] ?? 0) ^ mask;
        const verdict = await verifyByHash(where, outcome.manifest, NO_KEYS);
        object.body[bit >> 3] = (object.body[bit >> 3] ?? 0) ^ mask;
        if (verdict.ok) throw new Error(`bit ${bit} of ${file} was flipped and not found`);
        // The place is named: the part it lies in.
        const place = /bytes (\d+) to (\d+) differ/.exec(verdict.problems[0] ?? '') ?? [];
        const [from = 0, to = 0] = place.slice(1).map(Number);
        if (!(from <= bit >> 3 && bit >> 3 <= to))
          throw new Error(`bit ${bit} of ${file}: ${verdict.problems[0]}`);
        tried += 1;
      }
    }
    expect(tried).toBeGreaterThan(2000);
    expect(await verifyByHash(where, outcome.manifest, NO_KEYS)).toEqual({
      ok: true,
      opened: true,
      problems: [],
      proofs: [],
    });
  });

  test('contents that are not what the writers wrote, in an object that is stored as it was sent', async () => {
    const { database } = manifest.objects;
    const { contents } = database;
    const zero = '0'.repeat(64);
    const cases: [Partial<typeof contents>, RegExp][] = [
      [{ rest_sha256: zero }, /: the contents differ$/],
      [{ head_sha256: zero }, /: the first 4096 bytes of the contents differ$/],
      [{ bytes: contents.bytes + 1 }, /: contents have \d+ bytes, not \d+$/],
    ];
    for (const [change, problem] of cases) {
      const objects = {
        ...manifest.objects,
        database: { ...database, contents: { ...contents, ...change } },
      };
      const verdict = await verifyByHash(bucket(), createManifest({ ...manifest, objects }), NO_KEYS);
      expect(verdict.problems).toEqual([expect.stringMatching(problem)]);
    }
  });

  test('cut, longer, empty, swapped or missing objects', async () => {
    const { database, document } = manifest.objects;
    const key = `${PREFIX}${database.file}`;
    const whole = bodies.get(key) ?? new Uint8Array();
    const other = bodies.get(`${PREFIX}${document.file}`) ?? new Uint8Array();
    for (const body of [
      whole.subarray(0, -1),
      whole.subarray(0, 10),
      new Uint8Array(),
      Buffer.concat([whole, Buffer.of(0)]),
      other,
    ]) {
      put(key, Uint8Array.from(body));
      expect((await verifyByHash(bucket(), manifest, NO_KEYS)).ok).toBe(false);
      expect((await findBackup(bucket(), manifest.name))?.state).toBe('damaged');
    }
    store.objects.delete(key);
    expect((await verifyByHash(bucket(), manifest, NO_KEYS)).problems).toEqual([
      `${key} is not in the bucket`,
    ]);
    expect(await findBackup(bucket(), manifest.name)).toMatchObject({
      state: 'damaged',
      problem: expect.stringContaining('gone'),
    });
    restoreAll();
  });
});

describe('the full proof', () => {
  test('a sound backup', async () => {
    const verdict = await verifyDeep(bucket(), manifest, NO_KEYS);
    expect(verdict).toMatchObject({ ok: true, problems: [], warnings: [] });
    expect(verdict.checks).toHaveLength(6);
  });

  test('both files are opened: a digest that only one of them has is found', async () => {
    const wrong = (table: string): Manifest =>
      createManifest({
        ...manifest,
        tables: manifest.tables.map((one) => (one.name === table ? { ...one, sha256: '0'.repeat(64) } : one)),
      });
    const { problems } = await verifyDeep(bucket(), wrong('anime_parts'), NO_KEYS);
    expect(problems).toEqual([
      "database, digests: rows of table anime_parts are not the manifest's",
      "document, digests: rows of table anime_parts are not the manifest's",
    ]);
  });

  test('tables too many, too few, or of other size', async () => {
    const [first, ...rest] = manifest.tables;
    if (first === undefined) throw new Error('no tables');
    const cases: [Manifest['tables'], string][] = [
      [rest, `table ${first.name} is not in the manifest`],
      [[...manifest.tables, { ...first, name: 'more' }], 'table more is missing'],
      [
        [{ ...first, rows: first.rows + 1 }, ...rest],
        `table ${first.name} has ${first.rows} rows, not ${first.rows + 1}`,
      ],
    ];
    for (const [tables, problem] of cases) {
      const verdict = await verifyDeep(bucket(), createManifest({ ...manifest, tables }), NO_KEYS);
      expect(verdict.problems.join()).toContain(problem);
    }
  });

  test('rows that refer to nothing are a note, as the database itself has them', async () => {
    const path = `${world.directory}/orphans.db`;
    const db = new DatabaseSync(path, { enableForeignKeyConstraints: false });
    db.exec(`CREATE TABLE a (id INTEGER PRIMARY KEY); CREATE TABLE b (a INTEGER REFERENCES a(id));
      INSERT INTO b VALUES (1), (2)`);
    db.close();
    const context = {
      ...world.context,
      store,
      source: openEmbeddedSnapshotSource({ path }),
      ledger: noLedger,
    };
    const outcome = await runBackup(context, { trigger: 'command', scheduledAt: new Date('2026-03-03') });
    if (outcome.kind !== 'done') throw new Error(JSON.stringify(outcome));
    const verdict = await verifyDeep(bucket(), outcome.manifest, NO_KEYS);
    expect(verdict).toMatchObject({
      ok: true,
      warnings: [expect.stringContaining('2 rows refer to rows that do not exist (b)')],
    });
    restoreAll();
  });
});

describe.runIf(existsSync(FULL))('a scratch disk that is full is no damage', () => {
  test.each([
    ['backup.db', 'db.gz takes'],
    ['document.db', 'document, whole could not be checked: database or disk is full'],
  ])('%s', async (file, message) => {
    restoreAll();
    const directory = mkdtempSync(`${world.directory}/scratch-`);
    const onBytes = async () => {
      const [made = ''] = readdirSync(directory);
      const path = `${directory}/${made}/${file}`;
      if (!readdirSync(`${directory}/${made}`).includes(file)) symlinkSync(FULL, path);
    };
    const failure: unknown = await verifyDeep(bucket(), manifest, { ...NO_KEYS, directory, onBytes }).catch(
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(Error);
    expect(explain(failure)).toContain(message);
    expect(explain(failure)).toMatch(/ENOSPC|disk is full/);
    expect(readdirSync(directory)).toEqual([]);
  });

  test('unpacking a database', async () => {
    const failure: unknown = await unpackDatabase(bucket(), manifest, FULL, undefined).catch(
      (error: unknown) => error,
    );
    expect(explain(failure)).toMatch(/ bytes unpacked: cannot write \/dev\/full .*ENOSPC/);
    expect(explain(failure)).not.toContain('damaged');
  });

  test('a file that ends too early is damage all the same', async () => {
    const whole = `${world.directory}/whole.db`;
    await unpackDatabase(bucket(), manifest, whole, undefined);
    const path = `${world.directory}/short.db`;
    writeFileSync(path, readFileSync(whole).subarray(0, -5000));
    expect((await verifyFile(path, 'database')).ok).toBe(false);
  });
});

describe('the list', () => {
  test('says what is wrong with each', async () => {
    restoreAll();
    const key = manifestKey(PREFIX, manifest.name);
    put(key, Buffer.from('{}'));
    expect(await findBackup(bucket(), manifest.name)).toMatchObject({
      state: 'unreadable',
      problem: 'not a manifest',
    });
    put(key, serializeManifest({ ...manifest, name: '20200101_000000' }));
    expect((await findBackup(bucket(), manifest.name))?.problem).toMatch(/does not belong|another backup/);
    store.objects.delete(key);
    expect(await findBackup(bucket(), manifest.name)).toMatchObject({ state: 'unfinished' });
    expect(await newestVerified(bucket())).toBeUndefined();
    restoreAll();
    put(`${PREFIX}notes.txt`, Buffer.from('mine'));
    const { entries, total } = await listBackups(bucket());
    expect(total).toBe(1);
    expect(entries).toMatchObject([
      { name: manifest.name, state: 'verified', encrypted: false, pinned: false, problem: undefined },
    ]);
    restoreAll();
  });

  test('a copied bucket under another prefix is as good', async () => {
    for (const [key, body] of bodies) put(key.replace(PREFIX, 'elsewhere/'), body);
    const copy = { store, prefix: 'elsewhere/' };
    const entry = await newestVerified(copy);
    expect(entry?.name).toBe(manifest.name);
    expect((await verifyByHash(copy, manifest, NO_KEYS)).ok).toBe(true);
    restoreAll();
  });

  test('a backup from a clock in the future is not the newest for ever', async () => {
    const at = world.clock.now();
    world.clock.set(new Date('2036-01-01T00:00:00Z'));
    const ahead = {
      ...store,
      put: async (key: string, body: Uint8Array) => void store.objects.set(key, { body, modified: at }),
    };
    const outcome = await runBackup(
      { ...world.context, store: ahead },
      { trigger: 'command', scheduledAt: world.clock.now() },
    );
    if (outcome.kind !== 'done') throw new Error(JSON.stringify(outcome));
    for (const [key, object] of store.objects)
      if (key.includes('2036')) store.objects.set(key, { ...object, modified: at });
    world.clock.set(new Date(at.getTime() + 86_400_000));
    await runBackup({ ...world.context, store }, { trigger: 'command', scheduledAt: world.clock.now() });
    expect((await newestVerified(bucket()))?.name).toBe('20260616_020000');
    restoreAll();
  });
});
