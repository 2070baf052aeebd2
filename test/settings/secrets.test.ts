/**
 * No secret of the settings is ever printed: by a start that fails, by a command that fails, by
 * errors and logs; and the settings' names are.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as readText } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLog, describeError, hideSecrets, rememberSecrets } from '../../src/lib/log.ts';
import { ConfigError, readConfig } from '../../src/settings/config.ts';
import { childEnv } from '../support/child-env.ts';

const root = new URL('../../', import.meta.url);
/** As `.env.example` lists them. */
const NAMES = [
  ...readFileSync(new URL('.env.example', root), 'utf8').matchAll(/^#?\s*([A-Z][A-Z0-9_]+)=/gm),
].map(([, name = '']) => name);
const CANARY = 'canary7Kq2xW';
/** Something else before and behind, of any kind; some of it makes the setting a good one. */
const around = fc.constantFrom(
  '',
  ' ',
  '\n',
  '"',
  "'",
  '\\',
  '?',
  '1234567:',
  'https://',
  'https://u:',
  'libsql://',
  'file:',
  'age1',
  '@h.example',
  '@h/?token=',
  ' 0 * * *',
  '0 * * * ',
  '\u0000',
  'é',
);

describe('settings', () => {
  test('the list is that of .env.example', () => {
    expect(NAMES).toEqual(
      expect.arrayContaining(['BOT_TOKEN', 'DATABASE_AUTH_TOKEN', 'S3_SECRET_ACCESS_KEY']),
    );
    expect(NAMES.length).toBeGreaterThan(22);
  });

  test('whatever a setting holds, the refusal names it and shows nothing of it', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom(...NAMES), fc.tuple(around, around), { minKeys: 1 }),
        fc.constantFrom('node', 'cli', 'worker'),
        (values, host) => {
          const env = Object.fromEntries(
            Object.entries(values).map(([name, [a, b]]) => [name, a + CANARY + b]),
          );
          try {
            readConfig(env, host);
          } catch (error) {
            if (!(error instanceof ConfigError)) throw error;
            expect(hideSecrets(error.message)).toBe(error.message);
            expect(error.message).not.toContain(CANARY);
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  test('what looks like a secret is hidden, and no name of a setting is', () => {
    for (const name of NAMES)
      for (const text of [
        `${name}: missing; from BotFather`,
        `set ${name}=`,
        `a line ${name}=… in the .env`,
        `secret ${name}, token: ${name} and password ${name}`,
      ])
        expect(hideSecrets(text)).toBe(text);
    for (const name of NAMES.filter((each) => /TOKEN|SECRET/.test(each)))
      expect(hideSecrets(`${name}=${CANARY}`)).toBe(`${name}=[hidden]`);
  });

  test.each([
    ['Bearer eyJhbGciOiJFZERTQSJ9.eyJpYXQiOjE3.abc-_', 'Bearer [hidden]'],
    ['{"authToken":"a b","x":"y"}', '{"authToken":"[hidden]","x":"y"}'],
    ['https://bot:pass@db.example.io/x', 'https://[hidden]@db.example.io/x'],
    ['libsql://db.example.io?authToken=abc&tls=0', 'libsql://db.example.io?authToken=[hidden]&tls=0'],
    ['X-Amz-Signature=0a1b2c3d4e', 'X-Amz-Signature=[hidden]'],
    ['password: hunter2024', 'password: [hidden]'],
    ['DATABASE_AUTH_TOKEN: h.example refuses this token; make a new one', undefined],
    ['token is not valid', undefined],
    ['the secret of a good bot', undefined],
  ])('%s', (text, clean) => {
    expect(hideSecrets(text)).toBe(clean ?? text);
  });

  test('a secret of the settings is hidden in every shape it may be quoted in', () => {
    const secret = 'line one+/=é"\nsecond line 2';
    rememberSecrets({
      BACKUP_PASSPHRASE: secret,
      S3_ENDPOINT: 'https://someuser:somepass@h',
      PORT: '12345678',
    });
    const lines: string[] = [];
    createLog('info', (line) => lines.push(line)).info('x', { error: `a ${secret} b` });
    const quoted = [secret, encodeURIComponent(secret), 'second line 2', 'someuser', 'somepass'].join(' | ');
    for (const said of [hideSecrets(quoted), describeError(new Error(quoted)), ...lines])
      expect(said).not.toMatch(/second|someuser|somepass|line one|%2B/);
    expect(hideSecrets('port 12345678')).toBe('port 12345678');
  });
});

describe('as processes', () => {
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'anime-secrets-'));
    writeFileSync(join(directory, 'file.gz'), 'no backup');
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true, maxRetries: 10 }));

  async function said(main: string, env: Record<string, string>, ...args: string[]): Promise<string> {
    const child = spawn(process.execPath, [fileURLToPath(new URL(main, root)), ...args], {
      cwd: directory,
      env: { ...childEnv(), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 100_000,
    });
    const output = await Promise.all([readText(child.stdout), readText(child.stderr)]);
    return output.join('');
  }

  /** Good in form; no part of it can be reached. */
  const NOWHERE = 'http://127.0.0.1:64999';
  const fit = {
    BOT_TOKEN: `123456789:${CANARY}-in-a-token-of-a-bot`,
    WEBHOOK_SECRET: `${CANARY}_webhook`,
    TELEGRAM_API_ROOT: NOWHERE,
    DATABASE_URL: NOWHERE,
    DATABASE_AUTH_TOKEN: `${CANARY}.database.token`,
    S3_ENDPOINT: NOWHERE,
    S3_BUCKET: 'bucket',
    S3_ACCESS_KEY_ID: `${CANARY}KEYID`,
    S3_SECRET_ACCESS_KEY: `${CANARY}/secret+key=`,
    BACKUP_PASSPHRASE: `${CANARY} of many words`,
    PORT: '0',
    LOG_LEVEL: 'debug',
  };
  const broken = Object.fromEntries(
    Object.entries(fit).map(([name, value]) => [name, value.includes(CANARY) ? `x${value}\nx` : value]),
  );
  const inside = {
    ...fit,
    ...Object.fromEntries(
      ['DATABASE_URL', 'S3_ENDPOINT', 'TELEGRAM_API_ROOT'].map((name) => [
        name,
        `http://u:${CANARY}@127.0.0.1:64999`,
      ]),
    ),
  };
  const local = {
    BOT_TOKEN: fit.BOT_TOKEN,
    BACKUP_AGE_IDENTITY: `${CANARY}-of-an-identity`,
    DATABASE_URL: 'file:none.db',
  };

  test.each(['src/node.ts', 'src/cli/deploy.ts'])('%s: no start that fails shows one', async (main) => {
    for (const env of [fit, broken, inside]) {
      const output = await said(main, env);
      expect(output).not.toBe('');
      expect(output).not.toContain(CANARY);
    }
  });

  test.each([['full'], ['list'], ['verify', 'file.gz'], ['restore', 'latest', '--yes']])(
    'backup %s %s: nor does a command',
    async (...args) => {
      for (const env of [broken, inside, local]) {
        const output = await said('src/cli/main.ts', env, ...args, '--json');
        expect(JSON.parse(output)).toMatchObject({ ok: false, error: expect.any(String) });
        expect(output).not.toContain(CANARY);
      }
      expect(await said('src/cli/main.ts', inside, ...args)).not.toContain(CANARY);
    },
  );

  test('a server that quotes in its refusal what it was sent is quoted without it', async () => {
    const server = createServer((request, response) => {
      response.writeHead(401, { 'Content-Type': 'application/json' });
      response.end(
        JSON.stringify({
          code: 'NO',
          message: `no good: ${request.headers.authorization?.slice('Bearer '.length)}`,
        }),
      );
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const env = { ...fit, DATABASE_URL: `http://127.0.0.1:${address.port}` };
    for (const args of [['full'], ['full', '--json']]) {
      const output = await said('src/cli/main.ts', env, ...args);
      expect(output).toMatch(/no good: \[hidden]/);
      expect(output).not.toContain(CANARY);
    }
    server.close();
  });

  test('a bucket and a database that do not answer are named without their keys', async () => {
    for (const args of [['full'], ['list', '--json']]) {
      const output = await said('src/cli/main.ts', fit, ...args);
      expect(output).toMatch(/database unavailable|127\.0\.0\.1:64999/);
      expect(output).not.toContain(CANARY);
    }
  });
});
