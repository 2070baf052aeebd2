/** A start without its database: whatever holds an earlier one is named, and none is begun. */
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readGroups } from '../../src/backup/catalog/list.ts';
import { runBackup } from '../../src/backup/run/run.ts';
import { createDirectoryStore } from '../../src/backup/store/directory.ts';
import { resolveBackup } from '../../src/cli/target.ts';
import { requireNothingKept } from '../../src/hosts/node/missing-database.ts';
import { createLog } from '../../src/lib/log.ts';
import { runCli } from '../cli/spawn-cli.ts';
import { createWorld } from '../support/backup-world.ts';
import { createChangeWorld } from '../support/change-world.ts';
import { putBackup } from '../support/sample-backup.ts';

let directory: string;
let path: string;
let lines: string[];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'missing-database-'));
  path = join(directory, 'anime_bot.db');
  lines = [];
});
afterEach(() => rmSync(directory, { recursive: true, force: true, maxRetries: 10 }));

const bucket = () => ({ store: createDirectoryStore(join(directory, 'backups')), prefix: '' });
const copy = () => ({ store: createDirectoryStore(join(directory, 'copy')), prefix: '' });
const start = () =>
  requireNothingKept(
    { name: `file ${path}`, state: 'missing', path },
    { buckets: { first: bucket(), copy: copy() }, log: createLog('info', (line) => lines.push(line)) },
  );
const refusal = (): Promise<string> =>
  start().then(
    () => 'started',
    (error: Error) => error.message,
  );

describe('beside it', () => {
  test('nothing: the start goes on', async () => {
    writeFileSync(join(directory, 'other.db.rescued-20260101T000000Z'), 'x');
    writeFileSync(`${path}-wal.set-aside-20260101T000000Z`, 'x');
    expect(await refusal()).toBe('started');
  });

  test.each([
    '.rescued-20260615T020000Z',
    '.before-restore',
    '.before-restore-20260615_020000',
    '.broken-20260615_020000',
  ])('%s refuses it, with the way back', async (end) => {
    for (const suffix of ['', '-wal']) writeFileSync(path + end + suffix, 'x');
    const said = await refusal();
    expect(said).toContain(`mv ${path}${end} ${path}\n`);
    expect(said).toContain('npm start -- --new-database');
    expect(said).not.toContain('restore latest');
  });

  test('and a command says the same', async () => {
    writeFileSync(`${path}.rescued-20260615T020000Z`, 'x');
    writeFileSync(`${path}.before-restore`, 'x');
    const { code, stderr } = await runCli(
      directory,
      { DATABASE_URL: `file:${path}`, BACKUP_DIR: 'backups' },
      'full',
    );
    expect(code).toBe(1);
    expect(stderr).toContain(`mv ${path}.rescued-20260615T020000Z ${path}`);
    expect(stderr).toContain(`mv ${path}.before-restore ${path}`);
    expect(stderr).not.toContain('start the bot once');
  });

  test('the newest of a kind is named, and a bucket that cannot be listed hides none', async () => {
    for (const [end, day] of [
      ['.rescued-20260615T020000Z', 1],
      ['.rescued-20260614T020000Z', 2],
    ] as const) {
      writeFileSync(path + end, 'x');
      utimesSync(path + end, new Date(2026, 5, day), new Date(2026, 5, day));
    }
    writeFileSync(join(directory, 'backups'), 'no directory');
    expect(await refusal()).toContain(`mv ${path}.rescued-20260614T020000Z ${path}\n`);
  });
});

