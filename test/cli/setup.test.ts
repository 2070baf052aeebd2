/** `npm run setup`, without questions and with a person's answers, against the stand-ins. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { parseEnv } from 'node:util';
import { createClient } from '@libsql/client/http';
import { Api } from 'grammy';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type SqlServerOptions, startSqlServer } from '../../sim/sql-over-http/sql-server.ts';
import { type StandIns, startStandIns } from '../../sim/stand-ins.ts';
import { startTelegram } from '../../sim/telegram/start-telegram.ts';
import type { Telegram } from '../../sim/telegram/telegram.ts';
import { Cancelled, type Prompts } from '../../src/cli/setup/prompts.ts';
import { runSetup, type SetupParts } from '../../src/cli/setup/run-setup.ts';
import type { Clock } from '../../src/lib/clock.ts';
import { childEnv } from '../support/child-env.ts';
import { runCli } from './spawn-cli.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/setup.ts', import.meta.url));
const KEY = /AGE-SECRET-KEY-1[0-9A-Z]+/g;
let root: string;
let standIns: StandIns;
let home: string;
let count = 0;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'setup-'));
  standIns = await startStandIns({ directory: root, ownerIds: [1] });
});
afterAll(async () => {
  await standIns.close();
  rmSync(root, { recursive: true, force: true, maxRetries: 10 });
});
beforeEach(() => {
  count += 1;
  home = join(root, `home-${count}`);
  mkdirSync(home);
});

const settings = (): Record<string, string> => {
  const { BOT_INFO, WEBHOOK_SECRET, ...given } = standIns.settings;
  return { ...given, S3_SECRET_ACCESS_KEY: 'stand-in-bucket-secret' };
};
const written = (): NodeJS.Dict<string> => parseEnv(readFileSync(join(home, '.env'), 'utf8'));
const mode = (): string => (statSync(join(home, '.env')).mode & 0o777).toString(8);

/** Everything that must never be seen on a screen. */
function expectNoSecret(output: string, given: NodeJS.Dict<string> = settings()): void {
  for (const name of ['BOT_TOKEN', 'DATABASE_AUTH_TOKEN', 'S3_SECRET_ACCESS_KEY', 'WEBHOOK_SECRET'])
    if (given[name]) expect(output, name).not.toContain(given[name]);
}

