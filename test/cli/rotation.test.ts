/** docs/operations.md, "Changing a credential": each at its service, then with setup. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { text as readText } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { parseEnv } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startMemoryS3 } from '../../sim/s3/memory-server.ts';
import { type SqlServer, startSqlServer } from '../../sim/sql-over-http/sql-server.ts';
import { startTelegram } from '../../sim/telegram/start-telegram.ts';
import type { Telegram } from '../../sim/telegram/telegram.ts';
import type { Prompts } from '../../src/cli/setup/prompts.ts';
import { runSetup } from '../../src/cli/setup/run-setup.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { childEnv } from '../support/child-env.ts';
import { runCli } from './spawn-cli.ts';

const DEPLOY = fileURLToPath(new URL('../../src/cli/deploy.ts', import.meta.url));
const OLD = { bot: '7000000001:AAoldTokenOfTheSameBotOld_old_old12', database: 'old-database-token-1' };
const NEW = { bot: '7000000001:AAnewTokenOfTheSameBotNew_new_new34', database: 'new-database-token-2' };

let home: string;
let telegram: Telegram;
let sql: SqlServer;
let s3: Awaited<ReturnType<typeof startMemoryS3>>;
const secretsPut: Record<string, string>[] = [];

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'rotation-'));
  telegram = await startTelegram({ token: OLD.bot });
  sql = await startSqlServer({ file: join(home, 'server.db'), authToken: OLD.database, hosted: true });
  s3 = await startMemoryS3();
});
afterAll(async () => {
  await telegram.close();
  await sql.close();
  await s3.close();
  rmSync(home, { recursive: true, force: true, maxRetries: 10 });
});

const file = (): string => join(home, '.env');
const settings = (): Record<string, string> =>
  ({ ...parseEnv(readFileSync(file(), 'utf8')) }) as Record<string, string>;
const portOf = (url: string): number => Number(new URL(url).port);

/** Enter at every question; new secrets once a proof has refused the old ones, or at once. */
async function setup(typed: Readonly<Record<string, string>>, isAtOnce = false): Promise<string> {
  const screen: string[] = [];
  const prompts: Prompts = {
    async ask({ name, secret, known = '' }) {
      const isRefused = screen.some((line) => /does not know this token|refuses this token/.test(line));
      const answer = isAtOnce || isRefused ? typed[name] : undefined;
      return answer ?? (secret === true && known !== '' ? '' : known);
    },
    confirm: async (message) => /again\?|Worker now\?/.test(message),
    begin: () => ({ end: (line) => void screen.push(line) }),
    say: (_, line) => void screen.push(line),
  };
  const code = await runSetup({
    file: file(),
    env: {},
    isAsking: true,
    wantsKey: false,
    wantsWorker: false,
    prompts,
    clock: systemClock,
    putSecrets: (json) => secretsPut.push(JSON.parse(json)) > 0,
  });
  expect(code, screen.join('\n')).toBe(0);
  return screen.join('\n');
}

/** Only these differ from before. */
function expectChanged(before: Readonly<Record<string, string>>, ...names: readonly string[]): void {
  const after = settings();
  const changed = Object.keys({ ...before, ...after }).filter((name) => before[name] !== after[name]);
  expect(changed.sort()).toEqual([...names].sort());
  expect(secretsPut.at(-1)).toMatchObject(Object.fromEntries(names.map((name) => [name, after[name]])));
}

async function expectBackupsWork(): Promise<void> {
  expect(await runCli(home, {}, 'full')).toMatchObject({ code: 0, stderr: '' });
  expect(await runCli(home, {}, 'verify', 'latest')).toMatchObject({ code: 0 });
}

test('the bot’s, the database’s, the bucket’s and the webhook’s, one after the other', async () => {
  const { endpoint, region, bucket } = s3.settings;
  writeFileSync(
    file(),
    `BOT_TOKEN=${OLD.bot}\nADMIN_IDS=7\nTELEGRAM_API_ROOT=${telegram.apiRoot}\nDATABASE_URL=${sql.url}\nDATABASE_AUTH_TOKEN=${OLD.database}\nS3_ENDPOINT=${endpoint}\nS3_REGION=${region}\nS3_BUCKET=${bucket}\nS3_ACCESS_KEY_ID=old-key-id\nS3_SECRET_ACCESS_KEY=old-bucket-secret\nS3_FORCE_PATH_STYLE=true\n`,
  );
  await setup({});
  await deploy();
  await expectBackupsWork();

  // The old token is dead at its service: the first proof fails, and setup asks again.
  let before = settings();
  const telegramPort = portOf(telegram.apiRoot);
  await telegram.close();
  telegram = await startTelegram({ token: NEW.bot, port: telegramPort });
  expect(await setup({ BOT_TOKEN: NEW.bot })).toContain('Telegram does not know this token');
  expectChanged(before, 'BOT_TOKEN');

  before = settings();
  const sqlPort = portOf(sql.url);
  await sql.close();
  sql = await startSqlServer({
    file: join(home, 'server.db'),
    port: sqlPort,
    authToken: NEW.database,
    hosted: true,
  });
  expect(await setup({ DATABASE_AUTH_TOKEN: NEW.database })).toMatch(
    /DATABASE_AUTH_TOKEN: .* refuses this token/,
  );
  expectChanged(before, 'DATABASE_AUTH_TOKEN');
  await expectBackupsWork();

  before = settings();
  // This S3 server does not look at keys: they are typed at the first question.
  await setup({ S3_ACCESS_KEY_ID: 'new-key-id', S3_SECRET_ACCESS_KEY: 'new-bucket-secret' }, true);
  expectChanged(before, 'S3_ACCESS_KEY_ID', 'S3_SECRET_ACCESS_KEY');

  before = settings();
  writeFileSync(file(), readFileSync(file(), 'utf8').replace(/^WEBHOOK_SECRET=.*\n/m, ''));
  await setup({});
  expectChanged(before, 'WEBHOOK_SECRET');

  await deploy();
  expect(telegram.callsOf('setWebhook').at(-1)?.params).toMatchObject({
    secret_token: settings()['WEBHOOK_SECRET'],
  });
  await expectBackupsWork();
  const page = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');
  const section = /^## Changing a credential\n(.*?)^## /ms.exec(page)?.[1] ?? '';
  for (const name of [
    'BOT_TOKEN',
    'DATABASE_AUTH_TOKEN',
    'S3_ACCESS_KEY_ID',
    'S3_SECRET_ACCESS_KEY',
    'WEBHOOK_SECRET',
  ])
    expect(section).toContain(name);
});

async function deploy(): Promise<void> {
  const said =
    'Deployed anime-bot triggers (0.1 sec)\n  https://anime.example.workers.dev\nCurrent Version ID: 1';
  writeFileSync(join(home, 'wrangler'), `#!/bin/sh\necho '${said}'\n`, { mode: 0o755 });
  const child = spawn(process.execPath, [DEPLOY], {
    cwd: home,
    env: {
      ...childEnv(),
      PATH: `${home}${delimiter}${process.env['PATH']}`,
      NODE_NO_WARNINGS: '1',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = Promise.all([readText(child.stdout), readText(child.stderr)]);
  const [code] = await once(child, 'close');
  expect(code, (await output).join('')).toBe(0);
}
