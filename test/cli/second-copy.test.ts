/**
 * The second copy at the command line: every command that reads backups reads it too, and a restore
 * finds it by itself when the first bucket is gone.
 */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { BackupEntry } from '../../src/backup/catalog/entry.ts';
import { copyHealth, readMemory } from '../../src/backup/copy/memory.ts';
import { fullerBefore } from '../../src/cli/other-bucket.ts';
import { copyNote } from '../../src/db/bucket-notes.ts';
import { openEmbeddedDatabase } from '../../src/db/file/embedded-database.ts';
import { migrate } from '../../src/db/migrate.ts';
import { newestRun } from '../../src/db/runs.ts';
import { requirePlaces } from '../../src/hosts/node/node-parts.ts';
import { type CliResult, runCli } from './spawn-cli.ts';

let directory: string;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'second-copy-'));
  const db = await openEmbeddedDatabase(join(directory, 'bot.db'));
  await migrate(db, { now: () => new Date(0), backup: async () => {} });
  db.close();
});
afterAll(() => rmSync(directory, { recursive: true, force: true, maxRetries: 10 }));

const SETTINGS = { DATABASE_URL: 'file:bot.db', BACKUP_DIR: 'first', COPY_DIR: 'second' };
const cli = (...args: readonly string[]): Promise<CliResult> => runCli(directory, SETTINGS, ...args);
const files = (bucket: string): string[] => readdirSync(join(directory, bucket)).toSorted();
const takeOut = (bucket: string, name: string): void => {
  for (const file of files(bucket)) if (file.includes(name)) rmSync(join(directory, bucket, file));
};

let names: string[] = [];

test('full puts the backup into both, byte for byte; a copy that fails does not fail it', async () => {
  writeFileSync(join(directory, 'second'), 'a file stands where the directory should');
  const failed = await cli('full', '--json');
  expect(failed.code).toBe(2);
  expect(failed.json()['error']).toContain('COPY_DIR');
  rmSync(join(directory, 'second'));
  mkdirSync(join(directory, 'second'));
  const done = await cli('full');
  expect(done.code, done.stderr).toBe(0);
  expect(done.stdout).toContain('and in the second copy, read back');
  const again = (await cli('full', '--json')).json();
  expect(again['second_copy']).toEqual({ has: true, left: 0, problem: null });
  expect(files('second')).toEqual(files('first'));
  // What a command has copied, /test, /backups and /healthz do not call missing.
  const db = await openEmbeddedDatabase(join(directory, 'bot.db'));
  const [note, run] = await db.read([copyNote(), newestRun()]);
  await db.closeWhole();
  expect(run).toBe(again['name']);
  expect(copyHealth(readMemory(note), new Date(), run)).toMatchObject({
    state: 'whole',
    left: 0,
    newest: run,
  });
  names = files('first').flatMap((file) => /^anime_bot_(\d+_\d+)/.exec(file)?.[1] ?? []);
  expect(names).toHaveLength(2);
});

test('list says where each backup is, and what the copy lacks; copy brings it', async () => {
  const [older = '', newest = ''] = names;
  takeOut('second', newest);
  takeOut('first', older);
  const listed = await cli('list');
  expect(listed.stdout).toContain(`Second copy: lacks 1 (${newest}), in directory`);
  expect(listed.stdout).toMatch(new RegExp(`${newest}.*first only`));
  expect(listed.stdout).toMatch(new RegExp(`${older}.*second only`));
  const answer = (await cli('list', '--json')).json();
  expect(answer).toMatchObject({
    total: 1,
    second_copy: { lacks: [newest] },
    backups: [
      { name: newest, place: 'first only' },
      { name: older, place: 'second only' },
    ],
  });
  const there = (await cli('list', '--from', 'copy', '--json')).json();
  expect(there).toMatchObject({ newest_verified: older, total: 1 });
  const copied = await cli('copy', '--json');
  expect(copied.json()).toEqual({ ok: true, copied: [newest], left: 0, problem: null });
  expect((await cli('list')).stdout).toMatch(
    new RegExp(`Second copy: has every backup, none cut short[\\s\\S]*${newest}.*both`),
  );
});

