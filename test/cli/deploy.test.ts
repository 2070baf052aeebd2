/** `npm run deploy` as a process, with a wrangler that only notes that it was called. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type StandIns, startStandIns } from '../../sim/stand-ins.ts';
import { createBackupLedger } from '../../src/backup/run/backup-runs.ts';
import { createS3Store } from '../../src/backup/store/s3-store.ts';
import { addAdmin } from '../../src/db/admins.ts';
import { all, type Database, sql } from '../../src/db/database.ts';
import { heard } from '../../src/db/hearing.ts';
import { migrate, SCHEMA_VERSION } from '../../src/db/migrate.ts';
import { openRemoteDatabase } from '../../src/db/remote-database.ts';
import { childEnv } from '../support/child-env.ts';
import { putBackup } from '../support/sample-backup.ts';

/** As wrangler 4.156.2 prints it. */
const DEPLOYED = [
  'Total Upload: 1290.01 KiB / gzip: 349.68 KiB',
  'Worker Startup Time: 21 ms',
  'Uploaded anime-bot (3.12 sec)',
  'Deployed anime-bot triggers (0.48 sec)',
  '  https://anime.example.workers.dev',
  '  schedule: 0 2 * * *',
  'Current Version ID: 6f1c0d3e-8a55-4f6e-9d51-0d6b4f0a7c11',
];
/** Notes its arguments, prints the lines, and ends with the code. */
const wranglerSaying = (lines: readonly string[], code = 0): string =>
  `#!/bin/sh\necho "$*" > "$(dirname "$0")/deployed"\necho "counted: $WRANGLER_SEND_METRICS"\ncat <<'END'\n${lines.join('\n')}\nEND\nexit ${code}\n`;

const MAIN = fileURLToPath(new URL('../../src/cli/deploy.ts', import.meta.url));
let directory: string;
let standIns: StandIns;
let db: Database;
let isDatabaseDown: boolean;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'anime-deploy-'));
  isDatabaseDown = false;
  standIns = await startStandIns({
    directory,
    ownerIds: [1],
    sqlFaults: () => (isDatabaseDown ? { kind: 'drop', when: 'before' } : undefined),
  });
  const wrangler = join(directory, 'wrangler');
  writeFileSync(wrangler, wranglerSaying(DEPLOYED));
  chmodSync(wrangler, 0o755);
  const { settings } = standIns;
  db = openRemoteDatabase({
    url: settings['DATABASE_URL'] ?? '',
    authToken: settings['DATABASE_AUTH_TOKEN'],
    fetch,
  });
});
afterEach(async () => {
  db.close();
  await standIns.close();
  rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
});

async function deploy(
  env: Record<string, string> = {},
  ...args: readonly string[]
): Promise<{ code: unknown; output: string }> {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: directory,
    env: {
      ...childEnv(),
      PATH: `${directory}${delimiter}${process.env['PATH']}`,
      NODE_NO_WARNINGS: '1',
      ...standIns.settings,
      ...env,
    },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  const [code] = await once(child, 'close');
  return { code, output };
}

const isDeployed = (): boolean => existsSync(join(directory, 'deployed'));
const backups = async (): Promise<number> =>
  (await createS3Store(standIns.s3).list('backups/')).filter(({ key }) => key.endsWith('.manifest.json'))
    .length;

test('backup, migration, wrangler, webhook', async () => {
  const deployed = await deploy();
  expect(deployed).toMatchObject({ code: 0, output: expect.stringContaining('updates waiting') });
  // Wrangler's telemetry is off in what is started here.
  expect(deployed.output).toContain('counted: false');
  const [versions] = await db.read([
    all(sql('SELECT MAX(version) AS version FROM schema_migrations'), (row) => row.int('version')),
  ]);
  expect({ versions, isDeployed: isDeployed(), backups: await backups() }).toEqual({
    versions: [SCHEMA_VERSION],
    isDeployed: true,
    backups: 1,
  });
  // By this the Worker sets its webhook again when somebody removes it.
  const [known] = await db.read([heard(new Date())]);
  expect(known?.webhook).toMatch(/^https:\/\/.*\/webhook$/);
});