async function setup(env: Record<string, string>, ...args: readonly string[]) {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: home,
    env: {
      ...childEnv(),
      PATH: `${home}${delimiter}${process.env['PATH']}`,
      NODE_NO_WARNINGS: '1',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  const [code] = await once(child, 'close');
  return { code: Number(code), output };
}

/**
 * Answers by setting, or by the words of a yes-no question; `undefined` is Ctrl-C. Each may be a
 * list, for when it is asked again. Where something is known and nothing is given here, the person
 * presses Enter.
 */
type Answers = Readonly<Record<string, string | boolean | undefined | readonly (string | boolean)[]>>;

function person(answers: Answers) {
  const seen: string[] = [];
  const asked: string[] = [];
  const times = new Map<string, number>();
  const answer = (key: string): string | boolean => {
    const nth = times.get(key) ?? 0;
    times.set(key, nth + 1);
    // Nobody tries for ever.
    if (nth > 5) throw new Cancelled('cancelled');
    const given = answers[key];
    const value = Array.isArray(given) ? given[nth] : given;
    if (value === undefined) throw new Cancelled('cancelled');
    return value;
  };
  const prompts: Prompts = {
    async ask({ name, message, secret, known, problem }) {
      asked.push(name);
      seen.push(message);
      if (secret !== true && known !== undefined) seen.push(known);
      if (known !== undefined && !(name in answers)) return secret === true ? '' : known;
      for (;;) {
        const value = String(answer(name));
        if (secret !== true) seen.push(value);
        const wrong = value === '' || value === '-' ? undefined : problem?.(value);
        if (wrong === undefined) return value;
        seen.push(`in the field: ${wrong}`);
      }
    },
    async confirm(message) {
      const key = Object.keys(answers).find((words) => message.includes(words));
      asked.push(key ?? message);
      seen.push(message);
      return answer(key ?? message) === true;
    },
    begin: (text) => {
      seen.push(text);
      return { end: (result) => void seen.push(result) };
    },
    say: (_, text) => void seen.push(text),
  };
  return { prompts, asked, screen: () => seen.join('\n') };
}

/** Stands still but for what is slept. */
function stoppedClock(): Clock {
  let now = Date.now();
  return {
    now: () => new Date(now),
    sleep: async (ms) => {
      now += ms;
    },
  };
}

async function run(answers: Answers, change: Partial<SetupParts> = {}) {
  const { prompts, asked, screen } = person(answers);
  const given: string[] = [];
  const code = await runSetup({
    file: join(home, '.env'),
    env: {
      TELEGRAM_API_ROOT: standIns.telegram.apiRoot,
      S3_FORCE_PATH_STYLE: 'true',
      S3_REGION: 'us-east-1',
    },
    isAsking: true,
    wantsKey: false,
    wantsWorker: false,
    prompts,
    clock: stoppedClock(),
    putSecrets: (json) => given.push(json) > 0,
    ...change,
  });
  return { code, asked, screen: screen(), given };
}

describe('without questions', () => {
  test('a fresh directory: .env for its owner alone, with which the other commands work', async () => {
    const { code, output } = await setup(settings(), '--yes');
    expect(code, output).toBe(0);
    expect(mode()).toBe('600');
    expect(written()).toMatchObject({
      ...settings(),
      BOT_INFO: expect.stringContaining(`"username":"${standIns.telegram.botInfo.username}"`),
      WEBHOOK_SECRET: expect.stringMatching(/^[0-9a-f]{48}$/),
    });
    expect(output).toContain('can write, list, read and delete');
    expectNoSecret(output, written());
    expect(output).not.toMatch(KEY);
    expect((await runCli(home, {}, 'list', '--json')).json()).toMatchObject({
      bucket: expect.stringContaining('s3 bucket anime'),
    });
  });

  test('with --key: the key is shown once, opens what is encrypted for it, and is written nowhere', async () => {
    const { code, output } = await setup(settings(), '--yes', '--key');
    expect(code, output).toBe(0);
    const keys = output.match(KEY) ?? [];
    expect(keys).toHaveLength(1);
    const file = readFileSync(join(home, '.env'), 'utf8');
    expect(file).not.toMatch(KEY);
    expect(written()['BACKUP_AGE_RECIPIENTS']).toMatch(/^age1/);
    expect(output).toContain('encrypted for it and opened with it');
    expect(await runCli(home, { BACKUP_AGE_IDENTITY: keys[0] ?? '' }, 'key', 'test')).toMatchObject({
      code: 0,
    });
    // A second run makes no second key, which would leave two to lose.
    const again = await setup({}, '--yes', '--key');
    expect(again).toMatchObject({ code: 0, output: expect.stringContaining('encrypted already') });
    expect(again.output).not.toMatch(KEY);
    expect(readFileSync(join(home, '.env'), 'utf8')).toBe(file);
  });

  test('what .env holds stays, comments and all; its mode is mended', async () => {
    const text = `# mine\nDEFAULT_LOCALE=ru # yes\nADMIN_IDS=77\nOTHER='a b'\n`;
    writeFileSync(join(home, '.env'), text, { mode: 0o644 });
    const { ADMIN_IDS, ...env } = settings();
    expect(await setup(env, '--yes')).toMatchObject({ code: 0 });
    expect(readFileSync(join(home, '.env'), 'utf8').startsWith(text)).toBe(true);
    expect(written()).toMatchObject({ ADMIN_IDS: '77', OTHER: 'a b', BOT_TOKEN: standIns.telegram.token });
    expect(mode()).toBe('600');
  });

  test('what is given now takes the place of what .env holds, which is said without a value', async () => {
    const old = { BOT_TOKEN: '711:AAaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', ADMIN_IDS: '77', COPY_DIR: '/mnt/x' };
    const lines = Object.entries(old).map(([name, value]) => `${name}=${value}\n`);
    writeFileSync(join(home, '.env'), `# mine\n${lines.join('')}DEFAULT_LOCALE=ru\n`);
    const { code, output } = await setup({ ...settings(), COPY_DIR: '' }, '--yes');
    expect(code, output).toBe(0);
    expect(written()).toMatchObject({ ...settings(), COPY_DIR: '', DEFAULT_LOCALE: 'ru' });
    expect(output).toMatch(/in place of what the file had: .*BOT_TOKEN/);
    expect(output).toMatch(/in place of what the file had: .*ADMIN_IDS.*COPY_DIR|COPY_DIR.*ADMIN_IDS/);
    expect(output).not.toContain('which wins');
    expectNoSecret(output, old);
    expectNoSecret(output);
  });

  test('every wrong setting is listed, one a line, of whichever part it is', async () => {
    const wrong = {
      ADMIN_IDS: 'ali',
      DATABASE_URL: 'postgres://x',
      S3_ENDPOINT: 'r2.example',
      PORT: 'many',
      TIMEZONE: 'Tashkent',
      BACKUP_CRON: 'daily',
      LOG_LEVEL: 'loud',
      BACKUP_RETENTION_DAYS: 'x',
    };
    const { code, screen } = await run(
      {},
      { env: { ...settings(), BOT_TOKEN: '', ...wrong }, isAsking: false },
    );
    expect(code).toBe(1);
    const listed = screen.split('\n').filter((line) => line.startsWith('  - '));
    for (const name of ['BOT_TOKEN', ...Object.keys(wrong)])
      expect(
        listed.filter((line) => line.startsWith(`  - ${name}`)),
        name,
      ).toHaveLength(1);
    expect(listed).toHaveLength(9);
    expect(screen).toContain('nothing was written');
    expect(existsSync(join(home, '.env'))).toBe(false);
  });

  test('every part that does not answer is told, not the first alone', async () => {
    const change = { BOT_TOKEN: '123456:AAaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', S3_BUCKET: 'nowhere' };
    const { code, screen } = await run({}, { env: { ...settings(), ...change }, isAsking: false });
    expect(code).toBe(1);
    expect(screen).toContain('Telegram does not know this token');
    expect(screen).toMatch(/nowhere.*S3_BUCKET/);
    expect(screen).toContain('Telegram, bucket could not be proved, so nothing was written');
  });

  test('the database of another bot is named, and a person is asked before the token is written', async () => {
    const db = new DatabaseSync(join(home, 'bot.db'));
    db.exec(`CREATE TABLE bot_identity (id, bot_id, username, moved_from, moved_at, moved_ended_at, linked);
      INSERT INTO bot_identity (id, bot_id, username, linked) VALUES (1, 111, 'bot111_bot', 0)`);
    db.close();
    const env = { ...settings(), DATABASE_URL: `file:${join(home, 'bot.db')}`, DATABASE_AUTH_TOKEN: '' };
    const kept = await run({ 'Go on with this token?': false, 'Encrypt the backups?': false }, { env });
    expect(kept.code, kept.screen).toBe(1);
    expect(kept.screen).toMatch(/is that of @bot111_bot \(111\), and BOT_TOKEN is of another bot/);
    expect(existsSync(join(home, '.env'))).toBe(false);
    // A script has said it with --yes.
    const done = await run({}, { env, isAsking: false });
    expect([done.code, done.screen]).toEqual([0, expect.stringContaining('@bot111_bot (111)')]);
  });

  test('a link to settings kept elsewhere stays a link; without a terminal nobody is asked, and that is said', async () => {
    writeFileSync(join(home, 'real.env'), '');
    symlinkSync('real.env', join(home, '.env'));
    expect(await setup(settings())).toMatchObject({
      code: 0,
      output: expect.stringContaining('no terminal to ask at'),
    });
    expect(readFileSync(join(home, 'real.env'), 'utf8')).toContain('BOT_TOKEN=');
  });

  test.each([
    ['no token', { BOT_TOKEN: '' }, /BOT_TOKEN is missing: @BotFather gives one/],
    ['a token that is none', { BOT_TOKEN: 'abc' }, /BOT_TOKEN: must be|BOT_TOKEN/],
    [
      'a wrong token',
      { BOT_TOKEN: '123456:AAaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' },
      /BOT_TOKEN: Telegram does not know this token; copy it again from @BotFather/,
    ],
    [
      'no Telegram',
      { TELEGRAM_API_ROOT: 'http://127.0.0.1:9' },
      /127\.0\.0\.1:9 cannot be reached: look at the network/,
    ],
    ['no admin id', { ADMIN_IDS: 'ali' }, /ADMIN_IDS/],
    [
      'a wrong database token',
      { DATABASE_AUTH_TOKEN: 'wrong-token-1' },
      /DATABASE_AUTH_TOKEN: .* refuses this token/,
    ],
    ['a database address that is none', { DATABASE_URL: 'postgres://x' }, /DATABASE_URL: must begin with/],
    [
      'no database there',
      { DATABASE_URL: 'http://127.0.0.1:9' },
      /DATABASE_URL: 127\.0\.0\.1:9 does not answer/,
    ],
    ['no such bucket', { S3_BUCKET: 'nowhere' }, /nowhere.*S3_BUCKET/],
    ['half a bucket', { S3_SECRET_ACCESS_KEY: '' }, /S3_SECRET_ACCESS_KEY: missing/],
    ['no bucket server', { S3_ENDPOINT: 'http://127.0.0.1:9' }, /check S3_ENDPOINT/],
    [
      'a bucket address with a path',
      { S3_ENDPOINT: 'http://127.0.0.1:9/other' },
      /S3_ENDPOINT: must be the server's address without a path; the bucket's name goes into S3_BUCKET/,
    ],
  ])('%s: told in words, without a secret, and nothing is written', async (_, change, message) => {
    const env = { ...settings(), ...change };
    const { code, screen } = await run({}, { env, isAsking: false });
    expect({ code, screen }).toEqual({ code: 1, screen: expect.stringMatching(message) });
    expect(screen).toContain('nothing was written');
    expectNoSecret(screen, env);
    expect(existsSync(join(home, '.env'))).toBe(false);
  });

  test.each<[string, Pick<SqlServerOptions, 'lacks'>, RegExp]>([
    [
      'no FTS5',
      { lacks: ['fts5'] },
      /DATABASE_URL: the database has no FTS5, which search needs: .*--tursodb/,
    ],
    [
      'an old SQLite',
      { lacks: ['new sqlite'] },
      /DATABASE_URL: the database server runs SQLite 3\.41\.2: the bot needs SQLite 3\.43 or newer/,
    ],
    [
      'a token that may only read',
      { lacks: ['writing'] },
      /DATABASE_URL: the database cannot be written \(.*forbidden\): make a token that may write/,
    ],
  ])('an unfit database (%s): said with what to do, nothing is written', async (_, lack, message) => {
    const server = await startSqlServer({ file: join(home, 'unfit.db'), hosted: true, ...lack });
    try {
      const env = { ...settings(), DATABASE_URL: server.url, DATABASE_AUTH_TOKEN: '' };
      const { code, screen } = await run({}, { env, isAsking: false });
      expect({ code, screen }).toEqual({ code: 1, screen: expect.stringMatching(message) });
      expect(existsSync(join(home, '.env'))).toBe(false);
    } finally {
      await server.close();
    }
  });

  test("a bucket address with the bucket's name at its end, as R2's dashboard shows it: taken off, and said", async () => {
    const given = settings();
    const env = { ...given, S3_ENDPOINT: `${given['S3_ENDPOINT']}/${given['S3_BUCKET']}` };
    const { code, screen } = await run({}, { env, isAsking: false });
    expect(code, screen).toBe(0);
    expect(screen).toContain("the bucket's name was taken off the end of S3_ENDPOINT");
    expect(written()['S3_ENDPOINT']).toBe(given['S3_ENDPOINT']);
    // A person who does without setup is understood as well.
    const list = await runCli(home, { ...env, PATH: process.env['PATH'] ?? '' }, 'list', '--json');
    expect(list).toMatchObject({ code: 0 });
  });

  test('the proof of the database leaves nothing in it', async () => {
    expect((await run({}, { env: settings(), isAsking: false })).code).toBe(0);
    const client = createClient({
      url: standIns.sql.url,
      authToken: settings()['DATABASE_AUTH_TOKEN'] ?? '',
    });
    const { rows } = await client.execute("SELECT name FROM sqlite_schema WHERE name LIKE '%probe%'");
    client.close();
    expect(rows).toEqual([]);
  });

  test('--worker hands over what the Worker needs, and no more', async () => {
    writeFileSync(join(home, 'wrangler'), '#!/bin/sh\necho "$*" > called\ncat > secrets\n');
    chmodSync(join(home, 'wrangler'), 0o755);
    const bucket = Object.entries(settings()).filter(([name]) => name.startsWith('S3_'));
    const copy = Object.fromEntries(bucket.map(([name, value]) => [`COPY_${name}`, value]));
    const wanted = {
      ...copy,
      COPY_S3_BUCKET: 'elsewhere',
      CHANGES_RETENTION_DAYS: '7',
      SUBREQUEST_LIMIT: '10000',
    };
    const kept = { BACKUP_PASSPHRASE_OLD: 'of an earlier year', BACKUP_DIR: 'x', CHANGES_SECONDS: '9' };
    const env = { ...settings(), ...wanted, ...kept, BACKUP_AGE_IDENTITY: 'AGE-SECRET-KEY-1XYZ' };
    const { code, output } = await setup(env, '--yes', '--worker');
    expect(code, output).toBe(0);
    expect(readFileSync(join(home, 'called'), 'utf8')).toBe('secret bulk\n');
    const given = JSON.parse(readFileSync(join(home, 'secrets'), 'utf8'));
    expect(given).toMatchObject({
      BOT_TOKEN: standIns.telegram.token,
      WEBHOOK_SECRET: written()['WEBHOOK_SECRET'],
    });
    expect(given).toMatchObject(wanted);
    expect(written()).toMatchObject({ ...wanted, ...kept });
    for (const name of [...Object.keys(kept), 'BACKUP_AGE_IDENTITY'])
      expect(Object.keys(given)).not.toContain(name);
    expect(Object.keys(written())).not.toContain('BACKUP_AGE_IDENTITY');
    expectNoSecret(output, written());
  });

  test('a wrangler that refuses: the settings are written all the same, and it says so', async () => {
    writeFileSync(join(home, 'wrangler'), '#!/bin/sh\nexit 1\n');
    chmodSync(join(home, 'wrangler'), 0o755);
    const { code, output } = await setup(settings(), '--yes', '--worker');
    expect({ code, output }).toEqual({
      code: 1,
      output: expect.stringMatching(/\.env is written, but wrangler secret bulk failed: log in/),
    });
    expect(written()['BOT_TOKEN']).toBe(standIns.telegram.token);
  });
});

describe('with a person', () => {
  const ALL = () => ({ ...settings(), Encrypt: true, Worker: true, again: true });

  test('asks in order, shows the key once, and gives the Worker its secrets', async () => {
    const { code, asked, screen, given } = await run(ALL());
    expect(code, screen).toBe(0);
    expect(asked).toEqual([
      'BOT_TOKEN',
      'ADMIN_IDS',
      'DATABASE_URL',
      'DATABASE_AUTH_TOKEN',
      'S3_ENDPOINT',
      'S3_BUCKET',
      'S3_ACCESS_KEY_ID',
      'S3_SECRET_ACCESS_KEY',
      'Encrypt',
      'Worker',
    ]);
    expect(screen.match(KEY)).toHaveLength(1);
    expectNoSecret(screen, written());
    expect(written()).toMatchObject(settings());
    expect(given).toHaveLength(1);
    expect(given[0]).not.toMatch(KEY);
  });

  test('on one machine: empty answers ask nothing further, and nobody speaks of a Worker', async () => {
    const env = { TELEGRAM_API_ROOT: standIns.telegram.apiRoot, BACKUP_DIR: join(home, 'b') };
    writeFileSync(join(home, '.env'), `DATABASE_URL=file:${join(home, 'bot.db')}\n`);
    const answers = { BOT_TOKEN: standIns.telegram.token, ADMIN_IDS: '1', S3_ENDPOINT: '', Encrypt: false };
    const { code, asked, screen } = await run(answers, { env });
    expect(code, screen).toBe(0);
    expect(asked).toEqual(['BOT_TOKEN', 'ADMIN_IDS', 'DATABASE_URL', 'S3_ENDPOINT', 'Encrypt']);
    expect(written()['BACKUP_AGE_RECIPIENTS']).toBeUndefined();
    // An empty file would be taken for a bot's whose tables are lost.
    expect(readdirSync(home).filter((file) => file.startsWith('bot.db'))).toEqual([]);
  });

  test('a wrong answer is asked for again, and the right ones before it are kept', async () => {
    const tokens = ['123456:AAaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', standIns.telegram.token];
    const { code, asked, screen } = await run({
      ...ALL(),
      BOT_TOKEN: tokens,
      S3_BUCKET: ['nowhere', 'anime'],
    });
    expect(code, screen).toBe(0);
    expect(asked.filter((name) => name === 'BOT_TOKEN')).toHaveLength(2);
    // Nobody is offered to keep what was just refused.
    expect(screen).toContain('/newbot) (Enter tries the same again)');
    expect(screen).not.toContain('kept: ');
    expect(asked.filter((name) => name === 'S3_BUCKET')).toHaveLength(2);
    expect(asked.filter((name) => name === 'S3_ACCESS_KEY_ID')).toHaveLength(2);
    expect(asked.filter((name) => name === 'DATABASE_URL')).toHaveLength(1);
    expect(written()).toMatchObject({ BOT_TOKEN: standIns.telegram.token, S3_BUCKET: 'anime' });
    for (const token of tokens) expect(screen).not.toContain(token);
  });

  test.each([
    ['BOT_TOKEN', 'abc', /in the field: BOT_TOKEN: must be a token from BotFather/],
    ['ADMIN_IDS', '@ali', /in the field: ADMIN_IDS: must be Telegram user ids/],
    ['DATABASE_URL', 'anime.turso.io', /in the field: DATABASE_URL: must begin with file:, libsql:/],
    ['S3_ENDPOINT', 'r2.example', /in the field: S3_ENDPOINT: must be an address beginning with https/],
    ['S3_BUCKET', 'my bucket', /in the field: S3_BUCKET: must be a bucket’s name/],
  ])('%s: an answer of a wrong shape is refused in its own field', async (name, wrong, message) => {
    const right = String(Object.entries(ALL()).find(([key]) => key === name)?.[1]);
    const { code, asked, screen } = await run({ ...ALL(), [name]: [wrong, right] });
    expect(code, screen).toBe(0);
    expect(screen).toMatch(message);
    expect(asked.filter((one) => one === name)).toHaveLength(1);
    expect(written()[name]).toBe(right);
  });

  test('the dashboard’s address, which ends in the bucket’s name, is no wrong shape', async () => {
    const { S3_ENDPOINT = '', S3_BUCKET = '' } = settings();
    const { code, screen } = await run({ ...ALL(), S3_ENDPOINT: `${S3_ENDPOINT}/${S3_BUCKET}` });
    expect(code, screen).toBe(0);
    expect(screen).not.toContain('in the field');
    expect(written()['S3_ENDPOINT']).toBe(S3_ENDPOINT);
  });

  test('whoever gives up, or leaves at any question, has changed nothing and seen no key', async () => {
    const keys = Object.keys(ALL()).filter(
      (key) => !['again', 'TELEGRAM_API_ROOT', 'S3_REGION', 'S3_FORCE_PATH_STYLE'].includes(key),
    );
    for (const key of keys) {
      const { code, screen } = await run({ ...ALL(), [key]: undefined });
      expect({ code, screen }, key).toEqual({
        code: 1,
        screen: expect.stringContaining('nothing was changed'),
      });
      expect(screen, key).not.toMatch(KEY);
      expect(existsSync(join(home, '.env')), key).toBe(false);
    }
    const gaveUp = await run({
      ...ALL(),
      BOT_TOKEN: '123456:AAaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
      again: false,
    });
    expect(gaveUp).toMatchObject({ code: 1, screen: expect.stringContaining('nothing was written') });
  });
});

describe('what is known can be changed', () => {
  const known = () => ({ ...settings(), WEBHOOK_SECRET: 'w'.repeat(48) });
  const save = (values: Record<string, string>): void =>
    writeFileSync(
      join(home, '.env'),
      Object.entries(values)
        .map(([name, value]) => `${name}=${value}\n`)
        .join(''),
    );
  const YES = { Encrypt: false, Worker: false, again: true };

  test('every answer is asked for with what is known; Enter at all of them changes nothing', async () => {
    save(known());
    const { code, asked, screen } = await run(YES);
    expect(code, screen).toBe(0);
    expect(asked).toHaveLength(10);
    expect(screen).toContain('/newbot) (kept: Enter keeps it)');
    expect(screen).toContain(standIns.sql.url);
    expectNoSecret(screen, known());
    expect(written()).toMatchObject(known());
  });

  test('one answer is changed, the others stay', async () => {
    save(known());
    const { code } = await run({ ...YES, ADMIN_IDS: '5,6' });
    expect({ code, written: written() }).toMatchObject({
      code: 0,
      written: { ...known(), ADMIN_IDS: '5,6' },
    });
  });

  test('the bucket is given up for a directory: no half of it is left', async () => {
    save({ ...known(), BACKUP_DIR: join(home, 'b') });
    const { code, screen } = await run({ ...YES, S3_ENDPOINT: '' }, { env: {} });
    expect(code, screen).toBe(0);
    for (const name of ['S3_ENDPOINT', 'S3_BUCKET', 'S3_ACCESS_KEY_ID', 'S3_SECRET_ACCESS_KEY'])
      expect(written()[name]).toBe('');
    expect((await runCli(home, {}, 'list', '--json')).json()).toMatchObject({
      bucket: expect.stringContaining('directory'),
    });
  });

  test('what was answered wrongly is the default when it is asked again', async () => {
    save({ ...known(), S3_BUCKET: 'nowhere' });
    const { code, asked, screen } = await run({ ...YES, S3_BUCKET: ['nowhere', 'anime'] });
    expect(code, screen).toBe(0);
    expect(asked.filter((name) => name === 'S3_ENDPOINT')).toHaveLength(2);
    expect(written()).toMatchObject(settings());
  });

  test('a malformed answer of a later part does not stop the first', async () => {
    save({ ...known(), S3_BUCKET: 'no/bucket', DATABASE_URL: 'postgres://x' });
    const answers = { ...YES, S3_BUCKET: 'anime', DATABASE_URL: standIns.sql.url };
    const { code, screen } = await run(answers);
    expect(code, screen).toBe(0);
    expect(written()).toMatchObject(settings());
  });

  test('what nobody is asked for and is wrong is told before any question', async () => {
    save({ ...known(), BACKUP_RETENTION_DAYS: 'many' });
    const before = readFileSync(join(home, '.env'), 'utf8');
    const { code, asked, screen } = await run(YES);
    expect({ code, asked }).toEqual({ code: 1, asked: [] });
    expect(screen).toMatch(/BACKUP_RETENTION_DAYS: must be a whole number .*\n.*mend that in/);
    expect(readFileSync(join(home, '.env'), 'utf8')).toBe(before);
  });

  test('a key in place of a passphrase', async () => {
    save({ ...known(), BACKUP_PASSPHRASE: 'correct horse battery' });
    const { code, screen } = await run({ ...YES, 'new key in place': true });
    expect(code, screen).toBe(0);
    expect(screen.match(KEY)).toHaveLength(1);
    expect(written()).toMatchObject({
      BACKUP_PASSPHRASE: '',
      BACKUP_AGE_RECIPIENTS: expect.stringMatching(/^age1/),
    });
  });

  test('the environment wins over the file, which is said', async () => {
    save(known());
    const env = { ...settings(), ADMIN_IDS: '77' };
    const { code, screen } = await run({ ...YES, ADMIN_IDS: '5' }, { env });
    expect(code, screen).toBe(0);
    expect(screen).toContain('ADMIN_IDS has another value in the environment, which wins');
    expect(screen.match(/which wins/g)).toHaveLength(1);
  });
});

describe('the admin of the first /start', () => {
  let telegram: Telegram;
  let base: Record<string, string>;
  beforeEach(async () => {
    telegram = await startTelegram();
    base = {
      TELEGRAM_API_ROOT: telegram.apiRoot,
      BOT_TOKEN: telegram.token,
      DATABASE_URL: `file:${join(home, 'bot.db')}`,
      BACKUP_DIR: join(home, 'b'),
    };
  });
  afterEach(() => telegram.close());
  const answers = { ADMIN_IDS: '', S3_ENDPOINT: '', Encrypt: false, 'Send /start': true };

  test('is asked whether it is they; a stranger who was faster is passed over, and no update is lost', async () => {
    const [stranger, owner] = [
      telegram.person({ id: 31, firstName: 'Begona' }),
      telegram.person({ id: 32, firstName: 'Ega', username: 'ega' }),
    ];
    const group = telegram.group({ title: 'Guruh', members: [stranger] });
    await telegram.hold(async () => {
      await stranger.send('/start', { in: group });
      await stranger.send('salom');
      await stranger.send('/start');
      await owner.send('/start');
    });
    const pending = telegram.pending;
    const { code, screen } = await run({ ...answers, 'you, and an admin?': [false, true] }, { env: base });
    expect(code, screen).toBe(0);
    expect(screen).toContain('Begona (id 31)');
    expect(screen).toContain('Ega, @ega (id 32)');
    expect(written()['ADMIN_IDS']).toBe('32');
    expect(telegram.pending).toBe(pending);
  });

  test('nobody within two minutes: asked for by hand; none at all is said loudly', async () => {
    const { code, screen } = await run(answers, { env: base });
    expect(code, screen).toBe(0);
    expect(screen).toContain('nobody sent /start in two minutes');
    expect(screen).toContain('NO ADMINS');
    expect(written()['ADMIN_IDS']).toBeUndefined();
  });

  test('with a webhook nothing is asked of Telegram and the webhook stays', async () => {
    const api = new Api(telegram.token, { apiRoot: telegram.apiRoot });
    await api.setWebhook('https://bot.example/webhook');
    const { code, screen } = await run({ ...answers, ADMIN_IDS: ['', 'ali', '7'] }, { env: base });
    expect(code, screen).toBe(0);
    expect(screen).toContain('this bot has a webhook');
    expect(screen).toContain('ADMIN_IDS: must be');
    expect(written()['ADMIN_IDS']).toBe('7');
    expect((await api.getWebhookInfo()).url).toBe('https://bot.example/webhook');
  });

  test('another program that reads the updates is named', async () => {
    telegram.script({
      method: 'getUpdates',
      times: 1,
      fault: { kind: 'error', status: 409, description: 'Conflict: terminated by other getUpdates request' },
    });
    const { code, screen } = await run({ ...answers, ADMIN_IDS: ['', '7'] }, { env: base });
    expect(code, screen).toBe(0);
    expect(screen).toContain('another program reads this bot’s messages');
  });

  test('without questions nobody is waited for, and it is said loudly', async () => {
    const { ADMIN_IDS, ...env } = settings();
    const { code, output } = await setup(env, '--yes');
    expect(code, output).toBe(0);
    expect(output).toContain('NO ADMINS');
  });
});

test('--help says what there is, a wrong flag is refused; neither begins', async () => {
  const help = await setup({}, '--help');
  expect(help).toMatchObject({ code: 0, output: expect.stringContaining('--worker') });
  expect(await setup(settings(), '--yes', '--kye')).toMatchObject({
    code: 2,
    output: expect.stringContaining("unknown option '--kye'"),
  });
  expect(existsSync(join(home, '.env'))).toBe(false);
});
