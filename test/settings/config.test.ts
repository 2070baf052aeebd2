import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ConfigError, type Environment, readConfig } from '../../src/settings/config.ts';

const RECIPIENT = 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p';
const worker: Environment = {
  BOT_TOKEN: `123456:${'A'.repeat(30)}`,
  BOT_INFO: '{"id":123456,"is_bot":true,"first_name":"B","username":"b_bot"}',
  WEBHOOK_SECRET: 'secret_secret',
  DATABASE_URL: 'libsql://db.example.io',
  S3_ENDPOINT: 'https://s3.example.com/',
  S3_BUCKET: 'anime',
  S3_ACCESS_KEY_ID: 'key',
  S3_SECRET_ACCESS_KEY: 'very-secret',
};

function problems(env: Environment, host: 'worker' | 'node' | 'cli'): readonly string[] {
  try {
    readConfig(env, host);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe('settings', () => {
  test('the Node host needs none: embedded database, directory bucket, no token', () => {
    expect(readConfig({}, 'node')).toMatchObject({
      botToken: undefined,
      database: { kind: 'file', path: resolve('data/anime_bot.db') },
      bucket: { kind: 'directory', path: resolve('data/backups') },
      backup: { prefix: '', cron: '0 2 * * *', retentionDays: 90, maxAgeHours: 26 },
      port: 8787,
      defaultLocale: 'uz',
    });
  });

  test('a whole Worker environment is read', () => {
    expect(readConfig({ ...worker, ADMIN_IDS: '7, 8,7' }, 'worker')).toMatchObject({
      ownerIds: [7, 8],
      backup: { prefix: 'backups/' },
      bucket: { kind: 's3', endpoint: 'https://s3.example.com', region: 'auto', forcePathStyle: false },
      database: { kind: 'remote', url: 'libsql://db.example.io' },
    });
  });

  test('every problem is told at once, and no value is shown', () => {
    const bad = {
      ...worker,
      BOT_TOKEN: 'nonsense-token',
      ADMIN_IDS: '7,abc',
      PORT: '99999',
      S3_BUCKET: '',
      DATABASE_URL: 'file:x',
    };
    const found = problems(bad, 'worker');
    expect(found.map((line) => line.split(':')[0])).toEqual([
      'S3_BUCKET',
      'BOT_TOKEN',
      'ADMIN_IDS',
      'PORT',
      'DATABASE_URL',
    ]);
    expect(found.join('\n')).not.toMatch(/nonsense|99999|abc|very-secret/);
  });

  test.each([
    ['file:data/a b.db', 'data/a b.db'],
    ['file:data/a%20b%25%23.db', 'data/a b%#.db'],
    ['file:/data/bot.db', '/data/bot.db'],
    ['file:///data/bot.db', '/data/bot.db'],
    ['file://localhost/data/bot.db', '/data/bot.db'],
  ])('%s is the file that libSQL means by it', (url, path) => {
    expect(readConfig({ DATABASE_URL: url }, 'cli').database).toEqual({ kind: 'file', path: resolve(path) });
  });

  test.each(['file:a?mode=ro', 'file:a#1.db', 'file:100%.db', 'file:%ff.db', 'file:', 'file::memory:'])(
    '%s is refused with a reason',
    (url) => {
      expect(problems({ DATABASE_URL: url }, 'cli').join()).toMatch(/^DATABASE_URL: /);
    },
  );

  test('a Worker without anything lists all it needs', () => {
    const found = problems({}, 'worker').join('\n');
    for (const name of [
      'BOT_TOKEN',
      'BOT_INFO',
      'WEBHOOK_SECRET',
      'DATABASE_URL',
      'S3_ENDPOINT',
      'S3_BUCKET',
    ])
      expect(found).toContain(name);
  });

  test('half a bucket is a mistake, not a directory', () => {
    expect(problems({ S3_BUCKET: 'anime' }, 'node')).toEqual([
      'S3_ENDPOINT, S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY: missing; a bucket needs all four',
    ]);
  });

  test('a recipient with one wrong character is named by its place: its checksum tells', () => {
    const wrong = `${RECIPIENT.slice(0, -1)}q`;
    for (const host of ['node', 'cli', 'worker'] as const) {
      const found = problems({ BACKUP_AGE_RECIPIENTS: `${RECIPIENT}, ${wrong}` }, host);
      expect(found.filter((line) => line.includes('RECIPIENTS'))).toEqual([
        expect.stringMatching(/^BACKUP_AGE_RECIPIENTS: recipient 2 is no recipient of age/),
      ]);
    }
    expect(problems({ BACKUP_AGE_RECIPIENTS: RECIPIENT }, 'node')).toEqual([]);
  });

  test.each([
    ['BACKUP_AGE_RECIPIENTS', { BACKUP_AGE_RECIPIENTS: 'ssh-rsa' }],
    [
      'BACKUP_AGE_RECIPIENTS and BACKUP_PASSPHRASE',
      { BACKUP_AGE_RECIPIENTS: RECIPIENT, BACKUP_PASSPHRASE: 'correct horse battery' },
    ],
    ['BACKUP_PASSPHRASE', { BACKUP_PASSPHRASE: 'short' }],
    ['BACKUP_CRON', { BACKUP_CRON: 'daily' }],
    ['BACKUP_RETENTION_DAYS', { BACKUP_RETENTION_DAYS: '-1' }],
    ['PUBLIC_URL', { PUBLIC_URL: 'ftp://x' }],
    ['PUBLIC_URL', { PUBLIC_URL: 'http://bot.example' }],
    ['PUBLIC_URL', { PUBLIC_URL: 'http://127.example.com' }],
    ...['.', '..', '../x', 'x/..', 'x/./y', 'x//y/', '/x', 'x//', 'x\ny', 'x\u0000y', 'x\\y'].map(
      (prefix): [string, Record<string, string>] => ['BACKUP_PREFIX', { BACKUP_PREFIX: prefix }],
    ),
    ['BACKUP_KEEP_*', { BACKUP_KEEP_DAILY: '0' }],
    ['BACKUP_KEEP_*', { BACKUP_KEEP_WEEKLY: '0', BACKUP_KEEP_MONTHLY: '0' }],
    ['DEFAULT_LOCALE', { DEFAULT_LOCALE: 'de' }],
    ['TIMEZONE', { TIMEZONE: 'Tashkent' }],
    ['WEBHOOK_SECRET', { WEBHOOK_SECRET: 'has spaces in it' }],
    ['BOT_INFO', { BOT_INFO: '{' }],
    ['DATABASE_URL', { DATABASE_URL: 'postgres://x' }],
    ['DATABASE_URL', { DATABASE_URL: 'libsql://…' }],
    ['DATABASE_URL', { DATABASE_URL: 'libsql://a b' }],
  ])('%s is checked', (name, env) => {
    const found = problems(env, 'node');
    expect(found).toHaveLength(1);
    expect(found[0]?.split(':')[0]).toBe(name);
  });

  test('an address copied from the README is told as such', () => {
    expect(problems({ DATABASE_URL: 'libsql://…' }, 'cli').join()).toContain('has … where the address');
  });

  test.each([
    ['0 25 * * *', 'is no schedule'],
    ['60 2 * * *', 'is no schedule'],
    ['*/0 * * * *', 'is no schedule'],
    ['0 2 * * SOMEDAY', 'is no schedule'],
    ['0 2 31 2 *', 'never fires'],
    ['0 2 30 2 *', 'never fires'],
    ['0 2 31 4,6,9,11 *', 'never fires'],
    ['@daily', 'must be a schedule of five fields'],
  ])('a schedule that no clock meets is refused: %s', (cron, why) => {
    for (const host of ['node', 'cli'] as const)
      expect(problems({ BACKUP_CRON: cron }, host)).toEqual([expect.stringContaining(`BACKUP_CRON: ${why}`)]);
    expect(problems({ ...worker, BACKUP_CRON: cron }, 'worker').join()).toContain(`BACKUP_CRON: ${why}`);
  });

  test.each(['0 2 * * *', '30 1 29 2 *', '0 2 * * 7', '0 2 L * *', '15 0 2 * * *'])('%s fires', (cron) => {
    expect(readConfig({ BACKUP_CRON: cron }, 'node').backup.cron).toBe(cron);
  });

  test('a path is made absolute where it is read, so that nothing depends on where the process is later', () => {
    const { database, bucket } = readConfig({ DATABASE_URL: 'file:d', BACKUP_DIR: 'b' }, 'node');
    expect([database, bucket]).toMatchObject([{ path: resolve('d') }, { path: resolve('b') }]);
  });

  test.each(['~', '~/backups'])('the home directory as %s is refused: only a shell knows it', (path) => {
    expect(problems({ DATABASE_URL: `file:${path}`, BACKUP_DIR: path }, 'node')).toEqual(
      expect.arrayContaining([
        expect.stringContaining('BACKUP_DIR: write the whole path'),
        expect.stringContaining('DATABASE_URL: write the whole path'),
      ]),
    );
    expect(readConfig({ BACKUP_DIR: 'a/~' }, 'node').bucket).toMatchObject({ path: resolve('a/~') });
  });

  test.each(['DATABASE_AUTH_TOKEN', 'S3_ACCESS_KEY_ID', 'S3_SECRET_ACCESS_KEY'])(
    '%s of two lines, or with anything that no header takes, is refused and not shown',
    (name) => {
      for (const bad of [
        'canary-a\ncanary-b',
        'canary\r',
        'canary\u0000x',
        'canary key',
        'canaryé',
        'canary\u2028x',
      ]) {
        const found = problems({ ...worker, [name]: `x${bad}x` }, 'worker');
        expect(found).toEqual([expect.stringContaining(`${name}: must be one line`)]);
        expect(found.join()).not.toContain('canary');
      }
    },
  );

  test.each([
    ['DATABASE_URL', 'libsql://bot:canary@db.example.io'],
    ['DATABASE_URL', 'https://canary@db.example.io'],
    ['DATABASE_URL', 'libsql://db.example.io?authToken=canary'],
    ['DATABASE_URL', 'libsql://db.example.io:canary'],
    ['S3_ENDPOINT', 'https://key:canary@s3.example.com'],
    ['TELEGRAM_API_ROOT', 'http://canary@127.0.0.1:8081'],
    ['PUBLIC_URL', 'https://bot.example.com/?token=canary'],
  ])('%s with a secret in it is refused and not shown: %s', (name, url) => {
    const found = problems({ ...worker, [name]: url }, 'worker');
    expect(found).toEqual([expect.stringMatching(new RegExp(`^${name}: `))]);
    expect(found.join()).not.toContain('canary');
  });

  test.each<Record<string, string>>([
    { PUBLIC_URL: 'https://bot.example' },
    { PUBLIC_URL: 'http://127.0.0.1:8787' },
    { PUBLIC_URL: 'HTTPS://bot.example' },
    { PUBLIC_URL: 'http://localhost:8787' },
    { PUBLIC_URL: 'http://[::1]:8787' },
    { PUBLIC_URL: 'http://bot.lan', TELEGRAM_API_ROOT: 'http://api.lan:8081' },
    { BACKUP_PREFIX: 'backups' },
    { BACKUP_PREFIX: 'a/.b/..c/d.e/' },
    { BACKUP_KEEP_DAILY: '0', BACKUP_KEEP_WEEKLY: '1' },
    { BACKUP_KEEP_DAILY: '0', BACKUP_RETENTION_DAYS: '7' },
  ])('%o is taken', (env) => {
    expect(problems(env, 'node')).toEqual([]);
  });

  test('counted retention switches the default days off', () => {
    expect(readConfig({ BACKUP_KEEP_DAILY: '7' }, 'node').backup.retentionDays).toBeUndefined();
  });
});

test.each([
  ['https://account.r2.cloudflarestorage.com/anime', 'https://account.r2.cloudflarestorage.com'],
  ['https://account.r2.cloudflarestorage.com/anime/', 'https://account.r2.cloudflarestorage.com'],
  ['https://s3.example.com/', 'https://s3.example.com'],
  ['https://x.supabase.co/storage/v1/s3', 'https://x.supabase.co/storage/v1/s3'],
  ['https://x.supabase.co/storage/v1/s3/anime', 'https://x.supabase.co/storage/v1/s3'],
])('S3_ENDPOINT %s is the server %s', (S3_ENDPOINT, endpoint) => {
  const bucket = { S3_BUCKET: 'anime', S3_ACCESS_KEY_ID: 'k', S3_SECRET_ACCESS_KEY: 's' };
  expect(readConfig({ ...bucket, S3_ENDPOINT }, 'cli').bucket).toMatchObject({ endpoint });
});

test.each([
  'https://s3.example.com/other',
  'https://s3.example.com/anime/backups',
  'https://s3.example.com/ani',
])('S3_ENDPOINT %s is refused with advice', (S3_ENDPOINT) => {
  const bucket = { S3_BUCKET: 'anime', S3_ACCESS_KEY_ID: 'k', S3_SECRET_ACCESS_KEY: 's' };
  expect(() => readConfig({ ...bucket, S3_ENDPOINT }, 'cli')).toThrow(
    /S3_ENDPOINT: must be the server's address without a path; the bucket's name goes into S3_BUCKET/,
  );
});

describe('the second copy', () => {
  const first = {
    S3_ENDPOINT: 'https://account.example.com',
    S3_BUCKET: 'anime',
    S3_ACCESS_KEY_ID: 'a',
    S3_SECRET_ACCESS_KEY: 'b',
  };
  const copyOf = (names: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(names).map(([name, value]) => [`COPY_${name}`, value]));

  test('none without its settings; a bucket with the names of the first one and COPY_ before them', () => {
    expect(readConfig({}, 'node').copy).toBeUndefined();
    const { copy } = readConfig(copyOf({ ...first, S3_REGION: 'eu', S3_FORCE_PATH_STYLE: 'true' }), 'node');
    expect(copy).toMatchObject({
      prefix: 'backups/',
      bucket: { kind: 's3', bucket: 'anime', region: 'eu', forcePathStyle: true, isCopy: true },
    });
  });

  test('a directory has its own prefix, whatever the first bucket is', () => {
    const { copy, backup } = readConfig({ ...first, COPY_DIR: 'second' }, 'node');
    expect(copy).toEqual({ bucket: { kind: 'directory', path: resolve('second') }, prefix: '' });
    expect(backup.prefix).toBe('backups/');
  });

  test.each([
    ['COPY_S3_ENDPOINT, COPY_S3_ACCESS_KEY_ID, COPY_S3_SECRET_ACCESS_KEY: missing', { COPY_S3_BUCKET: 'x' }],
    ['COPY_DIR and COPY_S3_*: set one', { ...copyOf(first), S3_X: '', COPY_DIR: 'd' }],
  ])('%s', (said, env) => {
    expect(() => readConfig(env, 'node')).toThrow(said);
  });

  test.each([
    'https://account.example.com',
    'https://ACCOUNT.example.com/',
    'http://account.example.com',
    'https://account.example.com:443',
    'https://account.example.com/anime',
    'https://anime.account.example.com',
  ])('refuses the first bucket itself, written as %s', (endpoint) => {
    const copy = copyOf({ ...first, S3_ENDPOINT: endpoint });
    expect(() => readConfig({ ...first, ...copy }, 'node')).toThrow('is the first bucket itself');
    const other = copyOf({ ...first, S3_ENDPOINT: endpoint.replace('/anime', ''), S3_BUCKET: 'other' });
    expect(() => readConfig({ ...first, ...other }, 'node')).not.toThrow();
  });

  test('a Worker has no directory', () => {
    expect(() => readConfig({ COPY_DIR: 'd' }, 'worker')).toThrow('COPY_DIR: a Worker has no disk');
  });
});
