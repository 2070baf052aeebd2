import { existsSync, readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { requireUndamaged } from '../../backup/catalog/entry.ts';
import { listBackups } from '../../backup/catalog/list.ts';
import { deletedText } from '../../backup/catalog/prune.ts';
import type { ImportReport, Preference } from '../../backup/import/import.ts';
import { describeMap, type ImportMap, readImportMap } from '../../backup/import/map/format.ts';
import { layoutOf } from '../../backup/import/open-file.ts';
import { type ImportRun, runImport } from '../../backup/import/run-import.ts';
import type { BackupContext } from '../../backup/run/context.ts';
import { type Lease, takeLease } from '../../backup/run/lease.ts';
import { runBackup } from '../../backup/run/run.ts';
import { migrate } from '../../db/migrate.ts';
import { openDatabase } from '../../hosts/node/node-parts.ts';
import { inScratch } from '../../lib/disk/scratch.ts';
import { TAKE_OVER_MODULE, takeOver, takeOverFile } from '../../takeover/take-over.ts';
import { countOf } from '../../text/format.ts';
import { type Cli, type ExitCode, framed, type Invocation, UsageError } from '../command.ts';
import { Interrupted } from '../interrupted.ts';
import { createProgressBar } from '../progress-bar.ts';
import { misread, tellImported } from './import-report.ts';

interface Options {
  readonly prefer?: Preference;
  readonly utcOffset: number;
  readonly dryRun?: boolean;
  readonly map?: string;
}

export function importCommand(cli: Cli): Command {
  const command = new Command('import')
    .description(
      'merge a file into the database: the old bot’s JSON or .db, a backup, an export, another bot’s file',
    )
    .argument('<file>', 'packed, encrypted or plain')
    .addOption(
      new Option(
        '--prefer <side>',
        'whose value stays where both have one; the newer row’s by default',
      ).choices(['file', 'database']),
    )
    .option(
      '--utc-offset <+HH:MM>',
      'what the old bot’s clock was ahead of UTC (Tashkent: +05:00)',
      utcOffset,
      0,
    )
    .option('--map <file>', 'how another bot’s file is laid out (docs/formats.md); guessed without one')
    .option('--dry-run', 'show what would change, change nothing');
  return framed<Options>(cli, command, run);
}

async function run(
  invocation: Invocation,
  [file = '']: readonly string[],
  options: Options,
): Promise<ExitCode> {
  const { terminal } = invocation;
  if (!existsSync(file)) throw new UsageError(`file ${file} does not exist`);
  const stats = statSync(file);
  if (!stats.isFile())
    throw new UsageError(
      `${file} is ${stats.isDirectory() ? 'a directory' : 'a pipe or a device'}, not a file`,
    );
  try {
    return await inScratch(undefined, (scratch) => importFile(invocation, file, options, scratch));
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof Interrupted)) await suggestBackups(invocation);
    throw error;
  } finally {
    terminal.clear();
  }
}

async function importFile(
  invocation: Invocation,
  file: string,
  options: Options,
  scratch: string,
): Promise<ExitCode> {
  const { session, terminal } = invocation;
  if (options.utcOffset !== 0)
    terminal.say(
      terminal.colors.dim(
        '--utc-offset moves the times that a bot wrote itself (with a T, or a fraction of a second); all others are in UTC already',
      ),
    );
  const map = await mapOf(invocation, file, options);
  const bar = createProgressBar(terminal);
  const run = (
    more: Pick<ImportRun, 'dryRun' | 'beforeMerge'> & { beat?: () => Promise<void> },
  ): Promise<ImportReport> =>
    invocation.stoppable((signal) =>
      runImport({
        takeOver: TAKE_OVER_MODULE,
        database: session.config.database,
        ownerIds: session.config.ownerIds,
        file: resolve(file),
        scratch,
        keys: session.keys,
        utcOffsetMinutes: options.utcOffset,
        prefer: options.prefer ?? 'newer',
        map,
        signal,
        dryRun: more.dryRun,
        ...(more.beforeMerge && { beforeMerge: more.beforeMerge }),
        onRows: async (rows) => {
          bar({ label: more.dryRun ? 'looking' : 'importing', bytes: 0, rows, total: undefined });
          await more.beat?.();
        },
      }),
    );
  const isGuess = map !== undefined && options.map === undefined;
  const doubtsOf = (report: ImportReport): string[] => (isGuess ? misread(report) : []);
  const plan = await run({ dryRun: true });
  const changes = plan.tables.reduce((sum, { added, changed }) => sum + added + changed, 0);
  if (options.dryRun === true || changes === 0) {
    return tellImported(invocation, plan, doubtsOf(plan), { dryRun: true, safety: null, map });
  }
  if (!invocation.yes) {
    tellImported(invocation, plan, doubtsOf(plan), undefined);
    if (
      !(await terminal.confirm(
        `${countOf(changes, 'row')} will be added or changed. A backup is made first.`,
        'import',
      ))
    )
      throw new UsageError('not confirmed: nothing was changed (--yes asks nothing)');
  }
  const { report, safety } = await merge(invocation, (lease) =>
    run({ dryRun: false, beat: () => lease.beat(), beforeMerge: () => lease.confirm() }),
  );
  return tellImported(invocation, report, doubtsOf(report), { dryRun: false, safety, map });
}

