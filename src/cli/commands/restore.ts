import { existsSync, statSync } from 'node:fs';
import { Command } from 'commander';
import { type BackupEntry, type Bucket, nowOf } from '../../backup/catalog/list.ts';
import { madeLater } from '../../backup/catalog/lost-backup.ts';
import { nameFromText } from '../../backup/catalog/names.ts';
import { latestBackup } from '../../backup/catalog/newest.ts';
import { NotOpened } from '../../backup/catalog/not-opened.ts';
import { isAhead } from '../../backup/catalog/true-time.ts';
import { withWayOn } from '../../backup/restore/old-file.ts';
import { previewRestore, restore } from '../../backup/restore/restore.ts';
import {
  type RestoreParts,
  type RestoreReport,
  type RestoreTarget,
  sourceOf,
} from '../../backup/restore/restore-steps.ts';
import { BackupDamaged, BackupRefused, type RestoreFrom } from '../../backup/restore/source.ts';
import { databaseState } from '../../backup/restore/target-state.ts';
import type { BackupContext } from '../../backup/run/context.ts';
import { copyLive } from '../../backup/snapshot/copy-live.ts';
import { lockDatabaseFile } from '../../db/file/file-lock.ts';
import { requirePlaces } from '../../hosts/node/node-parts.ts';
import { systemClock } from '../../lib/clock.ts';
import { brokenLink, MOUNT } from '../../lib/disk/directories.ts';
import { isSamePlace } from '../../lib/disk/own-places.ts';
import { inScratch } from '../../lib/disk/scratch.ts';
import { readConfig } from '../../settings/config.ts';
import { formatCount, formatDuration } from '../../text/format.ts';
import { type Cli, type ExitCode, type Invocation, reading, UsageError } from '../command.ts';
import { MOMENT, pointJson, pointLine, resolveMoment } from '../moment.ts';
import { requireDatabasePlace, requireOutputPlace } from '../output-place.ts';
import { createProgressBar } from '../progress-bar.ts';
import type { Session } from '../session.ts';
import { LATEST, resolveAnywhere } from '../target.ts';
import { diffLines } from './diff-lines.ts';
import { nameAnother, nameOpening, type Options } from './restore-refusals.ts';

export function restoreCommand(cli: Cli): Command {
  const command = new Command('restore')
    .description('bring a backup back: into an empty database, or over a full one with --replace')
    .argument('[source]', `a backup, ${LATEST}, or a file (.db, .json, packed or encrypted)`)
    .option('--at <time>', `instead of a backup: the state of a moment, ${MOMENT}`)
    .option('--best-effort', 'with --at: the nearest moment before it, where changes are lost')
    .option('--to <url>', 'another database than DATABASE_URL: file:…, libsql://…, http(s)://…')
    .option('--replace', 'the database is not empty: save it, then replace it')
    .option('--only <tables>', 'only these tables, comma-separated; the rest stays as it is')
    .option('--any-schema', 'also what is not the bot’s database, by its tables')
    .option('--dry-run', 'show what would change, change nothing')
    .option('--broken-database', 'no backup of the old file can be made: set it aside without one');
  return reading<Options>(cli, command, async (invocation, args, options) => {
    try {
      return await run(cli, invocation, args, options);
    } catch (error) {
      // A moment was asked for: an older backup is no answer to it.
      if (options.at !== undefined) throw error;
      if (error instanceof BackupDamaged) return nameAnother(invocation, error.backup, error, options);
      if (error instanceof NotOpened && args[0] === 'latest') return nameOpening(invocation, error, options);
      // A file has no older one.
      if (!(error instanceof BackupRefused) || nameFromText(error.origin) !== error.origin) throw error;
      return nameAnother(invocation, error.origin, error, options);
    }
  });
}