test('verify, download, drill, diff, pin and restore read the copy with --from copy', async () => {
  const [older = ''] = names;
  const from = ['--from', 'copy'];
  for (const args of [
    ['verify', older, ...from],
    ['download', older, '-o', 'fetched', ...from],
    ['drill', ...from],
    ['pin', older, ...from],
    ['restore', older, '--to', 'file:other.db', ...from],
  ]) {
    const { code, stderr } = await cli(...args);
    expect({ args, code, stderr }).toEqual({ args, code: 0, stderr: '' });
  }
  expect(files('fetched')).toHaveLength(3);
  expect(files('second')).toContain(`anime_backup_${older}.pin`);
  const missing = await cli('verify', older);
  expect(missing.stderr).toContain(`no backup ${older} in directory`);
  const none = await runCli(directory, { ...SETTINGS, COPY_DIR: '' }, 'list', ...from);
  expect(none.code).toBe(2);
  expect(none.stderr).toContain('--from copy: there is no second copy; COPY_S3_* or COPY_DIR name one');
});

test('damaged there: told by every command, and replaced by the next copy', async () => {
  const [, newest = ''] = names;
  const path = join(directory, 'second', `anime_bot_${newest}.db.gz`);
  const damage = (): void => {
    const bytes = readFileSync(path);
    bytes[500] = (bytes[500] ?? 0) ^ 1;
    writeFileSync(path, bytes);
  };
  damage();
  const verified = await cli('verify', 'latest', '--from', 'copy');
  expect(verified.code).toBe(1);
  expect(verified.stdout).toContain(`The first bucket has ${newest}, not known to be damaged`);
  const listed = await cli('list');
  expect(listed.stdout).toMatch(
    new RegExp(`^Not safe: second copy: 1 \\(${newest}\\) damaged there, in dir`),
  );
  expect(listed.stdout.match(/damaged there/g)).toHaveLength(1);
  expect(listed.stdout).not.toMatch(/^Safe:/m);
  expect(listed.stdout).toMatch(new RegExp(`${newest}.*both, damaged in the second`));
  const check = await cli('list', '--check');
  expect(check).toMatchObject({
    code: 3,
    stdout: '',
    stderr: expect.stringMatching(/^Not safe: .*damaged there/),
  });
  expect((await cli('list', '--check', '--json')).json()).toMatchObject({ ok: false });
  const copied = await cli('copy');
  expect(copied).toMatchObject({ code: 0, stderr: '' });
  expect(copied.stdout).toContain(`(damaged there, and replaced: anime_bot_${newest}.db.gz)`);
  expect((await cli('list', '--check')).code).toBe(0);
  expect(files('second').filter((file) => file.includes('bad'))).toEqual([]);
  // Of the right length, and nobody has looked.
  damage();
  expect((await cli('copy', '--json')).json()).toMatchObject({
    ok: true,
    replaced: [`anime_bot_${newest}.db.gz`],
  });
  expect((await cli('copy')).stdout).toContain(`none cut short; the newest, ${newest}, was read back.`);
});

test('a kit goes on to the next older backup, and names what it leaves out', async () => {
  const [older = '', newest = ''] = names;
  const paths = ['first', 'second'].map((bucket) => join(directory, bucket, `anime_bot_${newest}.db.gz`));
  const kept = paths.map((path) => readFileSync(path));
  for (const path of paths)
    writeFileSync(
      path,
      readFileSync(path).map((byte, i) => (i === 500 ? byte ^ 1 : byte)),
    );
  const rotten = await cli('kit', '-o', 'rotten.tar');
  expect(rotten.code, rotten.stderr).toBe(0);
  expect(rotten.stdout).toContain(`rotten.tar: backup ${older} of`);
  expect(rotten.stdout).toContain(`${newest} of directory`);
  expect(rotten.stdout).toContain('It has 0 anime and 0 parts.');
  for (const path of paths) truncateSync(path, 100);
  const cut = await cli('kit', '-o', 'cut.tar');
  expect(cut.stdout).toContain(`${newest} is newer and damaged`);
  for (const [i, path] of paths.entries()) writeFileSync(path, kept[i] ?? '');
});

