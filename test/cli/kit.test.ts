/** A kit: one file from which a bot starts on an empty machine, by what its README says. */
import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { parseEnv } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { generateKey, type KeyPair } from '../../src/backup/envelope/keys.ts';
import { MARK } from '../../src/backup/store/known-place.ts';
import { sql } from '../../src/db/database.ts';
import { openEmbeddedDatabase } from '../../src/db/file/embedded-database.ts';
import { migrate } from '../../src/db/migrate.ts';
import { runCli } from './spawn-cli.ts';

const TOKEN = '123456789:AAabcdefghijklmnopqrstuvwxyz0123456';
let directory: string;
let key: KeyPair;
let settings: Record<string, string>;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'kit-'));
  key = await generateKey();
  settings = {
    BOT_TOKEN: TOKEN,
    DATABASE_URL: 'file:bot.db',
    BACKUP_DIR: 'first',
    COPY_DIR: 'second',
    BACKUP_AGE_RECIPIENTS: key.recipient,
  };
  const db = await openEmbeddedDatabase(join(directory, 'bot.db'));
  await migrate(db, { now: () => new Date(0), backup: async () => {} });
  await db.write([sql("INSERT INTO anime (code, title) VALUES (7, 'Naruto')")]);
  db.close();
  expect((await runCli(directory, settings, 'full')).code).toBe(0);
});
afterAll(() => rmSync(directory, { recursive: true, force: true, maxRetries: 10 }));

/** The lines of a page that stand out: settings, and commands. */
function standOut(page: string): { readonly env: string; readonly commands: readonly string[] } {
  const lines = page.split('\n').flatMap((line) => (line.startsWith('    ') ? [line.trim()] : []));
  return {
    env: lines.filter((line) => !line.startsWith('npm ')).join('\n'),
    commands: lines.filter((line) => line.startsWith('npm ')),
  };
}

test('on an empty machine its README, followed word by word, brings everything back', async () => {
  const made = await runCli(directory, settings, 'kit', '-o', 'kit.tar');
  expect(made.code, made.stderr).toBe(0);
  expect(made.stdout).toMatch(/Its data is as of \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.$/m);
  expect(made.stdout).not.toContain('then this command again');
  const machine = join(directory, 'machine');
  mkdirSync(machine);
  execFileSync('tar', ['-xf', join(directory, 'kit.tar')], { cwd: machine });
  expect(readdirSync(join(machine, 'kit')).toSorted()).toEqual([
    'README.txt',
    ...readdirSync(join(directory, 'first'))
      .filter((file) => file !== MARK)
      .toSorted(),
    'settings.txt',
  ]);
  expect(readFileSync(join(machine, 'kit/settings.txt'), 'utf8').trim().split('\n').toSorted()).toEqual(
    Object.keys(settings).toSorted(),
  );
  const whole = readFileSync(join(directory, 'kit.tar'));
  for (const secret of [TOKEN, key.identity]) expect(whole.includes(secret)).toBe(false);

  const [uz = '', en = ''] = readFileSync(join(machine, 'kit/README.txt'), 'utf8').split(/^-{72}$/m);
  const steps = standOut(en);
  const [, asOf = '?'] = /data is as of (.*)\.$/m.exec(made.stdout) ?? [];
  for (const page of [uz, en]) expect(page).toContain(asOf);
  expect(standOut(uz)).toEqual(steps);
  expect(steps.commands).toEqual([
    'npm ci',
    'npm run backup -- verify latest',
    'npm run backup -- restore latest',
    'npm run backup -- full',
    'npm start',
  ]);
  writeFileSync(join(machine, 'key.txt'), key.identity);
  const env = Object.fromEntries(
    Object.entries(parseEnv(steps.env)).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value]],
    ),
  );
  for (const command of steps.commands.slice(1, -1)) {
    // From the fourth step on the kit's lines are gone from .env.
    const own = command.endsWith('full') ? {} : env;
    const done = await runCli(machine, own, ...command.split(' ').slice(4));
    expect(done.code, `${command}: ${done.stderr}`).toBe(0);
  }
  expect((await runCli(machine, {}, 'list', '--check')).code).toBe(0);
  const db = new DatabaseSync(join(machine, 'data/anime_bot.db'), { readOnly: true });
  expect(db.prepare('SELECT code, title FROM anime').all()).toEqual([{ code: 7, title: 'Naruto' }]);
  db.close();
});

test('a file that the first bucket damaged is taken from the copy; an existing kit is left', async () => {
  const first = join(directory, 'first');
  const [file = ''] = readdirSync(first).filter((name) => name.includes('.db.gz'));
  const bytes = readFileSync(join(first, file));
  bytes[80] = (bytes[80] ?? 0) ^ 1;
  writeFileSync(join(first, file), bytes);
  const kept = await runCli(directory, settings, 'kit', '-o', 'kit.tar');
  expect(kept.code).toBe(1);
  expect(kept.stderr).toContain('kit.tar exists and is left as it is');
  const made = await runCli(directory, settings, 'kit', '-o', 'other.tar');
  expect(made.code, made.stderr).toBe(0);
  expect(made.stdout).toMatch(/differ from what was written[\s\S]*of directory .*second/);
  renameSync(join(directory, 'second'), join(directory, 'away'));
  const none = await runCli(directory, settings, 'kit', '-o', 'none.tar');
  expect(none.code).toBe(1);
  expect(none.stderr).toContain('no verified backup was found that is whole');
  expect(readdirSync(directory)).not.toContain('none.tar');
  const zip = await runCli(directory, settings, 'kit', '-o', 'kit.zip');
  expect(zip.code).toBe(2);
  expect(zip.stderr).toContain('a kit is a .tar file');
});

test('a kit says what is newer than its backup: changes, and what a restore brought', async () => {
  const plain = { DATABASE_URL: 'file:bot.db', BACKUP_DIR: 'third' };
  const say = async (...args: readonly string[]) => (await runCli(directory, plain, ...args)).stdout;
  // The log begins, and asks for its first full backup.
  await say('changes', 'ship');
  await say('full');
  const db = await openEmbeddedDatabase(join(directory, 'bot.db'));
  await db.write([sql("INSERT INTO anime (code, title) VALUES (8, 'Bleach')")]);
  db.close();
  await say('changes', 'ship');
  expect(await say('kit', '-o', 'later.tar')).toMatch(
    /changes are stored up to .* and are not in it; for a kit with it: npm run backup -- full/,
  );
  await say('full');
  await say('restore', 'latest', '--replace', '--yes');
  expect(await say('kit', '-o', 'restored.tar')).toMatch(/a restore was made after it .* full, then this/);
}, 60_000);