async function run(
  cli: Cli,
  invocation: Invocation,
  [source]: readonly string[],
  options: Options,
): Promise<ExitCode> {
  const { session, terminal } = invocation;
  if ((source === undefined) === (options.at === undefined))
    throw new UsageError(
      source === undefined
        ? "missing required argument 'source': a backup, latest or a file; or --at and a time"
        : 'restore takes a backup or --at, not both',
    );
  if (options.bestEffort === true && options.at === undefined)
    throw new UsageError('--best-effort goes with --at');
  // A new file here would stand beside the program, and the bot would serve another.
  if (options.to === undefined && session.elsewhere !== undefined)
    throw new UsageError(`${session.elsewhere}; or name a place: restore ${source ?? '--at …'} --to file:…`);
  const { target, isOther } = targetOf(cli, session, options.to);
  const only = options.only
    ?.split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  if (only?.length === 0) throw new UsageError('--only needs names of tables');
  const { from, passedOver: newer } =
    options.at === undefined
      ? await resolveSource(invocation, source ?? '')
      : await resolvePoint(invocation, options.at, options.bestEffort === true);
  for (const line of newer) terminal.say(terminal.colors.yellow(line));
  const isBots = options.anySchema !== true;
  const isOldBroken = options.brokenDatabase === true;
  if (isOldBroken && (target.kind !== 'file' || only !== undefined))
    throw new UsageError('--broken-database is for a database file that is replaced as a whole');
  const base = {
    bucket: session.bucket,
    keys: session.keys,
    target,
    clock: systemClock,
    random: Math.random,
    fetch,
  };
  const state = isOldBroken
    ? 'full'
    : await databaseState(target, fetch).catch(async (error: unknown) => {
        if (target.kind !== 'file') throw error;
        throw await inScratch(undefined, (scratch) => withWayOn(error, target.path, scratch, systemClock));
      });
  const later =
    source === 'latest' && from.kind === 'backup' && state !== 'absent' && !isOldBroken
      ? await laterThan(session, from.entry)
      : undefined;
  if (later !== undefined) terminal.say(terminal.colors.yellow(later));
  const passedOver = later === undefined ? newer : [...newer, later];
  if (options.dryRun === true)
    return dryRun(
      invocation,
      { ...base, context: undefined, closeTarget: () => {} },
      { from, only, state, isBots, passedOver },
    );
  if (only !== undefined && state === 'absent')
    throw new UsageError('--only needs a database that has the tables');
  if (state === 'full' && options.replace !== true && only === undefined)
    throw new UsageError(
      `${describe(target)} is not empty: --replace ${isOther && target.kind === 'file' ? 'sets its file aside' : 'saves it first'} and then replaces it`,
    );
  if (state === 'full' && !invocation.yes) {
    const what = only === undefined ? 'All of it' : `Its tables ${only.join(', ')}`;
    const first =
      isOldBroken || (isOther && target.kind === 'file')
        ? 'No backup of it is made; its old file is set aside.'
        : isOther
          ? 'A copy of it is made here first.'
          : 'A backup of it is made first.';
    const question = `${what} in ${describe(target)} will be replaced by ${nameOf(from)}. ${first}`;
    if (!(await terminal.confirm(question, 'replace')))
      throw new UsageError('not confirmed: nothing was changed (--yes asks nothing)');
  }
  const lock =
    target.kind === 'file'
      ? await lockDatabaseFile(target.path, { holder: 'restore', now: invocation.now })
      : undefined;
  try {
    return await carryOut(invocation, base, {
      from,
      passedOver,
      only,
      isOldBroken,
      isBots,
      isSaved: state === 'full' && !isOldBroken,
      isOther,
    });
  } finally {
    await lock?.release();
  }
}

interface Plan {
  readonly from: RestoreFrom;
  readonly passedOver: readonly string[];
  readonly only: readonly string[] | undefined;
  readonly isOldBroken: boolean;
  readonly isBots: boolean;
  readonly isSaved: boolean;
  /**
   * The target is not the bot's own database, by any name: its safety copy has no place among the
   * bot's backups.
   */
  readonly isOther: boolean;
}