test('a kit that the passphrase at hand does not open says so', async () => {
  const sealed = { DATABASE_URL: 'file:bot.db', BACKUP_DIR: 'sealed' };
  await runCli(directory, { ...sealed, BACKUP_PASSPHRASE: 'one long passphrase' }, 'full');
  const wrong = { ...sealed, BACKUP_PASSPHRASE: 'another long passphrase' };
  const { code, stderr } = await runCli(directory, wrong, 'kit', '-o', 'sealed.tar');
  expect(code).toBe(1);
  expect(stderr).toContain('it does not open with what is set');
  const { stdout } = await runCli(directory, sealed, 'kit', '-o', 'unopened.tar');
  expect(stdout).toContain('no key is set here: nobody tried to open it');
});

test('without the first bucket each command names the copy, and the setting that is meant', async () => {
  const [older = '', newest = ''] = names;
  const gone = { ...SETTINGS, BACKUP_DIR: 'nothing' };
  for (const [args, name] of [
    [['verify', 'latest'], newest],
    [['verify', older], older],
  ] as const) {
    const { code, stderr } = await runCli(directory, gone, ...args);
    expect({ args, code }).toEqual({ args, code: 1 });
    expect(stderr).toContain(`The second copy has ${name}: add --from copy`);
  }
  const listed = await runCli(directory, gone, 'list');
  // The database is there: a restore would take away what it holds since.
  expect(listed.stdout).toMatch(
    new RegExp(`the other bucket has ${newest}\\. The database is there: .*: npm run backup -- full`),
  );
  expect(listed.stdout).not.toContain('restore latest');
  const lost = { ...gone, DATABASE_URL: 'file:lost.db' };
  expect((await runCli(directory, lost, 'list')).stdout).toContain(
    `the other bucket has ${newest}. To bring that back: npm run backup -- restore latest`,
  );
  const absent = await runCli(directory, { ...SETTINGS, COPY_DIR: 'away' }, 'verify', '--from', 'copy');
  expect(absent.stderr).toContain(
    'Was none made yet? Make one: npm run backup -- copy. Else mount its disk, or set COPY_DIR',
  );
});

test('a first bucket that is not there is nothing to copy from', async () => {
  const { code, stderr } = await runCli(directory, { ...SETTINGS, BACKUP_DIR: 'nowhere' }, 'copy');
  expect(code).toBe(1);
  expect(stderr).toContain('there is nothing to copy: directory');
});

test('what is left of one in the first bucket is of the first bucket', async () => {
  const [, newest = ''] = names;
  const manifest = join(directory, 'first', `anime_backup_${newest}.manifest.json`);
  renameSync(manifest, join(directory, 'aside'));
  const { stdout } = await cli('list');
  expect(stdout).toMatch(new RegExp(`${newest}.*unfinished.*first only`));
  expect(stdout).toMatch(new RegExp(`${newest}.*verified.*second only`));
  renameSync(join(directory, 'aside'), manifest);
});

test('a copy on the disk of the first bucket is called so, and an empty one is not filled on advice', async () => {
  const { stdout } = await runCli(directory, { ...SETTINGS, COPY_DIR: 'mount' }, 'list');
  expect(stdout).toMatch(
    /Second copy: lacks 1 .*COPY_DIR \S+mount is on the same disk as \S+first.*mount its disk first/,
  );
  expect(stdout).not.toContain('npm run backup -- copy');
});