test('without an admin it says so loudly; with one in the database it does not', async () => {
  expect((await deploy({ ADMIN_IDS: '' })).output).toContain('NO ADMINS: ADMIN_IDS is not set');
  await db.write([sql('INSERT INTO users (user_id) VALUES (7)'), addAdmin(7, 7, new Date())]);
  expect((await deploy({ ADMIN_IDS: '' })).output).not.toContain('NO ADMINS');
});

test('encryption that is no longer set is told loudly, before the backup that would hide it', async () => {
  const recipient = await identityToRecipient(await generateX25519Identity());
  expect((await deploy({ BACKUP_AGE_RECIPIENTS: recipient })).output).not.toContain('NOT ENCRYPTED');
  const { code, output } = await deploy();
  expect(code).toBe(0);
  expect(output).toMatch(/^NOT ENCRYPTED: the newest backup, \d{8}_\d{6}, is encrypted[\s\S]*✓ backup: /);
});

test('without settings: each problem once, and what asks for them', async () => {
  const bare = Object.fromEntries(Object.keys(standIns.settings).map((name) => [name, '']));
  const { code, output } = await deploy(bare);
  expect({ code, isDeployed: isDeployed() }).toEqual({ code: 2, isDeployed: false });
  const lines = output.trimEnd().split('\n');
  for (const name of ['DATABASE_URL', 'S3_BUCKET', 'BOT_TOKEN', 'WEBHOOK_SECRET', 'BOT_INFO'])
    expect(
      lines.filter((line) => line.includes(name)),
      name,
    ).toHaveLength(1);
  expect(lines[0]).toBe('error: nothing was deployed: settings are wrong:');
  expect(lines.at(-1)).toMatch(/^npm run setup asks for all of them/);
  expect(lines).toHaveLength(7);
});

test('a database that is away: said once, with what to look at', async () => {
  const { code, output } = await deploy({ DATABASE_URL: 'http://127.0.0.1:9' });
  expect({ code, isDeployed: isDeployed() }).toEqual({ code: 1, isDeployed: false });
  expect(output).toMatch(/backup before it failed: database unavailable: fetch failed: \S/);
  expect(output).not.toContain('fetch failed: fetch failed');
  expect(output).toContain('DATABASE_URL');
});

test('another run in the way of the backup: nothing is migrated and nothing deployed', async () => {
  await migrate(db, { now: () => new Date(), backup: async () => {} });
  await db.write([sql('DELETE FROM schema_migrations WHERE version = ?', SCHEMA_VERSION)]);
  await createBackupLedger(db).acquire('node host 7', 3_600_000);
  const { code, output } = await deploy();
  expect({ code, isDeployed: isDeployed(), backups: await backups() }).toEqual({
    code: 1,
    isDeployed: false,
    backups: 0,
  });
  expect(output).toMatch(/nothing was deployed.*another run is under way \(node host 7\)/);
});

/** What has happened, in the order it must happen. */
async function state() {
  const versions = async (): Promise<number | null> => {
    const [[version]] = await db.read([
      all(sql("SELECT COUNT(*) AS n FROM sqlite_schema WHERE name = 'schema_migrations'"), (row) =>
        row.int('n'),
      ),
    ]);
    if (version === 0) return null;
    const [[newest]] = await db.read([
      all(sql('SELECT MAX(version) AS version FROM schema_migrations'), (row) => row.int('version')),
    ]);
    return newest ?? null;
  };
  return {
    backups: await backups(),
    schema: await versions(),
    isDeployed: isDeployed(),
    webhooks: standIns.telegram.callsOf('setWebhook').length,
  };
}