async function carryOut(
  invocation: Invocation,
  base: Omit<RestoreParts, 'context' | 'closeTarget'>,
  plan: Plan,
): Promise<ExitCode> {
  const { terminal, session, now } = invocation;
  const began = now();
  let copy: string | undefined;
  if (plan.isSaved && plan.isOther && base.target.kind === 'remote') {
    copy = `before-restore-${began.toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}.db`;
    requireOutputPlace(session, '--to', copy);
    terminal.draw(`saving what is there to ${copy}`);
    await copyLive(sourceOf(base), copy);
  }
  const context: BackupContext | undefined =
    plan.isSaved && !plan.isOther ? await session.backup() : undefined;
  const bar = createProgressBar(terminal, () => performance.now());
  const report = await invocation.stoppable((signal) =>
    restore(
      { ...base, context, closeTarget: () => session.close() },
      {
        from: plan.from,
        only: plan.only,
        isOldBroken: plan.isOldBroken,
        isBots: plan.isBots,
        signal,
        onProgress: ({ phase, done, total }) =>
          phase === 'load'
            ? bar({ label: LABELS[phase], bytes: 0, rows: done, total: undefined })
            : bar({ label: LABELS[phase], bytes: done, total }),
      },
    ),
  );
  const safety = report.safety ?? copy;
  const unsaved =
    plan.isSaved && safety === undefined
      ? ["no backup of what was there before was made, for this is not the bot's own database"]
      : [];
  tell(
    invocation,
    base.target,
    { ...report, safety, notes: [...unsaved, ...report.notes] },
    { ...plan, ms: now().getTime() - began.getTime() },
  );
  return 0;
}

const LABELS = {
  fetch: 'fetching',
  safety: 'saving old',
  load: 'loading',
  compare: 'comparing',
  swap: 'swapping',
} as const;

function tell(
  { terminal }: Invocation,
  target: RestoreTarget,
  report: RestoreReport,
  { passedOver, from, ms }: Pick<Plan, 'passedOver' | 'from'> & { readonly ms: number },
): void {
  const { say, answer, colors } = terminal;
  const rows = report.tables.reduce((sum, table) => sum + table.rows, 0);
  answer({
    ok: true,
    origin: report.origin,
    ...(from.kind === 'point' ? { point: pointJson(from.point) } : {}),
    target: describe(target),
    tables: report.tables,
    rows,
    safety_backup: report.safety ?? null,
    kept: report.kept ?? null,
    notes: [...passedOver, ...report.notes],
    ms,
  });
  say(
    `${colors.green('restored:')} ${colors.bold(report.origin)} into ${describe(target)}, ${formatCount(rows)} rows in ${formatDuration(ms)}`,
  );
  say(
    from.kind === 'point'
      ? '  the backup compared with its manifest, every change file with its hash'
      : '  every table compared with the backup by its digest',
  );
  if (report.safety !== undefined) say(`  what was there before is backup ${colors.bold(report.safety)}`);
  for (const note of report.notes) say(colors.yellow(`  ${note}`));
  if (report.kept !== undefined) say(`  the old file is ${report.kept}`);
  if (report.isOlder) say(colors.dim('  the bot brings an older schema up to date when it starts'));
}

async function dryRun(
  { terminal }: Invocation,
  parts: RestoreParts,
  {
    from,
    only,
    state,
    isBots,
    passedOver,
  }: {
    from: RestoreFrom;
    only: readonly string[] | undefined;
    state: string;
    isBots: boolean;
    passedOver: readonly string[];
  },
): Promise<ExitCode> {
  const isNew = state === 'absent';
  const { tables, notes } = await previewRestore(parts, { from, only, isBots, isNew });
  terminal.answer({
    ok: true,
    dry_run: true,
    ...(from.kind === 'point' ? { point: pointJson(from.point) } : {}),
    ...(isNew ? { target: 'absent' } : {}),
    tables: tables.map((table) => ({ ...table, note: table.note ?? null })),
    notes: [...passedOver, ...notes],
  });
  for (const note of notes) terminal.say(terminal.colors.yellow(note));
  if (isNew) {
    terminal.say(
      `${describe(parts.target)} does not exist yet: all of ${nameOf(from)} would be new. Nothing was changed.`,
    );
    return 0;
  }
  for (const line of diffLines(terminal.colors, tables)) terminal.say(line);
  terminal.say('');
  terminal.say('From what is there to what would be. Nothing was changed.');
  return 0;
}

