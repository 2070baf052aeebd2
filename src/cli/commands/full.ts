import { existsSync } from 'node:fs';
import { rmdir } from 'node:fs/promises';
import { Command } from 'commander';
import { keepDamagedRun } from '../../backup/catalog/damage-without-backup.ts';
import { damageOf } from '../../backup/catalog/entry.ts';
import { deletedText } from '../../backup/catalog/prune.ts';
import { staysText } from '../../backup/copy/places.ts';
import { rowsOfTables } from '../../backup/model/digest.ts';
import { lastStored } from '../../backup/restore/stored-behind.ts';
import type { BackupOutcome } from '../../backup/run/outcome.ts';
import { KEEPS_DELETED } from '../../backup/run/probe.ts';
import type { BackupProgress } from '../../backup/run/progress.ts';
import { runBackup } from '../../backup/run/run.ts';
import { isNotOurs } from '../../backup/schema/whose.ts';
import { isDamagedDatabase } from '../../db/database-fault.ts';
import { bringBack, type LastStored } from '../../db/lack-words.ts';
import { notEncrypted } from '../../hosts/not-encrypted.ts';
import { explain } from '../../lib/clock.ts';
import { formatBytes, formatCount, formatDuration } from '../../text/format.ts';
import { withAdvice } from '../advice.ts';
import { type Cli, type ExitCode, framed, type Invocation } from '../command.ts';
import { mendOf } from '../damage-advice.ts';
import { livingOf } from '../moment.ts';
import { createProgressBar } from '../progress-bar.ts';
import { sameDisk } from '../same-disk.ts';
import type { Session } from '../session.ts';
import { type CopiedNow, copiedNow } from './copy.ts';

export function fullCommand(cli: Cli): Command {
  const command = new Command('full')
    .description('make one complete backup: the database and all of it as readable JSON, proved')
    .option('--any-schema', "also of a database that has none of the bot's tables");
  return framed(cli, command, full);
}

const LABELS: Readonly<Record<BackupProgress['phase'], string>> = {
  snapshot: 'saving',
  proof: 'proving',
  retention: 'cleaning',
};

async function full(
  invocation: Invocation,
  _args: readonly string[],
  { anySchema = false }: { readonly anySchema?: boolean },
): Promise<ExitCode> {
  const { terminal, session, now, stoppable } = invocation;
  const place = session.config.bucket;
  const isNew = place.kind === 'directory' && !existsSync(place.path);
  const opened = await session.backup().catch(async (error: unknown) => {
    if (isDamagedDatabase(explain(error))) await keepDamagedRun(session.bucket, explain(error));
    throw error;
  });
  const context = { ...opened, onlyOurs: !anySchema };
  const plain = await plainOf(session);
  const bar = createProgressBar(terminal);
  const began = now();
  const outcome = await stoppable((signal) =>
    runBackup(context, {
      trigger: 'command',
      scheduledAt: began,
      signal,
      onProgress: ({ phase, rows, bytes, total }) => bar({ label: LABELS[phase], rows, bytes, total }),
    }),
  );
  const ms = now().getTime() - began.getTime();
  // Not where something is in it.
  if (isNew && outcome.kind === 'failed') await rmdir(place.path).catch(() => {});
  // The run is good, whatever becomes of its copy.
  const second =
    outcome.kind === 'done'
      ? await stoppable((signal) => copiedNow(session, outcome.name, signal))
      : undefined;
  const stored = isGood(outcome) ? undefined : await storedOf(invocation);
  terminal.clear();
  report(invocation, outcome, { ms, second, stored });
  if (plain !== undefined && outcome.kind === 'done') terminal.note(terminal.colors.red(plain));
  if (outcome.kind === 'done') return outcome.manifest.state === 'verified' ? 0 : 1;
  return 1;
}

/** Looked at before the run: behind it, the newest one is the run's own. */
async function plainOf(session: Session): Promise<string | undefined> {
  try {
    const copy = await session.copy().catch(() => undefined);
    return await notEncrypted(session.config.backup, [session.first, copy], await session.recipients());
  } catch {
    return undefined;
  }
}

function isGood(outcome: BackupOutcome): boolean {
  return outcome.kind === 'skipped' || (outcome.kind === 'done' && damageOf(outcome.manifest) === undefined);
}

/** The last moment of before the damage or the loss. */
async function storedOf({ session, now }: Invocation): Promise<LastStored | undefined> {
  const { first, keys, copy } = session;
  const look = { now: now(), keys, living: await livingOf(session) };
  return lastStored([first, await copy()], look);
}

interface Made {
  readonly ms: number;
  /** What became of the second copy; undefined: there is none. */
  readonly second: CopiedNow | undefined;
  /** What change files reach, where the database is not good. */
  readonly stored: LastStored | undefined;
}