describe('whether there are backups cannot be known', () => {
  test.each([
    ['a file in the place of their directory', () => writeFileSync(join(directory, 'backups'), 'x')],
    ['a link to a disk that is not mounted', () => symlinkSync('not-mounted', join(directory, 'backups'))],
  ])('%s: none is begun', async (_, put) => {
    put();
    const said = await refusal();
    expect(said).toContain(`the database file ${path} is missing, and whether there are backups of it`);
    expect(said).toContain(join(directory, 'backups'));
    expect(said).toContain('npm start -- --new-database');
  });

  test.each([
    ['the file', 'anime_bot.db'],
    ['its directory', 'data'],
  ])('%s is a link to a disk that is not mounted: none is begun', async (_, link) => {
    symlinkSync('not-mounted', join(directory, link));
    if (link === 'data') path = join(directory, 'data/anime_bot.db');
    const said = await refusal();
    expect(said).toContain(`${join(directory, link)} is a link to not-mounted, which is not there`);
    expect(said).toContain('npm start -- --new-database');
  });

  test('commands name the link, or that the directory is not there', async () => {
    const settings = { DATABASE_URL: `file:${path}`, BACKUP_DIR: 'backups' };
    for (const args of [['list'], ['restore', 'latest']]) {
      const { stdout, stderr } = await runCli(directory, settings, ...args);
      expect(stdout + stderr).toMatch(/backups, which is not there.*mount (its|the) disk/);
      expect(stdout + stderr).toContain('BACKUP_DIR');
    }
    symlinkSync('not-mounted', join(directory, 'backups'));
    for (const args of [['list'], ['restore', 'latest']]) {
      const { code, stdout, stderr } = await runCli(directory, settings, ...args);
      expect(stdout + stderr).toMatch(/is a link to not-mounted, which is not there: mount the disk/);
      expect(stdout + stderr).not.toContain('full');
      expect(code).toBe(1);
    }
  });

  test('a restore does not put a file in the place of such a link', async () => {
    symlinkSync('not-mounted/bot.db', path);
    writeFileSync(join(directory, 'given.db'), 'x');
    const settings = { DATABASE_URL: `file:${path}`, BACKUP_DIR: 'backups' };
    const { code, stderr } = await runCli(directory, settings, 'restore', 'given.db');
    expect(stderr).toContain(`${path} is a link to not-mounted/bot.db, which is not there: mount the disk`);
    expect(code).toBe(2);
  });
});

test('a file that is there and empty: what a running bot rescued is named, and no restore’s leavings', async () => {
  const log = createLog('info', (line) => lines.push(line));
  const buckets = { first: bucket(), copy: copy() };
  const ready = (): Promise<void> =>
    requireNothingKept({ name: `file ${path}`, state: 'empty', path }, { buckets, log });
  writeFileSync(`${path}.before-restore`, 'x');
  await ready();
  writeFileSync(`${path}.rescued-20260615T020000Z`, 'x');
  await expect(ready()).rejects.toThrow(
    `is empty, and what was there before stands beside it. Nothing was changed. One of:\n  what a running bot rescued`,
  );
});

test('what is newest stands first, and each way says how old it is', async () => {
  const world = await createWorld();
  try {
    const scheduledAt = world.clock.now();
    await runBackup({ ...world.context, ...bucket() }, { trigger: 'command', scheduledAt });
    const ways = async (): Promise<string[]> => (await refusal()).match(/(?<=^ {2}).*(?=: {2})/gm) ?? [];
    const older = new Date(scheduledAt.getTime() - 60_000);
    writeFileSync(`${path}.before-restore`, 'x');
    utimesSync(`${path}.before-restore`, older, older);
    expect(await ways()).toEqual([
      'the newest backup',
      expect.stringMatching(/^what the last restore replaced, \d+ (s|min|h|d) old$/),
      'an empty database, on purpose',
    ]);
    const newer = new Date(scheduledAt.getTime() + 60_000);
    utimesSync(`${path}.before-restore`, newer, newer);
    expect((await ways())[1]).toBe('the newest backup');
  } finally {
    world.close();
  }
});

test('changes that are stored behind the newest backup: the way that takes them stands first', async () => {
  const world = await createChangeWorld();
  try {
    await world.full();
    world.sql('INSERT INTO counted (note) VALUES (1)');
    await world.ship();
    const refused = await requireNothingKept(
      { name: `file ${path}`, state: 'missing', path },
      { buckets: { first: world.context, copy: undefined }, log: createLog('silent', () => {}) },
    ).catch(String);
    expect(refused).toMatch(
      /the newest backup is \d+_\d+ \(.* old\), with changes stored behind it up to 2026-/,
    );
    expect(refused).toMatch(/restore --at 0m\n[\s\S]*restore latest\n/);
  } finally {
    world.close();
  }
});