async function resolvePoint(
  invocation: Invocation,
  text: string,
  isBestEffort: boolean,
): Promise<{ readonly from: RestoreFrom; readonly passedOver: readonly string[] }> {
  const point = await resolveMoment(invocation, text, isBestEffort);
  invocation.terminal.say(pointLine(invocation, point));
  return { from: { kind: 'point', point }, passedOver: [] };
}

async function resolveSource(
  { session }: Invocation,
  text: string,
): Promise<{ readonly from: RestoreFrom; readonly passedOver: readonly string[] }> {
  if (existsSync(text) && statSync(text).isFile())
    return { from: { kind: 'file', path: text }, passedOver: [] };
  if (/[/\\]|\.(db|json|gz|age)$/.test(text) && !existsSync(text) && text.startsWith('.'))
    throw new UsageError(`file ${text} does not exist`);
  const { entry, passedOver } = await resolveAnywhere(session, text);
  const from = { kind: 'backup', entry } as const;
  if (text !== 'latest') return { from, passedOver };
  await refuseDenied(session.bucket, entry);
  return { from, passedOver };
}

/** Closes the database again: the restore opens it where it needs it. */
async function laterThan(session: Session, { name }: BackupEntry): Promise<string | undefined> {
  try {
    return await madeLater(session.bucket, async () => (await session.backup()).ledger, name);
  } finally {
    await session.close();
  }
}

/**
 * The newest backup may be good, and an older one may hold far less: for want of a right nothing is
 * restored.
 */
async function refuseDenied(bucket: Bucket, { name }: BackupEntry): Promise<void> {
  const denied = (await latestBackup(bucket)).newer.find(
    ({ isDenied, time }) => isDenied === true && !isAhead(time, nowOf(bucket)),
  );
  if (denied === undefined) return;
  throw new Error(
    `${denied.name} is newer than ${name} and cannot be read: ${denied.problem}; then restore again. Nothing was changed. To take the older one all the same: npm run backup -- restore ${name}`,
  );
}

/**
 * By whatever name it is given, the bot's own database is no other one: what is in it is saved
 * first.
 */
function targetOf(
  cli: Cli,
  session: Session,
  to: string | undefined,
): { readonly target: RestoreTarget; readonly isOther: boolean } {
  const own = session.config.database;
  if (to === undefined) return { target: reachable(own), isOther: false };
  const config = readConfig({ ...cli.env, DATABASE_URL: to }, 'cli');
  requirePlaces(config);
  const { database } = config;
  if (isSameDatabase(database, own)) return { target: reachable(own), isOther: false };
  if (database.kind === 'file') {
    requireOutputPlace(session, '--to', database.path);
    requireDatabasePlace('--to', database.path);
  }
  return { target: reachable(database), isOther: true };
}

/**
 * A new file in the place of a link would hide the one that is there again when its disk is
 * mounted.
 */
function reachable(target: RestoreTarget): RestoreTarget {
  const link = target.kind === 'file' ? brokenLink(target.path) : undefined;
  if (link !== undefined) throw new UsageError(`${link}: ${MOUNT}. Nothing was changed.`);
  if (target.kind === 'file') requireDatabasePlace('DATABASE_URL', target.path);
  return target;
}

function isSameDatabase(one: RestoreTarget, other: RestoreTarget): boolean {
  if (one.kind === 'file') return other.kind === 'file' && isSamePlace(one.path, other.path);
  return other.kind === 'remote' && addressOf(one.url).href === addressOf(other.url).href;
}

function addressOf(url: string): URL {
  return new URL(url.replace(/^libsql:/, 'https:'));
}

/** Without what may be secret. */
function describe(target: RestoreTarget): string {
  return target.kind === 'file' ? target.path : addressOf(target.url).host;
}

function nameOf(from: RestoreFrom): string {
  if (from.kind === 'point') return `the state of ${from.point.time.toISOString()}`;
  return from.kind === 'file' ? from.path : from.entry.name;
}
