/**
 * `npm run deploy`: backup, migration, `wrangler deploy`, webhook, in this order, so that a deploy
 * never costs data. It says "Deployed" only when wrangler's own words prove it. `--dry-run` bundles
 * only. Node only.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import process from 'node:process';
import { stripVTControlCharacters } from 'node:util';
import { requireUndamaged } from '../backup/catalog/entry.ts';
import { createBackupLedger } from '../backup/run/backup-runs.ts';
import { runBackup } from '../backup/run/run.ts';
import { setWebhook as setWebhookOf } from '../bot/hearing.ts';
import { createApi } from '../bot/telegram.ts';
import { type Staff, staff } from '../db/admins.ts';
import type { Database, Statement } from '../db/database.ts';
import { holderText, isSurelyDead } from '../db/file/lock-text.ts';
import { emptyDatabase, migrate, schemaName } from '../db/migrate.ts';
import { installCommands } from '../handlers/commands-menu.ts';
import { bucketOf, composeBackup, copyOf, NODE_RUN_TIMEOUT_MS } from '../hosts/compose.ts';
import { refuseEmpty } from '../hosts/empty-database.ts';
import { NO_ADMINS } from '../hosts/no-admins.ts';
import { openDatabase, openSnapshotSource, openStore } from '../hosts/node/node-parts.ts';
import { notEncrypted } from '../hosts/not-encrypted.ts';
import { explain } from '../lib/clock.ts';
import { type Log, rememberSecrets } from '../lib/log.ts';
import { endOnSurprise } from '../lib/surprise.ts';
import { type Config, ConfigError, type DatabaseSettings, readConfig } from '../settings/config.ts';
import { environmentNotes } from '../settings/dot-env.ts';
import { takeOver } from '../takeover/take-over.ts';
import { withAdvice } from './advice.ts';
import { listenForInterruption } from './interruption.ts';
import { script } from './script.ts';
import { createTerminal } from './terminal.ts';
import { uncounted } from './uncounted.ts';

// People's data: new files are for this user alone (0600, directories 0700).
process.umask(0o077);
endOnSurprise();

// Before anything is touched: a mistyped --dry-run must not deploy.
const { dryRun = false, newDatabase = false } = script(
  'deploy',
  'Saves and migrates the database, deploys the Worker with wrangler, and sets its webhook.',
)
  .option('--dry-run', 'bundle the Worker only: no backup, no migration, nothing deployed')
  .option('--new-database', 'begin an empty database, although there are backups of one')
  .parse()
  .opts<{ dryRun?: boolean; newDatabase?: boolean }>();
const terminal = createTerminal(false);
/** Once the settings are read. */
let database: DatabaseSettings | undefined;
const interruption = listenForInterruption(terminal);

async function main(): Promise<void> {
  if (dryRun) {
    wrangler('--dry-run');
    step('bundled only: nothing was saved, migrated or deployed');
    return;
  }
  for (const note of environmentNotes()) terminal.warn(`note: ${note}`);
  rememberSecrets(process.env);
  const config = readConfig(process.env, 'worker');
  database = config.database;
  if ((process.env['BACKUP_CRON'] ?? '').trim() !== '') compareSchedule(config.backup.cron);
  const people = await prepareDatabase(config);
  const said = wrangler();
  const version = requireDeployed(said);
  step(`deployed: ${version}`);
  const url = config.publicUrl ?? deployedUrl(said);
  if (url === undefined) {
    throw new Error(
      'it is deployed, but wrangler named no address: set PUBLIC_URL to the Worker’s https address and deploy again, so that the webhook can be set',
    );
  }
  await setWebhook(config, url, people);
}

