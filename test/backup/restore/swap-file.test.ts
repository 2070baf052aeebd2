import {
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { databaseKey, documentKey } from '../../../src/backup/catalog/names.ts';
import { generateKey } from '../../../src/backup/envelope/keys.ts';
import { fileCalls } from '../../../src/backup/restore/file-calls.ts';
import { previewRestore, restore } from '../../../src/backup/restore/restore.ts';
import { ENGINE_TABLES } from '../../../src/backup/schema/engine-tables.ts';
import { sql } from '../../../src/db/database.ts';
import { openEmbeddedDatabase } from '../../../src/db/file/embedded-database.ts';
import { migrate } from '../../../src/db/migrate.ts';
import { createWorld, type World } from '../../support/backup-world.ts';
import { backUp, contents, newest, partsOf, restoreNewest, rowsOf } from './support.ts';

let world: World;
beforeEach(async () => {
  world = await createWorld();
  await world.db.write([
    sql(
      "INSERT INTO anime_search (anime_id, title, names, about, sound) SELECT id, title, '', '', '' FROM anime",
    ),
    sql('INSERT INTO user_history (user_id, anime_code, part_number) VALUES (7, 99, 1)'),
    sql('DELETE FROM anime WHERE code = 60'),
  ]);
});
afterEach(() => world.close());

const stored = (key: string): string => join(world.directory, 'bucket', key);
const restored = (): string => join(world.directory, 'restored.db');

describe('into nothing', () => {
  test('from the bucket: every table to the bit, and SQLite is content with it', async () => {
    const name = await backUp(world);
    const report = await restoreNewest(world);
    expect(report).toMatchObject({ origin: name, safety: undefined, kept: undefined, notes: [] });
    expect(report.tables).toContainEqual({ table: 'anime', rows: 39 });
    const entry = await newest(world);
    const wanted = entry.kind === 'backup' ? entry.entry.manifest?.tables : undefined;
    // The engine's own record is brought up to date: own-run.test.ts.
    const data = (wanted ?? []).filter((table) => !ENGINE_TABLES.includes(table.name));
    expect(data.length).toBe((wanted ?? []).length - ENGINE_TABLES.length);
    expect(await contents(restored(), ENGINE_TABLES)).toEqual(
      Object.fromEntries(data.map((table) => [table.name, table.sha256])),
    );
    expect(rowsOf(restored(), 'PRAGMA integrity_check')).toEqual(['ok']);
    expect(rowsOf(restored(), 'PRAGMA foreign_key_check')).toEqual([]);
    expect(rowsOf(restored(), "SELECT count(*) FROM anime_words WHERE anime_words MATCH 'naruto'")).toEqual([
      '39',
    ]);
  });

  test.each(['database', 'document'] as const)('from the %s on disk, packed and plain', async (role) => {
    await world.db.write([sql("INSERT INTO bucket_notes (key, value) VALUES ('test', 'of before')")]);
    const name = await backUp(world);
    const key =
      role === 'database' ? databaseKey('backups/', name, false) : documentKey('backups/', name, false);
    const packed = stored(key);
    const plain = join(world.directory, 'plain');
    writeFileSync(plain, gunzipSync(readFileSync(packed)));
    // The run writes to these behind its snapshot; what the notes had before it comes back.
    const ownRecord = ['backup_lease', 'backup_runs', 'bucket_notes'];
    const original = await contents(world.path, ownRecord);
    for (const [i, path] of [packed, plain].entries()) {
      const target = join(world.directory, `from-${i}.db`);
      await restore(partsOf(world, { target: { kind: 'file', path: target } }), {
        from: { kind: 'file', path },
      });
      expect(await contents(target, ownRecord)).toEqual(original);
      expect(rowsOf(target, 'SELECT value FROM bucket_notes')).toEqual(['of before']);
    }
  });

  test('encrypted, from the bucket and from disk; without the key it says which setting is missing', async () => {
    const key = await generateKey();
    world.close();
    world = await createWorld({
      encryption: { kind: 'recipients', recipients: [key.recipient] },
      keys: { identities: [key.identity], passphrases: [] },
    });
    const name = await backUp(world);
    await restoreNewest(world);
    expect(rowsOf(restored(), 'SELECT count(*) FROM anime')).toEqual(['40']);
    await expect(restoreNewest(world, { keys: undefined })).rejects.toThrow('set BACKUP_AGE_IDENTITY');
    const other = join(world.directory, 'other.db');
    await restore(partsOf(world, { target: { kind: 'file', path: other } }), {
      from: { kind: 'file', path: stored(documentKey('backups/', name, true)) },
    });
    expect(rowsOf(other, 'SELECT count(*) FROM anime')).toEqual(['40']);
  });

  test('the database file is damaged: its document is used, and the report says so', async () => {
    const name = await backUp(world);
    const path = stored(databaseKey('backups/', name, false));
    const bytes = readFileSync(path);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
    writeFileSync(path, bytes);
    const report = await restoreNewest(world);
    expect(report.notes[0]).toContain(`the database file of ${name} cannot be used`);
    expect(rowsOf(restored(), 'SELECT count(*) FROM anime')).toEqual(['39']);
  });

  test('both files are damaged: refused, and nothing appears', async () => {
    const name = await backUp(world);
    for (const key of [databaseKey('backups/', name, false), documentKey('backups/', name, false)]) {
      const bytes = readFileSync(stored(key));
      bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
      writeFileSync(stored(key), bytes);
    }
    await expect(restoreNewest(world)).rejects.toThrow('nor its document');
    expect(existsSync(restored())).toBe(false);
    expect(existsSync(`${restored()}.restoring`)).toBe(false);
  });

  test.each(['', '{"anime":[]}', 'SQLite format 3\0 and then nothing of it', 'hello'])(
    'a file that is no backup (%s) is refused',
    async (text) => {
      const path = join(world.directory, 'wrong');
      writeFileSync(path, text);
      await expect(restore(partsOf(world), { from: { kind: 'file', path } })).rejects.toThrow(path);
      expect(existsSync(restored())).toBe(false);
    },
  );

  test('an older backup is brought up to date by the next start, as always', async () => {
    await backUp(world);
    await restoreNewest(world);
    const db = await openEmbeddedDatabase(restored());
    await expect(migrate(db, { now: () => new Date(), backup: async () => {} })).resolves.toMatchObject({
      to: expect.any(Number),
    });
    db.close();
  });
});

describe('over a full database', () => {
  const target = (): {
    target: { kind: 'file'; path: string };
    context: World['context'];
    closeTarget: () => void;
  } => ({
    target: { kind: 'file', path: world.path },
    context: world.context,
    closeTarget: () => world.db.close(),
  });

  test('what is there is saved first, and again beside it; the lease goes on', async () => {
    const name = await backUp(world);
    await world.db.write([sql("UPDATE anime SET title = 'spoiled'")]);
    const report = await restoreNewest(world, target());
    expect(report).toMatchObject({ origin: name, kept: `${world.path}.before-restore` });
    expect(rowsOf(world.path, "SELECT count(*) FROM anime WHERE title = 'spoiled'")).toEqual(['0']);
    expect(
      rowsOf(`${world.path}.before-restore`, "SELECT count(*) FROM anime WHERE title = 'spoiled'"),
    ).toEqual(['39']);
    // Two runs have held the lease: the one of the backup, and that of the safety backup.
    expect(rowsOf(world.path, 'SELECT fence, holder, expires_ms FROM backup_lease')).toEqual(['3  0']);
    expect(existsSync(`${world.path}-wal`)).toBe(false);
    const other = join(world.directory, 'safety.db');
    await restoreNewest(world, { target: { kind: 'file', path: other } });
    expect(report.safety).toBeDefined();
    expect(rowsOf(other, "SELECT count(*) FROM anime WHERE title = 'spoiled'")).toEqual(['39']);
  });

  test('a bot that has the file open is noticed, and keeps it', async () => {
    await backUp(world);
    await world.db.write([sql("UPDATE anime SET title = 'living'")]);
    await expect(restoreNewest(world, { ...target(), closeTarget: () => {} })).rejects.toThrow(
      'stop the bot',
    );
    const [living] = await world.db.read([
      { ...sql("SELECT count(*) AS n FROM anime WHERE title = 'living'"), parse: ([row]) => row?.int('n') },
    ]);
    expect(living).toBe(39);
  });

  test('no safety backup, no restore', async () => {
    await backUp(world);
    const context = {
      ...world.context,
      store: { ...world.context.store, create: () => Promise.reject(new Error('the disk is full')) },
    };
    // The bucket's fault, not the database's: there is no talk of --broken-database.
    await expect(restoreNewest(world, { ...target(), context })).rejects.toThrow(
      /^no safety backup, so nothing was restored: the disk is full$/,
    );
    expect(rowsOf(world.path, 'SELECT count(*) FROM anime')).toEqual(['39']);
  });

  test('killed at any call that moves files, the old or the new data stands whole, and the next attempt succeeds', async () => {
    await backUp(world);
    await world.db.write([sql("UPDATE anime SET title = 'old'")]);
    world.db.close();
    let step = 0;
    for (let done = false; !done; step += 1) {
      let calls = 0;
      const killed =
        <A extends unknown[]>(call: (...args: A) => Promise<void>) =>
        (...args: A): Promise<void> => {
          calls += 1;
          // From this call on the process does nothing any more.
          return calls > step ? Promise.reject(new Error('killed')) : call(...args);
        };
      const files = {
        ...fileCalls,
        link: killed(fileCalls.link),
        rename: killed(fileCalls.rename),
        remove: killed(fileCalls.remove),
        sync: killed(fileCalls.sync),
      };
      const attempt = restoreNewest(world, { ...target(), context: undefined, closeTarget: () => {}, files });
      done = await attempt.then(
        () => calls <= step,
        () => false,
      );
      const titles = rowsOf(world.path, "SELECT count(*) FROM anime WHERE title = 'old'");
      expect([['39'], ['0']], `killed at call ${step}`).toContainEqual(titles);
      expect(rowsOf(world.path, 'PRAGMA integrity_check')).toEqual(['ok']);
    }
    expect(step).toBeGreaterThan(6);
    await restoreNewest(world, { ...target(), context: undefined, closeTarget: () => {} });
    expect(existsSync(`${world.path}.restoring`)).toBe(false);
    expect(existsSync(`${world.path}.before-restore.new`)).toBe(false);
  });

  test('a file that SQLite cannot read any more is set aside with its journal', async () => {
    await backUp(world);
    world.db.close();
    writeFileSync(world.path, 'no database at all');
    writeFileSync(`${world.path}-wal`, 'its journal');
    const again = { ...target(), context: undefined, closeTarget: () => {} };
    const { kept = '' } = await restoreNewest(world, again, { isOldBroken: true });
    expect(kept).toMatch(/\.db\.broken-20260615_\d{6}$/);
    expect(rowsOf(world.path, 'SELECT count(*) FROM anime')).toEqual(['39']);
    expect(existsSync(`${world.path}-wal`)).toBe(false);
    // Nothing else holds what may be salvaged from it: no later restore replaces it.
    world.clock.advance(60_000);
    await restoreNewest(world, again);
    expect(readFileSync(kept, 'utf8')).toBe('no database at all');
    expect(readFileSync(`${kept}-wal`, 'utf8')).toBe('its journal');
  });

  test.each([0, 300])('two of one second are both kept, %i ms apart', async (apart) => {
    await backUp(world);
    world.db.close();
    const again = { ...target(), context: undefined, closeTarget: () => {} };
    const kept: string[] = [];
    for (const text of ['the first', 'the second', 'the third']) {
      writeFileSync(world.path, text);
      writeFileSync(`${world.path}-wal`, `journal of ${text}`);
      kept.push((await restoreNewest(world, again, { isOldBroken: true })).kept ?? '');
      world.clock.advance(apart);
    }
    expect(kept.map((name) => readFileSync(name, 'utf8'))).toEqual(['the first', 'the second', 'the third']);
    expect(kept.map((name) => readFileSync(`${name}-wal`, 'utf8'))).toEqual([
      'journal of the first',
      'journal of the second',
      'journal of the third',
    ]);
  });

  test('what earlier restores of one second set aside is kept as well', async () => {
    await backUp(world);
    world.db.close();
    const again = { ...target(), context: undefined, closeTarget: () => {} };
    for (let i = 0; i < 4; i += 1) {
      const marked = new DatabaseSync(world.path);
      marked.exec(`UPDATE anime SET title = 'only in ${i}'`);
      marked.close();
      await restoreNewest(world, again);
    }
    const all = readdirSync(world.directory).filter((name) => name.includes('before-restore'));
    const titles = all.map((name) => rowsOf(join(world.directory, name), 'SELECT min(title) FROM anime')[0]);
    expect(titles.toSorted()).toEqual(['only in 0', 'only in 1', 'only in 2', 'only in 3']);
  });

  test('a whole database is not taken for a broken one: it would be replaced without a backup', async () => {
    await backUp(world);
    world.db.close();
    const again = { ...target(), context: undefined, closeTarget: () => {} };
    await expect(restoreNewest(world, again, { isOldBroken: true })).rejects.toThrow('opens and is whole');
    expect(rowsOf(world.path, 'SELECT count(*) FROM anime')).toEqual(['39']);
    expect(existsSync(`${world.path}.before-restore`)).toBe(false);
  });

  test('a whole file whose journal is in doubt is replaced as the message of a start says', async () => {
    await backUp(world);
    const [file, log] = ['', '-wal'].map((suffix) => readFileSync(world.path + suffix));
    // Of before a change of the schema that the log does not hold.
    file?.writeUInt32BE(file.readUInt32BE(40) - 1, 40);
    const path = join(world.directory, 'cut.db');
    writeFileSync(path, file ?? '');
    writeFileSync(`${path}-wal`, log ?? '');
    await expect(openEmbeddedDatabase(path)).rejects.toThrow('cannot be told');
    const again = { ...target(), target: { kind: 'file' as const, path }, closeTarget: () => {} };
    const { kept = '', notes } = await restoreNewest(
      world,
      { ...again, context: undefined },
      { isOldBroken: true },
    );
    expect(readFileSync(`${kept}-wal`).equals(log ?? Buffer.alloc(0))).toBe(true);
    expect(notes.join()).toContain('cannot be told');
    expect(rowsOf(path, 'SELECT count(*) FROM anime')).toEqual(['39']);
  });

  test('without a safety backup no restore overwrites what an earlier one set aside', async () => {
    await backUp(world);
    const again = { ...target(), context: undefined, closeTarget: () => {} };
    world.db.close();
    const marked = new DatabaseSync(world.path);
    marked.exec("UPDATE anime SET title = 'only here'");
    marked.close();
    for (let i = 0; i < 3; i += 1) {
      await restoreNewest(world, again);
      world.clock.advance(60_000);
    }
    const all = readdirSync(world.directory).filter((name) => /before-restore(-\d+_\d+)?$/.test(name));
    expect(all).toHaveLength(3);
    const titles = all.map((name) => rowsOf(join(world.directory, name), 'SELECT min(title) FROM anime')[0]);
    expect(titles).toContain('only here');
  });

  test('the file was deleted and its journal stayed: the journal is not replayed into the restored file', async () => {
    await backUp(world);
    world.db.close();
    rmSync(world.path);
    writeFileSync(`${world.path}-wal`, 'stale');
    await restoreNewest(world, { ...target(), context: undefined, closeTarget: () => {} });
    expect(existsSync(`${world.path}-wal`)).toBe(false);
    expect(rowsOf(world.path, 'SELECT count(*) FROM anime')).toEqual(['39']);
  });
});

test('a link stays a link, and the file keeps its rights', async () => {
  await backUp(world);
  world.db.close();
  const link = join(world.directory, 'link.db');
  symlinkSync(world.path, link);
  chmodSync(world.path, 0o660);
  const { ino } = statSync(world.path);
  const report = await restoreNewest(world, { target: { kind: 'file', path: link } });
  expect(realpathSync(link)).toBe(realpathSync(world.path));
  expect(statSync(world.path).mode & 0o777).toBe(0o660);
  expect(statSync(world.path).ino).not.toBe(ino);
  expect(report.kept).toBe(`${world.path}.before-restore`);
});

describe('some tables', () => {
  const only = (...names: string[]) => ({ only: names });
  const target = () => ({
    target: { kind: 'file' as const, path: world.path },
    closeTarget: () => world.db.close(),
  });

  test('come back, and the rest stays as it is', async () => {
    await backUp(world);
    await world.db.write([
      sql("UPDATE anime_parts SET file_id = 'wrong'"),
      sql("INSERT INTO users (user_id, username) VALUES (8, 'new')"),
    ]);
    const report = await restoreNewest(world, target(), only('anime_parts'));
    expect(report.tables).toEqual([{ table: 'anime_parts', rows: 117 }]);
    expect(rowsOf(world.path, "SELECT count(*) FROM anime_parts WHERE file_id = 'wrong'")).toEqual(['0']);
    expect(rowsOf(world.path, 'SELECT username FROM users WHERE user_id = 8')).toEqual(['new']);
    expect(rowsOf(world.path, 'PRAGMA integrity_check')).toEqual(['ok']);
  });

  test('are refused when rows of other tables would point nowhere, by name of the table', async () => {
    await backUp(world);
    await world.db.write([
      sql("INSERT INTO anime (code, title) VALUES (500, 'new')"),
      sql("INSERT INTO anime_parts (anime_code, part_number, file_id) VALUES (500, 1, 'f')"),
    ]);
    await expect(restoreNewest(world, target(), only('anime'))).rejects.toThrow(
      '1 row of anime_parts would belong to rows of anime that are missing in the backup (add anime_parts to --only, or take all)',
    );
    expect(rowsOf(world.path, 'SELECT count(*) FROM anime WHERE code = 500')).toEqual(['1']);
    await restoreNewest(world, target(), only('anime', 'anime_parts'));
    expect(rowsOf(world.path, 'SELECT count(*) FROM anime_stale')).toEqual(['39']);
  });

  test('are refused when the living database lacks what they belong to, by name of that table', async () => {
    await backUp(world);
    await world.db.write([sql('DELETE FROM anime_parts'), sql('DELETE FROM anime')]);
    await expect(restoreNewest(world, target(), only('anime_parts'))).rejects.toThrow(
      '117 rows of anime_parts would belong to rows of anime that are missing in the living database (add anime to --only, or take all)',
    );
    await restoreNewest(world, target(), only('anime', 'anime_parts'));
    expect(rowsOf(world.path, 'SELECT count(*) FROM anime_parts')).toEqual(['117']);
  });

  test('are refused when somebody writes to the file while its copy is made', async () => {
    await backUp(world);
    let writing: Promise<unknown> | undefined;
    const files = {
      ...fileCalls,
      // Called between the copy and the swap.
      sync: async (path: string) => {
        writing ??= openEmbeddedDatabase(world.path).then(async (db) => {
          await db.write([sql('INSERT INTO users (user_id) VALUES (99)')]);
          db.close();
        });
        await writing;
        await fileCalls.sync(path);
      },
    };
    const attempt = restoreNewest(world, { ...target(), files }, only('anime', 'anime_parts'));
    await expect(attempt).rejects.toThrow('was written to meanwhile: stop the bot');
    expect(rowsOf(world.path, 'SELECT count(*) FROM users WHERE user_id = 99')).toEqual(['1']);
  });

  test('that the backup has not are named', async () => {
    await backUp(world);
    await expect(restoreNewest(world, target(), only('animes'))).rejects.toThrow(
      'has no table animes; it has',
    );
  });
});

test('a dry run says what would change and changes nothing', async () => {
  await backUp(world);
  await world.db.write([sql('INSERT INTO users (user_id) VALUES (8)'), sql("UPDATE groups SET name = 'x'")]);
  const before = await contents(world.path);
  const { tables } = await previewRestore(partsOf(world, { target: { kind: 'file', path: world.path } }), {
    from: await newest(world),
  });
  expect(tables.find(({ table }) => table === 'users')).toMatchObject({
    added: 0,
    removed: 1,
    changed: 0,
    same: 2,
  });
  expect(tables.find(({ table }) => table === 'groups')).toMatchObject({ changed: 1 });
  expect(await contents(world.path)).toEqual(before);
});