describe('the second copy', () => {
  const stored = async (...places: readonly ReturnType<typeof bucket>[]): Promise<string> => {
    const world = await createWorld({}, 'small');
    try {
      const { clock, context } = world;
      const run = await runBackup(
        { ...context, ...(places[0] ?? bucket()) },
        { trigger: 'command', scheduledAt: clock.now() },
      );
      for (const place of places.slice(1))
        for (const { key } of await (places[0] ?? bucket()).store.list('')) {
          const found = await places[0]?.store.get(key);
          await place.store.put(key, await new Response(found?.body ?? null).bytes());
        }
      return run.kind === 'done' ? run.name : run.kind;
    } finally {
      world.close();
    }
  };

  test('has the only backup: none is begun, and the way to it is named', async () => {
    const name = await stored(copy());
    const said = await refusal();
    expect(said).toContain(`missing, and the newest backup in the second copy is ${name} (`);
    expect(said).toContain('npm run backup -- restore latest --from copy\n');
    expect(said).toContain('npm start -- --new-database');
  });

  test('has the same as the first bucket: the first is named alone', async () => {
    await stored(bucket(), copy());
    const said = await refusal();
    expect(said).toContain('npm run backup -- restore latest\n');
    expect(said).not.toContain('second copy');
  });

  test('is a link to a disk that is not mounted: whether it has one nobody knows', async () => {
    symlinkSync('not-mounted', join(directory, 'copy'));
    const said = await refusal();
    expect(said).toContain('whether there are backups of it cannot be known');
    expect(said).toContain(join(directory, 'copy'));
  });
});

test('backups that lost every manifest: start and restore name a command that works', async () => {
  const world = await createWorld();
  const context = { ...world.context, ...bucket() };
  try {
    const outcome = await runBackup(context, { trigger: 'command', scheduledAt: world.clock.now() });
    expect(outcome.kind).toBe('done');
  } finally {
    world.close();
  }
  for (const name of readdirSync(join(directory, 'backups')).filter((one) => one.includes('manifest')))
    rmSync(join(directory, 'backups', name));
  expect(await readGroups(bucket())).toHaveLength(1);
  const said = await refusal();
  const [, file = ''] = /without a manifest: {2}npm run backup -- restore (\S+)/.exec(said) ?? [];
  expect(file).toMatch(/\.db\.gz$/);
  expect(said).not.toContain('restore latest');
  await expect(resolveBackup(bucket(), 'latest')).rejects.toThrow(`npm run backup -- restore ${file}`);
  mkdirSync(join(directory, 'bot'));
  const restored = await runCli(
    directory,
    { DATABASE_URL: 'file:bot/anime_bot.db', BACKUP_DIR: 'backups' },
    'restore',
    file,
  );
  expect(restored).toMatchObject({ code: 0, stdout: expect.stringContaining('restored:') });
});

test('backups that somebody unpacked in their directory: start and restore name the file, which works', async () => {
  const world = await createWorld({}, 'small');
  const context = { ...world.context, ...bucket() };
  try {
    expect(await runBackup(context, { trigger: 'command', scheduledAt: world.clock.now() })).toMatchObject({
      kind: 'done',
    });
  } finally {
    world.close();
  }
  const backups = join(directory, 'backups');
  for (const name of readdirSync(backups).filter((one) => one.endsWith('.gz'))) {
    writeFileSync(join(backups, name.slice(0, -3)), gunzipSync(readFileSync(join(backups, name))));
    rmSync(join(backups, name));
  }
  const [, file = ''] =
    /somebody unpacked there: {2}npm run backup -- restore (\S+)/.exec(await refusal()) ?? [];
  expect(file).toMatch(/anime_bot_\d+_\d+\.db$/);
  await expect(resolveBackup(bucket(), 'latest')).rejects.toThrow(`npm run backup -- restore ${file}`);
  const settings = { DATABASE_URL: 'file:bot/anime_bot.db', BACKUP_DIR: 'backups' };
  expect(await runCli(directory, settings, 'restore', file, '--any-schema')).toMatchObject({ code: 0 });
});

test('all that is stored is another bot’s: a place of its own comes first', async () => {
  await putBackup(bucket().store, '', new Date(), undefined, 'schedule', { id: 2, username: 'their_bot' });
  const own = requireNothingKept(
    { name: `file ${path}`, state: 'missing', path },
    { buckets: { first: { ...bucket(), bot: 1 }, copy: undefined }, log: createLog('info', () => {}) },
  );
  await expect(own).rejects.toThrow(
    /of the bot @their_bot \(2\), not of that of BOT_TOKEN.*One of:\n {2}a place of its own for this bot, if it is another bot than that one: {2}set BACKUP_PREFIX/,
  );
});
