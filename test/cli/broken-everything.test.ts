/** Whatever is broken, every command ends with a sentence and a code, never with a stack trace. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text as readText } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { childEnv } from '../support/child-env.ts';

const main = (path: string): string => fileURLToPath(new URL(`../../src/${path}`, import.meta.url));
const backup = (...args: readonly string[]) => [main('cli/main.ts'), ...args];
const COMMANDS: readonly (readonly string[])[] = [
  backup('full'),
  backup('export'),
  backup('export', '-o', 'nowhere/export.json'),
  backup('list'),
  backup('list', '--check'),
  backup('verify'),
  backup('verify', 'garbage'),
  backup('verify', '--all'),
  backup('verify', '--changes'),
  backup('changes'),
  backup('changes', 'ship'),
  backup('history', 'anime', '1'),
  backup('download', 'latest'),
  backup('restore', 'latest', '--yes'),
  backup('restore', '--at', '5m', '--yes'),
  backup('restore', 'garbage', '--yes', '--replace'),
  backup('import', 'garbage', '--yes'),
  backup('import', 'missing.json', '--yes'),
  backup('drill'),
  backup('copy'),
  backup('kit', '-o', 'nowhere/kit.tar'),
  backup('accept', 'first', '--yes'),
  backup('list', '--from', 'copy'),
  backup('diff', 'live', 'latest'),
  backup('diff', 'garbage', 'missing'),
  backup('prune', '--yes'),
  backup('pin', '20260102_020000'),
  backup('unpin', '20260102_020000'),
  backup('key', 'new'),
  backup('key', 'test'),
  backup('relink', 'status'),
  backup('relink', 'run'),
  backup('relink', 'missing'),
  [main('node.ts')],
  [main('cli/setup.ts'), '--yes'],
  [main('cli/deploy.ts')],
  [main('cli/deploy.ts'), '--dry-run'],
];

const TOKEN = '123456789:AAabcdefghijklmnopqrstuvwxyz0123456';
/** Nothing listens there. */
const NOBODY = 'http://127.0.0.1:9';
const BUCKET = {
  S3_BUCKET: 'anime',
  S3_ACCESS_KEY_ID: 'key-id-key-id',
  S3_SECRET_ACCESS_KEY: 'secret-secret',
};
const BASE = { BOT_TOKEN: TOKEN, TELEGRAM_API_ROOT: NOBODY, PORT: '0', WEBHOOK_SECRET: 'w'.repeat(20) };

interface World {
  readonly settings: Readonly<Record<string, string>>;
  /** Files in its directory. */
  readonly files?: Readonly<Record<string, string>>;
  /** Commands that get as far as this fault in a way of their own; all by default. */
  readonly only?: RegExp;
  /** What is right all the same: words of the command line. */
  readonly mayPass: RegExp;
}

/** Every command of the CLI reads its settings in one place. */
const SETTINGS_ONLY = /main\.ts (full|verify|key new)$|node\.ts|setup\.ts|deploy\.ts/;
/** A key is made of nothing but chance; what is not there can be listed. */
const ALWAYS = /key new$/;
const NO_BACKUPS = /(key new|list|list --check|prune --yes|changes)$/;

const WORLDS: Readonly<Record<string, World>> = {
  'no database, no bucket': { settings: BASE, mayPass: NO_BACKUPS },
  'a garbage file for everything': {
    settings: { ...BASE, DATABASE_URL: 'file:garbage', BACKUP_DIR: 'bucket', BACKUP_AGE_IDENTITY: 'garbage' },
    files: {
      garbage: 'garbage\0'.repeat(1_000),
      '.env': 'GARBAGE\nBOT_TOKEN\n',
      'bucket/anime_backup_20260102_020000.manifest.json': '{',
      'bucket/anime_bot_20260102_020000.db.gz': 'x',
    },
    mayPass: NO_BACKUPS,
  },
  'an .env that is no text': {
    settings: BASE,
    files: { '.env': '\0\0garbage', garbage: 'x' },
    only: SETTINGS_ONLY,
    mayPass: /^$/,
  },
  'servers that are not there': {
    settings: {
      ...BASE,
      ...BUCKET,
      S3_ENDPOINT: NOBODY,
      DATABASE_URL: NOBODY,
      BOT_INFO: '{"id":1,"is_bot":true,"username":"x","first_name":"x"}',
    },
    mayPass: ALWAYS,
  },
  'a directory that takes no files': {
    settings: { ...BASE, DATABASE_URL: 'file:data/bot.db', BACKUP_DIR: 'data/backups' },
    // Also for the superuser, whom no rights hold up.
    files: { data: 'in the way', garbage: '{}' },
    mayPass: NO_BACKUPS,
  },
  'bad settings': {
    settings: { BOT_TOKEN: 'no token', BACKUP_RETENTION_DAYS: 'many', DATABASE_URL: 'x', S3_BUCKET: '/' },
    only: SETTINGS_ONLY,
    mayPass: /^$/,
  },
};

let scratch: string;
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'broken-'));
});
afterAll(() => rmSync(scratch, { recursive: true, force: true, maxRetries: 10 }));

async function run(directory: string, command: readonly string[], settings: World['settings']) {
  const child = spawn(process.execPath, command, {
    cwd: directory,
    // No wrangler, no npm: neither is there.
    env: {
      ...childEnv(),
      PATH: '/usr/bin:/bin',
      TMPDIR: scratch,
      ...settings,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 120_000,
  });
  const said = Promise.all([readText(child.stdout), readText(child.stderr)]);
  const [code] = await once(child, 'close');
  return { code, output: (await said).join('') };
}

async function inPool<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  const worker = async (): Promise<void> => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: 4 }, worker));
}

describe('every command', { timeout: 280_000 }, () => {
  test.each(Object.entries(WORLDS))('%s', async (name, { settings, files = {}, only = /./, mayPass }) => {
    const faults: string[] = [];
    const told = (command: readonly string[]): string =>
      command.map((word) => word.replace(/^.*\/src\//, '')).join(' ');
    const commands = [...COMMANDS.entries()].filter(([, command]) => only.test(told(command)));
    await inPool(commands, async ([i, command]) => {
      const directory = join(scratch, `${name.replaceAll(/\W/g, '-')}-${i}`);
      mkdirSync(directory);
      for (const [path, text] of Object.entries(files)) {
        mkdirSync(dirname(join(directory, path)), { recursive: true });
        writeFileSync(join(directory, path), text);
      }
      const { code, output } = await run(directory, command, settings);
      const line = told(command);
      const isEnd = code === 1 || code === 2 || (mayPass.test(line) && (code === 0 || code === 3));
      const isTrace = /^\s*at |node:internal|^Node\.js v|\[object |undefined/m.test(output);
      if (!isEnd || isTrace || output.trim() === '') faults.push(`${line}: ended with ${code}:\n${output}`);
    });
    expect(faults.join('\n---\n')).toBe('');
  });
});