/** What the second copy does not have, in a sentence. */
function lackingText(name: string, { place, problem }: CopiedNow): string | undefined {
  if (problem !== null) return `the second copy is not whole, the bot tries again: ${problem}`;
  if (place === 'both') return undefined;
  return place === 'stays'
    ? `not in the second copy${staysText([name])}`
    : `the second copy does not have ${name} yet, the bot tries again`;
}

function report(invocation: Invocation, outcome: BackupOutcome, made: Made): void {
  if (outcome.kind === 'failed') tellFailed(invocation, outcome, made);
  else if (outcome.kind === 'done') tellDone(invocation, outcome, made);
  else {
    const { say, answer, colors } = invocation.terminal;
    const { reason: skipped, name = null, message } = outcome;
    answer({ ok: false, skipped, name, message });
    say(`${colors.yellow('skipped:')} ${message}`);
  }
}

function tellFailed(
  { terminal, session }: Invocation,
  outcome: Extract<BackupOutcome, { readonly kind: 'failed' }>,
  { stored }: Made,
): void {
  const { say, answer, colors } = terminal;
  const reason = withAdvice(outcome.reason, session.config.database);
  const [what = '', ...advice] = reason.split('\n');
  answer({ ok: false, error: reason, left: outcome.left, notices: session.notices });
  say(`${colors.red('failed:')} ${what}`);
  for (const line of [...advice, ...outcome.left]) say(`  ${line}`);
  if (isNotOurs(outcome.cause)) say(`  if the bot's data is gone: ${bringBack(stored)}`);
  say('This run changed no other backup; `npm run backup -- list` shows what there is.');
}

type Done = Extract<BackupOutcome, { readonly kind: 'done' }>;

function tellDone(invocation: Invocation, outcome: Done, { ms, second, stored }: Made): void {
  const { terminal, session } = invocation;
  const { say, warn, answer, colors } = terminal;
  const { manifest, name, pruned, swept, problems, leased } = outcome;
  const damage = damageOf(manifest);
  const rows = rowsOfTables(manifest.tables);
  answer({
    ok: damage === undefined,
    ...(damage !== undefined && { error: damage }),
    name,
    leased,
    rows,
    rows_read: outcome.rowsRead,
    manifest,
    removed: pruned?.removed ?? [],
    retention_asks: pruned?.plan.kind === 'ask',
    hidden_bytes: pruned?.hiddenBytes ?? 0,
    swept: swept.objects,
    problems,
    notices: session.notices,
    ...(second && {
      second_copy: { has: second.place === 'both', left: second.left, problem: second.problem },
    }),
  });
  const { database, document } = manifest.objects;
  const made = `backup ${colors.bold(name)} in ${formatDuration(ms)}, ${formatCount(rows)} rows`;
  if (damage === undefined) say(`${colors.green('done:')} ${made}, verified`);
  else {
    say(`${colors.red('DAMAGED:')} ${made}: stored as it was read, but ${damage}`);
    say(`  it is kept, and so is every good one before it; what to do: ${mendOf(damage, stored)}`);
  }
  for (const object of [database, document])
    say(`  ${object.file}  ${formatBytes(object.bytes)} (${formatBytes(object.contents.bytes)} inside)`);
  say(`  in ${session.bucket.store.description}`);
  if (second?.place === 'both') say(`  and in the second copy, read back`);
  // The run is good, so cron gets no exit code for it: what it mails is standard error.
  const lacking = second && lackingText(name, second);
  if (lacking !== undefined) terminal.note(colors.yellow(lacking));
  const apart = second && sameDisk(session.config);
  if (apart !== undefined) warn(`  ${apart}`);
  for (const line of manifest.proof) say(colors.dim(`  proof: ${line}`));
  tellAround(invocation, outcome);
}

/** What the run did beside the backup, and what it could not do. */
function tellAround(
  { terminal, session }: Invocation,
  { manifest, pruned, problems, leased, rowsRead }: Done,
): void {
  const { say, warn, colors } = terminal;
  const isGood = damageOf(manifest) === undefined;
  const deleted = deletedText(pruned);
  if (deleted !== undefined) say(`  ${deleted}`);
  if (session.config.database.kind === 'remote')
    say(
      `  the database was asked for ${formatCount(rowsRead)} rows of tables and indexes, which a hosted one bills`,
    );
  if (pruned !== undefined && pruned.hiddenBytes > 0)
    warn(`  ${formatBytes(pruned.hiddenBytes)} of them are still there: ${KEEPS_DELETED}`);
  if (!leased)
    say(
      colors.dim(
        `  ${isGood ? 'the bot has not made its record of runs in this database yet' : 'the record of runs in this database (backup_lease, backup_runs) is not whole'}, so nothing in it could say that another backup is under way`,
      ),
    );
  if (problems.length > 0)
    warn(`  ${isGood ? 'the backup is good; w' : 'W'}hat followed it had the problems above`);
}
