/** A line of `.env` that sets another value than it shows is told; a secret is refused. */
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadDotEnv } from '../../src/settings/dot-env.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'anime-dotenv-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true, maxRetries: 10 }));

function load(text: string, env: NodeJS.ProcessEnv = {}) {
  const file = join(directory, '.env');
  writeFileSync(file, text);
  return { env, notes: loadDotEnv(file, env).map((note) => note.replace(file, '.env')) };
}

test.each([
  ['BACKUP_PASSPHRASE=#canarycanary', 'ends at #: put the value in quotes'],
  ['BACKUP_PASSPHRASE=long canary words #12345678', 'ends at #: put the value in quotes'],
  ['BACKUP_PASSPHRASE=long canary words # 12345678\r', 'ends at #: put the value in quotes'],
  ['BACKUP_PASSPHRASE = # canary', 'ends at #: put the value in quotes'],
  ['export BACKUP_PASSPHRASE=canary#canary', 'ends at #: put the value in quotes'],
  ["BACKUP_PASSPHRASE='long canary isn't short'", "ends at its second '"],
  ['BACKUP_PASSPHRASE="a canary\nand "more', 'ends at its second "'],
  [String.raw`BACKUP_PASSPHRASE="a canary\nand more"`, String.raw`has \n between double quotes`],
  ['BACKUP_PASSPHRASE="canary without an end', 'begins with a " that nothing closes'],
  ["BACKUP_PASSPHRASE='canary without an end", "begins with a ' that nothing closes"],
  ['SET BACKUP_PASSPHRASE=long canary words', 'has SET before it, so the line sets nothing'],
  ['Export BACKUP_PASSPHRASE=long canary words', 'has Export before it'],
  ['$env:BACKUP_PASSPHRASE="long canary words"', 'has $env: before it'],
  ['BACKUP_PASSPHRASE: long canary words', 'has no = behind it'],
  ['S3_SECRET_ACCESS_KEY=canary#canary', 'ends at #'],
  ['BOT_TOKEN=#canary', 'ends at #'],
])('a secret is refused and not shown: %s', (line, why) => {
  let said = '';
  const env: NodeJS.ProcessEnv = {};
  try {
    load(`PORT=1\n\n${line}\n`, env);
  } catch (error) {
    said = String(error);
  }
  expect(said).toContain(why);
  expect(said).toMatch(/\.env line 3: [A-Z_3]+ /);
  expect(said).not.toContain('canary');
  expect(env).toEqual({});
});

test.each([
  ['BACKUP_DIR=/mnt/disk#2', 'BACKUP_DIR ends at #'],
  ['BACKUP_DIR=/mnt/disk #2', 'BACKUP_DIR ends at #'],
  ['DATABASE_URL=file:data/a#b.db', 'DATABASE_URL ends at #'],
  ['SET PORT=80', 'PORT has SET before it'],
  ['PORT 80', 'PORT has no = behind it'],
])('another setting is told: %s', (line, why) => {
  expect(load(line).notes).toEqual([expect.stringContaining(`.env line 1: ${why}`)]);
});

test.each([
  'BACKUP_PREFIX=nightly/ # by us',
  'BACKUP_DIR=/mnt/disk # the big one',
  'BOT_TOKEN=1:abc #mine',
  'BOT_TOKEN=# from BotFather',
  'WEBHOOK_SECRET=  # none yet',
  'BACKUP_PASSPHRASE="long words #1" # "the" safe',
  'BACKUP_PASSPHRASE=`it\'s "long" #1`',
  String.raw`BACKUP_PASSPHRASE='long\nwords'`,
  String.raw`BACKUP_PASSPHRASE=long\nwords`,
  'BACKUP_PASSPHRASE="two\nlines"',
  'BACKUP_PASSPHRASE=',
  'BACKUP_PASSPHRASE=\nBACKUP_PASSPHRASE=added below',
  'PORT=80\nPORT=80',
  '# BACKUP_PASSPHRASE=long#words',
  "BOT_INFO='{\nSET BACKUP_PASSPHRASE=x}'",
  'SET_COLOUR=1#2\nOTHER=a#b',
])('nothing is said of what reads as it is written: %s', (line) => {
  expect(load(line).notes).toEqual([]);
});

test('a setting that stands twice: a secret is refused, another is told', () => {
  expect(() => load('BOT_TOKEN=canary\n\nBOT_TOKEN=another canary')).toThrow(
    /line 3: BOT_TOKEN stands in line 1 too: take one of the two away$/,
  );
  expect(load('PORT=80\nPORT=81').notes).toEqual([expect.stringContaining('line 2: PORT stands in line 1')]);
});

test('a link to an .env that is not there is no missing .env', () => {
  symlinkSync(join(directory, 'unmounted'), join(directory, 'link.env'));
  expect(() => loadDotEnv(join(directory, 'link.env'), {})).toThrow(/is a link to .*unmounted, which is not/);
});

test('a line that the environment overrules stops nothing', () => {
  const { env, notes } = load('BACKUP_PASSPHRASE=a#b', { BACKUP_PASSPHRASE: 'of the environment' });
  expect([env, notes]).toEqual([{ BACKUP_PASSPHRASE: 'of the environment' }, []]);
});