test('a backup that fails stops everything after it', async () => {
  const { code, output } = await deploy({ S3_BUCKET: 'nowhere' });
  expect({ code, ...(await state()) }).toEqual({
    code: 1,
    backups: 0,
    schema: null,
    isDeployed: false,
    webhooks: 0,
  });
  expect(output).toMatch(/nothing was deployed: the backup before it failed: .*nowhere/);
  // Told once.
  expect(output.trim().split('\n')).toHaveLength(1);
});

test('a migration that fails stops the deploy; the backup before it stays', async () => {
  await migrate(db, { now: () => new Date(), backup: async () => {} });
  await db.write([sql("INSERT INTO schema_migrations VALUES (999, 'newer', '2026-01-01 00:00:00')")]);
  const { code, output } = await deploy();
  expect({ code, ...(await state()) }).toEqual({
    code: 1,
    backups: 1,
    schema: 999,
    isDeployed: false,
    webhooks: 0,
  });
  expect(output).toMatch(/nothing was deployed: the database could not be migrated: .*schema version 999/);
});

test('a wrangler that fails: saved and migrated, and no webhook is moved', async () => {
  writeFileSync(join(directory, 'wrangler'), '#!/bin/sh\necho boom >&2\nexit 3\n');
  const { code, output } = await deploy();
  expect({ code, ...(await state()) }).toEqual({
    code: 1,
    backups: 1,
    schema: SCHEMA_VERSION,
    isDeployed: false,
    webhooks: 0,
  });
  expect(output).toMatch(/wrangler deploy failed; the running version was not touched/);
});

test('a webhook that cannot be set is told as such: the deploy itself stands', async () => {
  standIns.telegram.script({
    method: 'setWebhook',
    times: Number.POSITIVE_INFINITY,
    fault: { kind: 'error', status: 400, description: 'Bad Request: bad webhook' },
  });
  const { code, output } = await deploy();
  expect({ code, isDeployed: isDeployed() }).toEqual({ code: 1, isDeployed: true });
  expect(output).toMatch(/it is deployed, but its webhook could not be set: deploy again: .*bad webhook/);
  expect(output).not.toContain(standIns.telegram.token);
});

test('only the address could not be kept: it is said that the bot answers, and what to do', async () => {
  standIns.telegram.script({
    method: 'setWebhook',
    when: () => {
      isDatabaseDown = true;
      return false;
    },
    fault: { kind: 'drop' },
  });
  const { code, output } = await deploy();
  expect({ code, isDeployed: isDeployed() }).toEqual({ code: 1, isDeployed: true });
  expect(standIns.telegram.callsOf('setWebhook').at(-1)?.status).toBe(200);
  expect(output).toContain('it is deployed and its webhook is set, so the bot answers');
  expect(output).toMatch(/cannot set it again when somebody removes it: deploy again: .*database/);
  expect(output).not.toContain('could not be set');
});

test.each(['getWebhookInfo', 'setMyCommands'])(
  '%s that fails at the end is a note, the deploy stands',
  async (method) => {
    standIns.telegram.script({
      method,
      times: Number.POSITIVE_INFINITY,
      fault: { kind: 'error', status: 400, description: 'Bad Request: no' },
    });
    const { code, output } = await deploy();
    expect(code, output).toBe(0);
    expect(output).toMatch(/webhook: https:\S+\/webhook, /);
    expect(output).toContain('Bad Request: no');
  },
);

test('a schedule that wrangler.toml does not have: nothing is touched', async () => {
  writeFileSync(join(directory, 'wrangler.toml'), '[triggers]\ncrons = ["0  2 * * *", "* * * * *"]\n');
  const wrong = await deploy({ BACKUP_CRON: '0 3 * * *' });
  expect(wrong).toMatchObject({ code: 1, output: expect.stringContaining('BACKUP_CRON is not among') });
  expect({ isDeployed: isDeployed(), backups: await backups() }).toEqual({ isDeployed: false, backups: 0 });
  expect(await deploy({ BACKUP_CRON: '0 2 * * *' })).toMatchObject({ code: 0 });
});

const UNTOUCHED = { backups: 0, schema: null, isDeployed: false, webhooks: 0 };