/** With a backup of what is there, and as the only run. */
async function merge(
  invocation: Invocation,
  run: (lease: Lease) => Promise<ImportReport>,
): Promise<{ readonly report: ImportReport; readonly safety: string }> {
  const { session, terminal } = invocation;
  const opened = await openDatabase(session.config.database);
  try {
    const context = await session.backup();
    // An empty database, or the old bot's, gets today's schema first (after a backup).
    const { notes } = await migrate(opened.db, {
      now: invocation.now,
      takeOver: session.config.database.kind === 'file' ? takeOverFile : takeOver,
      backup: () => backUp(context, invocation, 'migration').then(() => undefined),
    });
    terminal.warn(...notes);
    const safety = await backUp(context, invocation, 'import');
    const taken = await takeLease(context.ledger, `import by ${context.holder}`, context.clock);
    if (taken.kind === 'busy')
      throw new Error(
        `another run is under way (${taken.holder}); try again when it is done, or in ${taken.secondsLeft} s if it died`,
      );
    const { lease } = taken;
    const report = await run(lease).finally(() => lease.release());
    return { report, safety };
  } finally {
    await opened.close();
  }
}

/**
 * The person's map. Another bot's file without one gets a guess, which is shown and confirmed with
 * the rest. Undefined for a file of this bot.
 */
async function mapOf(
  { session, stoppable, terminal }: Invocation,
  file: string,
  options: Options,
): Promise<ImportMap | undefined> {
  if (options.map !== undefined) {
    if (!existsSync(options.map)) throw new UsageError(`file ${options.map} does not exist`);
    return readImportMap(readFileSync(options.map, 'utf8'));
  }
  const { isOurs, sources, guess } = await inScratch(undefined, (directory) =>
    stoppable((signal) =>
      layoutOf(resolve(file), { keys: session.keys, directory, utcOffsetMinutes: options.utcOffset, signal }),
    ),
  );
  if (isOurs) return undefined;
  const names = sources.length === 0 ? 'nothing' : sources.join(', ');
  if (guess === undefined)
    throw new Error(
      `${file} is no file of this bot, and nothing in it looks like a bot’s; it holds ${names}. Write a map (docs/formats.md, "Import map") and give it with --map`,
    );
  terminal.say(`${file} is another bot’s; it holds ${names}. What its columns seem to be:`);
  for (const line of describeMap(guess)) terminal.say(`  ${line}`);
  terminal.say(
    terminal.colors.dim('Not right? --dry-run --json prints this as a map to correct; give it with --map.'),
  );
  return guess;
}

async function backUp(
  context: BackupContext,
  { now, stoppable, terminal }: Invocation,
  trigger: 'import' | 'migration',
): Promise<string> {
  const outcome = await stoppable((signal) => runBackup(context, { trigger, scheduledAt: now(), signal }));
  if (outcome.kind === 'done') {
    const deleted = deletedText(outcome.pruned);
    if (deleted !== undefined) terminal.warn(deleted);
    requireUndamaged(outcome.manifest);
    return outcome.name;
  }
  throw new Error(
    `no backup before it, so nothing was changed: ${outcome.kind === 'failed' ? outcome.reason : outcome.message}`,
  );
}

/** A broken file: names what else can be used. */
async function suggestBackups({ session, terminal }: Invocation): Promise<void> {
  const listed = await listBackups(session.bucket, { limit: 10 }).catch(() => undefined);
  const good = listed?.entries.filter(({ state }) => state === 'verified').slice(0, 3) ?? [];
  if (good.length === 0) return;
  terminal.say(
    `The newest verified backups: ${good.map(({ name }) => name).join(', ')} (restore them, or import one of their files)`,
  );
}

function utcOffset(text: string): number {
  const [, sign, hours, minutes = '00'] = /^([+-])(\d{1,2}):?(\d{2})?$/.exec(text) ?? [];
  if (hours === undefined || Number(hours) > 14 || Number(minutes) > 59)
    throw new InvalidArgumentError('like +05:00');
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
}