/** Cloudflare fires what wrangler.toml says, whatever BACKUP_CRON says. */
function compareSchedule(cron: string): void {
  if (!existsSync('wrangler.toml')) return;
  const [, crons = ''] = /^crons\s*=\s*\[([^\]]*)\]/m.exec(readFileSync('wrangler.toml', 'utf8')) ?? [];
  const told = [...crons.matchAll(/"([^"]*)"|'([^']*)'/g)].map(([, a, b]) => a ?? b ?? '');
  const words = (pattern: string): string => pattern.trim().split(/\s+/).join(' ');
  if (!told.map(words).includes(words(cron)))
    throw new Error(
      'nothing was deployed: BACKUP_CRON is not among the crons of wrangler.toml; write the same schedule into both',
    );
}

/** A database without a backup is not migrated, and over an unmigrated one nothing is deployed. */
async function prepareDatabase(config: Config): Promise<readonly Staff[]> {
  const { db, close } = await openDatabase(config.database);
  try {
    const store = await openStore(config.bucket);
    const first = bucketOf(config.backup, store);
    const copy = config.copy && copyOf(config.backup, config.copy, await openStore(config.copy.bucket));
    if (!newDatabase) await requireBegun(db, { first, copy });
    // Of a bucket that is away the backup says why.
    const plain = await notEncrypted(config.backup, [first, copy]).catch(() => undefined);
    if (plain !== undefined) terminal.say(terminal.colors.red(plain));
    const context = composeBackup(config.backup, {
      changeDays: config.changes.retentionDays,
      source: openSnapshotSource(config.database),
      store,
      ledger: createBackupLedger(db, isSurelyDead),
      holder: holderText('deploy', new Date()),
      timeoutMs: NODE_RUN_TIMEOUT_MS,
      // The reason is told below.
      alert: async ({ kind, message, isEarlier }) => {
        if (kind !== 'failed' || isEarlier === true) terminal.warn(message);
      },
    });
    const outcome = await interruption.stoppable((signal) =>
      runBackup(context, { trigger: 'deploy', scheduledAt: new Date(), signal }),
    );
    if (outcome.kind === 'failed')
      throw new Error(`nothing was deployed: the backup before it failed: ${outcome.reason}`);
    // The other run may die, or have begun before data that the migration touches.
    if (outcome.kind === 'skipped')
      throw new Error(`nothing was deployed, for no backup could be made before it: ${outcome.message}`);
    requireUndamaged(outcome.manifest);
    step(`backup: ${outcome.name}, verified`);
    const { from, to, notes } = await migrate(db, {
      now: () => new Date(),
      backup: async () => {},
      takeOver,
    }).catch((cause: unknown) => {
      throw new Error('nothing was deployed: the database could not be migrated', { cause });
    });
    terminal.warn(...notes);
    step(
      from === to
        ? `database: schema version ${to}`
        : `database: migrated from version ${schemaName(from)} to ${to}`,
    );
    const [people] = await db.read([staff(config.ownerIds)]);
    if (people.length === 0) terminal.say(terminal.colors.red(NO_ADMINS));
    return people;
  } finally {
    await close();
  }
}

/** Before the backup of an empty database stands beside the good ones. */
async function requireBegun(db: Database, buckets: Parameters<typeof refuseEmpty>[0]): Promise<void> {
  // Of a database or a first bucket that is away the backup says why.
  const [isEmpty] = await db.read([emptyDatabase]).catch(() => [false]);
  if (!isEmpty) return;
  const warn: Log['warn'] = (_event, { error, second_copy } = {}) => {
    if (second_copy !== true) return;
    terminal.warn(`note: the second copy could not be asked: ${String(error)}`);
  };
  await refuseEmpty(buckets, { warn })().catch((cause: unknown) => {
    throw new Error(`nothing was deployed: ${explain(cause)}`, { cause });
  });
}