test.each<[string, RegExp]>([
  ['--dry_run', /unknown option '--dry_run'/],
  ['--dryrun', /unknown option '--dryrun'/],
  ['--env=production', /unknown option/],
  ['production', /too many arguments/],
])('%s is refused before anything is touched', async (arg, words) => {
  const { code, output } = await deploy({}, arg);
  expect({ code, ...(await state()) }).toEqual({ code: 2, ...UNTOUCHED });
  expect(output).toMatch(words);
  expect(output).toContain('npm run deploy -- --help');
});

test('--help says what there is and touches nothing', async () => {
  const { code, output } = await deploy({}, '--help');
  expect({ code, ...(await state()) }).toEqual({ code: 0, ...UNTOUCHED });
  expect(output).toContain('--dry-run');
});

test('--dry-run bundles, says so, and never says that it deployed', async () => {
  writeFileSync(join(directory, 'wrangler'), wranglerSaying(['--dry-run: exiting now.']));
  const { code, output } = await deploy({}, '--dry-run');
  expect({ code, ...(await state()) }).toEqual({ code: 0, ...UNTOUCHED, isDeployed: true });
  expect(readFileSync(join(directory, 'deployed'), 'utf8')).toBe('deploy --dry-run\n');
  expect(output).toContain('nothing was saved, migrated or deployed');
  expect(output).not.toMatch(/deployed: /);
});

test.each<[string, string, number]>([
  ['ended without a word', '', 0],
  ['was told no', 'The Worker was changed elsewhere. Continue? no\nAborting deploy...', 0],
  ['only bundled', '--dry-run: exiting now.', 0],
  ['names an address in passing', 'see https://anime.example.workers.dev for more', 0],
])('a wrangler that %s: exit code 0 is no proof, the webhook stays', async (_, words, status) => {
  writeFileSync(join(directory, 'wrangler'), wranglerSaying([words], status));
  const { code, output } = await deploy();
  expect({ code, webhooks: (await state()).webhooks }).toEqual({ code: 1, webhooks: 0 });
  expect(output).toContain('wrangler ended without saying that it deployed');
  expect(output).not.toMatch(/(it is deployed|deployed: )/);
});

test('a wrangler that fails after the upload: it is not said that the old version runs', async () => {
  writeFileSync(join(directory, 'wrangler'), wranglerSaying(DEPLOYED.slice(0, 3), 1));
  const { code, output } = await deploy();
  expect({ code, webhooks: (await state()).webhooks }).toEqual({ code: 1, webhooks: 0 });
  expect(output).toContain('the new version may be running');
  expect(output).not.toContain('was not touched');
});

test('with PUBLIC_URL it deploys all the same, and the webhook is there', async () => {
  const { code, output } = await deploy({ PUBLIC_URL: 'https://bot.example' });
  expect(code, output).toBe(0);
  expect(isDeployed()).toBe(true);
  expect(output).toContain('deployed: version 6f1c0d3e');
  expect(standIns.telegram.callsOf('setWebhook').at(-1)).toMatchObject({
    params: { url: 'https://bot.example/webhook' },
  });
});

test('an empty database beside backups of the bot: nothing is touched, unless it is said', async () => {
  const store = createS3Store(standIns.s3);
  const name = await putBackup(
    store,
    'backups/',
    new Date(Date.now() - 60_000),
    undefined,
    'schedule',
    undefined,
    {
      anime: 3,
    },
  );
  const { code, output } = await deploy();
  expect(code).toBe(1);
  expect(output).toContain(
    `nothing was deployed: the database is empty, and the bucket has backups of this bot`,
  );
  expect(output).toContain(name);
  expect({ isDeployed: isDeployed(), backups: await backups() }).toEqual({ isDeployed: false, backups: 1 });
  expect((await deploy({}, '--new-database')).code).toBe(0);
  expect(isDeployed()).toBe(true);
  // Its own backup of nothing is no reason to refuse the next one.
  expect((await deploy()).code).toBe(0);
});