test('an empty database that was begun after a loss is not safe beside a copy that has more', () => {
  const entry = (anime: number, name: string) =>
    ({
      name,
      time: new Date('2026-06-15T02:00:00Z'),
      state: 'verified',
      usable: ['database', 'document'],
      manifest: { trigger: 'command', tables: [{ name: 'anime', rows: anime }] },
    }) as unknown as BackupEntry;
  const [empty, full] = [entry(0, 'empty'), entry(5, 'full')];
  const found = (newest: BackupEntry, ...only: BackupEntry[]) =>
    fullerBefore(newest, { entries: [newest], only })?.entry;
  expect(found(empty, entry(0, 'too'), full)).toBe(full);
  expect(found(empty, entry(0, 'too'))).toBeUndefined();
  expect(found(full, entry(9, 'more'))).toBeUndefined();
});

test('a newer one that the copy alone has is told, not taken', async () => {
  const [older = '', newest = ''] = names;
  await runCli(directory, SETTINGS, 'full');
  const third =
    files('first')
      .flatMap((file) => /^anime_bot_(\d+_\d+)/.exec(file)?.[1] ?? [])
      .at(-1) ?? '';
  expect([older, newest]).not.toContain(third);
  takeOut('first', third);
  const restored = await cli('restore', 'latest', '--to', 'file:older.db', '--json');
  expect(restored.json()).toMatchObject({ origin: newest });
  expect(String(restored.json()['notes'])).toContain(
    `${third} is newer and in the second copy alone: \`restore ${third} --from copy --replace\` takes it`,
  );
  takeOut('second', third);
});

test.each([
  ['is empty', { BACKUP_DIR: 'nothing' }, /there is no backup in directory/],
  [
    'does not answer',
    {
      S3_ENDPOINT: 'http://127.0.0.1:9',
      S3_BUCKET: 'b',
      S3_ACCESS_KEY_ID: 'a',
      S3_SECRET_ACCESS_KEY: 'b',
    },
    /no connection to/,
  ],
])(
  'restore latest takes the copy when the first bucket %s, and says so',
  { timeout: 60_000 },
  async (_, change, why) => {
    const [, newest = ''] = names;
    const settings = { ...SETTINGS, ...change, DATABASE_URL: 'file:back.db' };
    rmSync(join(directory, 'back.db'), { force: true });
    const restored = await runCli(directory, settings, 'restore', 'latest');
    expect(restored.code, restored.stderr).toBe(0);
    expect(restored.stdout).toMatch(
      /the first bucket gave no backup \(.*\), so this one is from the second copy/,
    );
    // Advice about the first bucket belongs to another day.
    expect(restored.stdout).not.toMatch(/mount its disk|[Mm]ake one/);
    expect(restored.stdout).toMatch(why);
    expect(restored.stdout).toContain(`restored: ${newest}`);
    expect(existsSync(join(directory, 'back.db'))).toBe(true);
  },
);

test('a copy in the first bucket itself is refused, by whatever name', async () => {
  symlinkSync(join(directory, 'first'), join(directory, 'link'));
  const at = (path: string) => ({ kind: 'directory' as const, path: join(directory, path) });
  const places = (copy: string) => () =>
    requirePlaces({
      database: { kind: 'file', path: join(directory, 'bot.db') },
      bucket: at('first'),
      copy: { bucket: at(copy), prefix: '' },
    });
  for (const copy of ['first', 'link', 'link/inner', 'first/inner', '.'])
    expect(places(copy), copy).toThrow('COPY_DIR: ');
  expect(places('second')).not.toThrow();
  const { code, stderr } = await runCli(directory, { ...SETTINGS, COPY_DIR: 'link' }, 'list');
  expect(code).toBe(2);
  expect(stderr).toContain('is the directory of the first bucket');
});

test('no command writes its output into the copy', async () => {
  const { code, stderr } = await cli('export', '-o', 'second/export.json');
  expect(code).toBe(2);
  expect(stderr).toContain('in the directory of the backups');
});
