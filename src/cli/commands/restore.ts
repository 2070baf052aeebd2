import { existsSync } from 'node:fs';
import { Command } from 'commander';
import type { BackupEntry } from '../../backup/catalog/entry.ts';
import { nameFromText } from '../../backup/catalog/names.ts';
import { NotOpened } from '../../backup/catalog/not-opened.ts';
import { BackupDamaged } from '../../backup/restore/fetch-backup.ts';
import { withWayOn } from '../../backup/restore/old-file.ts';
import { restore } from '../../backup/restore/restore.ts';
import { type RestoreParts, sourceOf } from '../../backup/restore/restore-steps.ts';
import { BackupRefused, type RestoreFrom } from '../../backup/restore/source.ts';
import { databaseState } from '../../backup/restore/target-state.ts';
import type { BackupContext } from '../../backup/run/context.ts';
import { copyLive } from '../../backup/snapshot/copy-live.ts';
import { lockDatabaseFile } from '../../db/file/file-lock.ts';
import { notMissed } from '../../hosts/node/rescued.ts';
import { isRescued, type Kept, keptBeside } from '../../hosts/node/ways-back.ts';
import { systemClock } from '../../lib/clock.ts';
import { isSamePlace } from '../../lib/disk/own-places.ts';
import { inScratch } from '../../lib/disk/scratch.ts';
import { type Cli, type ExitCode, type Invocation, reading, UsageError } from '../command.ts';
import { furtherLines } from '../further.ts';
import { requireMoment, withMoment } from '../moment-options.ts';
import { requireOutputPlace } from '../output-place.ts';
import { createProgressBar } from '../progress-bar.ts';
import { storeFirst } from '../store-waiting.ts';
import { LATEST } from '../target.ts';
import { askedFor, flagsOf, nameAnother, nameOpening, nameOther, type Options } from './restore-refusals.ts';
import { dryRun, tellRestored } from './restore-report.ts';
import { laterThan, requireMeant, resolvePoint, resolveSource, sourceName } from './restore-source.ts';
import { describeTarget, targetOf } from './restore-target.ts';

export function restoreCommand(cli: Cli): Command {
  const command = new Command('restore')
    .description('bring a backup back: into an empty database, or over a full one with --replace')
    .argument('[source]', `a backup, ${LATEST}, or a file (.db, .json, packed or encrypted)`);
  withMoment(command, 'instead of a backup: the state of a moment')
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
      if (options.at !== undefined) return nameOther(invocation, error, askedFor(options, options.at));
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
  const only = requireAsked(source, options);
  // A new file here would stand beside the program, and the bot would serve another.
  if (options.to === undefined && session.elsewhere !== undefined)
    throw new UsageError(`${session.elsewhere}; or name a place: restore ${source ?? '--at …'} --to file:…`);
  const { target, isOther } = targetOf(cli, session, options.to);
  if (options.at !== undefined && !isOther && options.dryRun !== true && options.brokenDatabase !== true)
    await storeFirst(invocation);
  const found =
    options.at === undefined
      ? await resolveSource(invocation, source ?? '')
      : await resolvePoint(invocation, askedFor(options, options.at));
  const { from, passedOver: newer } = found;
  terminal.warn(...newer);
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
  const state = isOldBroken ? 'full' : await stateOf(target);
  if (state === 'absent' && !isOther) requireOwnRescued(from, target);
  const known =
    source === 'latest' && from.kind === 'backup'
      ? await beyond(invocation, from.entry, {
          isAsked: state !== 'absent' && !isOldBroken,
          // By the time of that command this one has filled the place.
          flags: flagsOf({ ...options, replace: only === undefined }),
        })
      : [];
  terminal.warn(...known);
  const passedOver = [...newer, ...known];
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
      `${describeTarget(target)} is not empty: --replace ${isOther && target.kind === 'file' ? 'sets its file aside' : 'saves it first'} and then replaces it`,
    );
  if (!isOther) await requireMeant(invocation, found);
  if (state === 'full') await confirmReplaced(invocation, target, { from, only, isOldBroken, isOther });
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
      isEmpty: state !== 'full',
      isOther,
    });
  } finally {
    await lock?.release();
  }
}

/** @returns the tables that `--only` names; undefined: all */
function requireAsked(source: string | undefined, options: Options): string[] | undefined {
  if ((source === undefined) === (options.at === undefined))
    throw new UsageError(
      source === undefined
        ? "missing required argument 'source': a backup, latest or a file; or --at and a time"
        : 'restore takes a backup or --at, not both',
    );
  if (options.at === undefined) requireMoment(options);
  const only = options.only
    ?.split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  if (only?.length === 0) throw new UsageError('--only needs names of tables');
  return only;
}