/** Returns what it printed, without colours. */
function wrangler(...options: readonly string[]): string {
  const result = spawnSync('wrangler', ['deploy', ...options], {
    encoding: 'utf8',
    stdio: ['inherit', 'pipe', 'inherit'],
    env: uncounted(),
  });
  if (result.error !== undefined)
    throw new Error('wrangler cannot be run: run npm ci, then try again', { cause: result.error });
  process.stdout.write(result.stdout);
  const said = stripVTControlCharacters(result.stdout);
  if (result.status === 0) return said;
  const end = result.signal === null ? `exit code ${result.status}` : `signal ${result.signal}`;
  // Triggers are set after the upload: wrangler can fail with the new version already running.
  if (/^(Uploaded|Deployed) /m.test(said))
    throw new Error(
      `wrangler deploy failed (${end}) after it uploaded: the new version may be running; mend what it says above, then deploy again`,
    );
  throw new Error(`wrangler deploy failed; the running version was not touched (${end})`);
}

/**
 * Exit code 0 proves nothing: a killed wrangler ends with it, and so does one whose question gets a
 * no. Its words at the end of a deploy: "Deployed <name> triggers (…)", "Current Version ID: …".
 */
function requireDeployed(said: string): string {
  const [, version] = /^Current Version ID:\s*(\S+)/m.exec(said) ?? [];
  const [, name] = /^Deployed (\S+) triggers\b/m.exec(said) ?? [];
  if (version !== undefined) return `version ${version}`;
  if (name !== undefined) return name;
  throw new Error(
    'wrangler ended without saying that it deployed, so the webhook was left as it is: read its words above, then deploy again',
  );
}

/** The address stands alone in a line below "Deployed". */
function deployedUrl(said: string): string | undefined {
  return /^\s*(https:\/\/[\w.-]+\.workers\.dev)\/?\s*$/m.exec(said)?.[1];
}

async function setWebhook(config: Config, url: string, people: readonly Staff[]): Promise<void> {
  const { botToken, webhookSecret } = config;
  if (botToken === undefined || webhookSecret === undefined)
    throw new Error('it is deployed without a webhook: set BOT_TOKEN and WEBHOOK_SECRET, then deploy again');
  const note = (text: string): void => terminal.warn(`note: ${text}`);
  const warn = (_event: string, { method, error }: Record<string, unknown> = {}): void =>
    note(`${String(method)} failed: ${String(error)}`);
  const api = createApi({ token: botToken, apiRoot: config.telegramApiRoot, log: { warn } });
  const recorded = await setWebhookOf(api, `${url}/webhook`, webhookSecret).catch((cause: unknown) => {
    throw new Error('it is deployed, but its webhook could not be set: deploy again', { cause });
  });
  await keepAddress(config, recorded).catch((cause: unknown) => {
    throw new Error(
      'it is deployed and its webhook is set, so the bot answers; but the database could not keep the webhook’s address, without which the Worker cannot set it again when somebody removes it: deploy again',
      { cause },
    );
  });
  // A failed menu is no reason to say that the webhook is not set.
  await installCommands(api, { defaultLocale: config.defaultLocale, staff: people }).catch((error: unknown) =>
    note(`the menu of commands was not set, all else is done: ${explain(error)}`),
  );
  const waiting = await api.getWebhookInfo().then(
    (info) => `${info.pending_update_count} updates waiting`,
    (error: unknown) => `set; Telegram did not say how many updates wait: ${explain(error)}`,
  );
  step(`webhook: ${url}/webhook, ${waiting}`);
}

/** The Worker does not know its address: with this it sets a webhook again that was removed. */
async function keepAddress(config: Config, recorded: Statement): Promise<void> {
  const { db, close } = await openDatabase(config.database);
  await db.write([recorded]).finally(close);
}

function wordsOf(error: unknown): string {
  const words = withAdvice(explain(error), database);
  return error instanceof ConfigError
    ? `nothing was deployed: ${words}\nnpm run setup asks for all of them, proves them and writes .env; then deploy again.`
    : words;
}

function step(text: string): void {
  terminal.say(`${terminal.colors.green('✓')} ${text}`);
}

try {
  await main();
} catch (error) {
  terminal.fail(wordsOf(error));
  process.exitCode = interruption.exitCode ?? (error instanceof ConfigError ? 2 : 1);
} finally {
  interruption.dispose();
}