/** @throws with the way on from a file that cannot be read */
function stateOf(target: RestoreParts['target']): ReturnType<typeof databaseState> {
  return databaseState(target, fetch).catch(async (error: unknown) => {
    if (target.kind !== 'file') throw error;
    throw await inScratch(undefined, (scratch) => withWayOn(error, target.path, scratch, systemClock));
  });
}

/** What there is behind the newest backup: in the database, and in change files. */
async function beyond(
  invocation: Invocation,
  entry: BackupEntry,
  { isAsked, flags }: { readonly isAsked: boolean; readonly flags: string },
): Promise<string[]> {
  const later = isAsked ? await laterThan(invocation.session, entry) : undefined;
  const further = await furtherLines(invocation, entry, flags);
  return later === undefined ? further : [later, ...further];
}

/** @throws UsageError for a no */
async function confirmReplaced(
  { terminal, yes }: Invocation,
  target: RestoreParts['target'],
  { from, only, isOldBroken, isOther }: Pick<Plan, 'from' | 'only' | 'isOldBroken' | 'isOther'>,
): Promise<void> {
  if (yes) return;
  const what = only === undefined ? 'All of it' : `Its tables ${only.join(', ')}`;
  const first =
    isOldBroken || (isOther && target.kind === 'file')
      ? 'No backup of it is made; its old file is set aside.'
      : isOther
        ? 'A copy of it is made here first.'
        : 'A backup of it is made first.';
  const question = `${what} in ${describeTarget(target)} will be replaced by ${sourceName(from)}. ${first}`;
  if (!(await terminal.confirm(question, 'replace')))
    throw new UsageError('not confirmed: nothing was changed (--yes asks nothing)');
}

interface Plan {
  readonly from: RestoreFrom;
  readonly passedOver: readonly string[];
  readonly only: readonly string[] | undefined;
  readonly isOldBroken: boolean;
  readonly isBots: boolean;
  readonly isSaved: boolean;
  readonly isEmpty: boolean;
  /** Not the bot's own database, by any name: its safety copy is none of the bot's backups. */
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
  const bar = createProgressBar(terminal);
  const report = await invocation.stoppable((signal) =>
    restore(
      { ...base, context, closeTarget: () => session.close() },
      {
        from: plan.from,
        only: plan.only,
        isOldBroken: plan.isOldBroken,
        isEmpty: plan.isEmpty,
        isBots: plan.isBots,
        signal,
        onProgress: ({ phase, done, total }) =>
          phase === 'load'
            ? bar({ label: LABELS[phase], bytes: 0, rows: done, total: undefined })
            : bar({ label: LABELS[phase], bytes: done, total }),
      },
    ),
  );
  const rescued = plan.isOther || plan.only !== undefined ? undefined : rescuedFrom(plan.from, base.target);
  // What the database holds now is not to be offered again for a week.
  if (rescued !== undefined) await (await session.live()).write([notMissed(rescued)]);
  const safety = report.safety ?? copy;
  const unsaved =
    plan.isSaved && safety === undefined
      ? ["no backup of what was there before was made, for this is not the bot's own database"]
      : [];
  tellRestored(
    invocation,
    base.target,
    { ...report, safety, notes: [...unsaved, ...report.notes] },
    { ...plan, ms: now().getTime() - began.getTime() },
  );
  return 0;
}

/** @throws UsageError: these settings are not those of the bot that rescued the file */
function requireOwnRescued(from: RestoreFrom, target: RestoreParts['target']): void {
  if (from.kind !== 'file' || target.kind !== 'file') return;
  const [, owner] = /^(.+)\.rescued-\w+$/.exec(from.path) ?? [];
  if (owner === undefined || !existsSync(owner) || isSamePlace(owner, target.path)) return;
  throw new UsageError(
    `${from.path} was rescued of ${owner}, and the settings here name ${target.path}, which is not there: run it where the settings of that bot are, or name a place: --to file:…`,
  );
}

function rescuedFrom(from: RestoreFrom, target: RestoreParts['target']): Kept | undefined {
  if (from.kind !== 'file' || target.kind !== 'file') return undefined;
  return keptBeside(target.path).find((kept) => isRescued(kept) && isSamePlace(kept.name, from.path));
}

const LABELS = {
  fetch: 'fetching',
  safety: 'saving old',
  load: 'loading',
  compare: 'comparing',
  swap: 'swapping',
} as const;
