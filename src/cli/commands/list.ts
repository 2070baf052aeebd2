import { Command, InvalidArgumentError } from 'commander';
import { shortId } from '../../backup/catalog/change-position.ts';
import type { DrillRecord } from '../../backup/catalog/drill-record.ts';
import type { BackupEntry } from '../../backup/catalog/entry.ts';
import { botText, familiesOf } from '../../backup/catalog/whose-bot.ts';
import { branchText, ownOf } from '../../backup/restore/branches.ts';
import { countOf, formatBytes, formatDuration } from '../../text/format.ts';
import { toTheSecond } from '../../text/moment.ts';
import { type Cli, type ExitCode, type Invocation, NOT_SAFE, reading } from '../command.ts';
import { reachJson, sayReach } from '../reach.ts';
import type { Colors } from '../terminal.ts';
import { type Findings, findingsOf } from './list-findings.ts';
import { entryJson, tableOf } from './list-table.ts';
import { unsafeLine, verdict } from './list-verdict.ts';

export function listCommand(cli: Cli): Command {
  const command = new Command('list')
    .description('every backup, newest first, and whether you are safe')
    .option('-n, --limit <count>', 'show only so many', wholeNumber)
    .option('--check', `the verdict alone; exit code ${NOT_SAFE} when you are not safe (for cron)`);
  return reading<Options>(cli, command, list);
}

interface Options {
  readonly limit?: number;
  readonly check?: boolean;
}

/** Troubled ones explained, newest first; the others are counted. */
const EXPLAINED = 5;

async function list(invocation: Invocation, _: readonly string[], options: Options): Promise<ExitCode> {
  const { terminal } = invocation;
  const found = await findingsOf(invocation);
  const shown = found.all.slice(0, options.limit);
  const { health, fuller, lack, taken } = found.standing;
  const { colors } = terminal;
  const isGood = health.ok && fuller === undefined && lack === undefined && taken === undefined;
  const bad = badOf(found);
  const why = found.databaseGone ?? (found.gone && `${found.gone.problem}. ${found.gone.todo}`);
  const first = why ?? (isGood ? bad[0] : undefined);
  const unsafe = first === undefined ? undefined : unsafeLine(colors, inSentence(first));
  const isSafe = isGood && unsafe === undefined;
  answer(invocation, found, { shown, isSafe });
  const safe = verdict(colors, found.entries, found.newest, found.standing, unsafe !== undefined);
  if (options.check !== true) {
    sayAll(invocation, found, { shown, safe, unsafe, first });
    return 0;
  }
  // Cron mails standard error; good news goes where a job throws it away.
  if (unsafe !== undefined) terminal.note(unsafe);
  if (isSafe) terminal.say(safe);
  else if (!isGood) terminal.note(safe);
  // A second bot's backups are no danger, so it is no verdict.
  for (const line of [...bad.filter((one) => one !== first), ...found.unrecorded]) terminal.note(line);
  return isSafe ? 0 : NOT_SAFE;
}

/**
 * What is no safety beside a good newest backup, in sentences. What can still be taken back is part
 * of it until the owner says that it is not missed: /test has the same rule.
 */
function badOf({ others, differing, further, wentOn, rescued }: Findings): string[] {
  return [others?.bad, differing, further, wentOn?.line, rescued].filter((line) => line !== undefined);
}

/** As it goes on behind a colon. */
function inSentence(line: string): string {
  return `${line.charAt(0).toLowerCase()}${line.slice(1)}`;
}

function answer(
  { terminal, session }: Invocation,
  found: Findings,
  { shown, isSafe }: { readonly shown: readonly BackupEntry[]; readonly isSafe: boolean },
): void {
  const { standing, others, later, unread, gone, databaseGone } = found;
  const { health, fuller, lack, taken } = standing;
  terminal.answer({
    ok: isSafe,
    ...(taken && { of_bot: botText(taken) }),
    newest_verified: health.name,
    age_hours: health.ageHours,
    damaged: health.damaged ?? null,
    ...(lack && { database_lacks: lack === 'all' ? ['every table'] : lack.findings }),
    ...(databaseGone === undefined ? {} : { database_gone: databaseGone }),
    ...(fuller && { fuller: fuller.entry.name }),
    ...(later === undefined ? {} : { made_later: later }),
    ...(unread === undefined ? {} : { record_unread: unread }),
    ...(found.unrecorded.length > 0 && { unrecorded: found.unrecorded }),
    total: found.total,
    last_drill: found.lastDrill ?? null,
    point_in_time: reachJson(found.stored.history),
    changes_lost: gone?.problem ?? null,
    ...(found.wentOn && { goes_further: found.wentOn.until }),
    ...(found.rescued !== undefined && { rescued: found.rescued }),
    branches: found.branches.map(({ id, since, to }) => ({
      timeline: id,
      since: since?.toISOString() ?? null,
      to: to?.toISOString() ?? null,
    })),
    bucket: session.bucket.store.description,
    ...(others && { second_copy: others.answer }),
    backups: shown.map((entry) => ({ ...entryJson(entry), place: others?.placeOf(entry) ?? null })),
  });
}

interface Said {
  readonly shown: readonly BackupEntry[];
  readonly safe: string;
  readonly unsafe: string | undefined;
  /** What that is made of. */
  readonly first: string | undefined;
}

function sayAll(invocation: Invocation, found: Findings, { shown, safe, unsafe, first }: Said): void {
  const { terminal, session, now } = invocation;
  const { say, warn, colors } = terminal;
  const { entries, total, others, strangers } = found;
  const { bucket, config } = session;
  if (unsafe !== undefined) say(unsafe);
  say(safe);
  if (found.later !== undefined) warn(found.later);
  const told: readonly (readonly [line: string | undefined, paint: (text: string) => string])[] = [
    [others?.line, others?.isWhole === true ? colors.dim : colors.yellow],
    [found.differing, colors.red],
    [found.further, colors.red],
    [found.longer, colors.yellow],
    [found.wentOn?.line, colors.red],
    [found.rescued, colors.red],
    [found.moving, colors.yellow],
  ];
  for (const [line, paint] of told) if (line !== undefined && line !== first) say(paint(line));
  warn(...found.unrecorded);
  if (strangers.size > 0) warn(strangersLine([...strangers]));
  if (found.lastDrill !== undefined) say(drillLine(colors, found.lastDrill, now()));
  if (found.unread !== undefined && total > 0)
    say(
      colors.dim(
        `Not compared with the database’s record of runs, which would tell of lost ones: ${found.unread}`,
      ),
    );
  sayTroubled(invocation, entries);
  if (shown.length > 0) {
    say('');
    const place = others && ((entry: BackupEntry): string => others.placeOf(entry));
    const [title = '', ...lines] = tableOf(
      shown.map((entry) => ({ entry, place: place?.(entry) })),
      { bucket, now: now(), colors, strangers, columns: terminal.columns },
    );
    say(colors.dim(title));
    for (const line of lines) say(line);
  }
  const bytes = entries.reduce((sum, entry) => sum + entry.bytes, 0);
  const hidden = found.all.length > shown.length ? `, ${shown.length} shown` : '';
  if (total > 0) {
    say('');
    say(colors.dim(`${total} in ${bucket.store.description}, ${formatBytes(bytes)}${hidden}`));
  }
  sayReach(terminal, found.stored, {
    zone: config.timeZone,
    now: now(),
    days: config.changes.retentionDays,
  });
  sayBranches(invocation, found);
  // The one line that matters has scrolled away.
  if (shown.length > (terminal.rows ?? Number.POSITIVE_INFINITY) - 8) say(unsafe ?? safe);
}

function sayTroubled({ terminal: { say, colors } }: Invocation, entries: readonly BackupEntry[]): void {
  const troubled = entries.filter(({ state }) => state === 'damaged' || state === 'unreadable');
  for (const { name, state, problem } of troubled.slice(0, EXPLAINED))
    say(colors.red(`  ${name} is ${state}: ${problem}`));
  if (troubled.length > EXPLAINED)
    say(
      colors.red(
        `  and ${troubled.length - EXPLAINED} more are damaged or unreadable: --json names what is wrong with each`,
      ),
    );
}

function sayBranches(
  { terminal: { warn }, session }: Invocation,
  { branches, living, stored }: Findings,
): void {
  if (branches.length < 2) return;
  const own = ownOf(branches, stored.bases, living);
  const which =
    own === undefined ? 'say which' : `the database’s own is ${shortId(own.id)}; for another, say which`;
  warn(`${branches.length} histories go on side by side: ${which} with restore --at … --timeline`);
  const show = (time: Date): string => toTheSecond(time, session.config.timeZone);
  for (const branch of branches) warn(`  ${branchText(branch, show)}`);
}

function strangersLine(strangers: readonly BackupEntry[]): string {
  const bots = familiesOf(strangers).flatMap(([newest]) => newest?.manifest?.bot ?? []);
  return `${countOf(strangers.length, 'backup')} of another bot (${bots.map(botText).join(', ')}) count for nothing here, and this one deletes none of them: give each bot a bucket or a BACKUP_PREFIX of its own`;
}

function drillLine(colors: Colors, drill: DrillRecord, now: Date): string {
  const age = formatDuration(now.getTime() - Date.parse(drill.at));
  if (drill.opened === false)
    return colors.yellow(
      `The last restore drill, ${age} ago, could not open ${drill.name}: ${drill.problem}`,
    );
  if (!drill.ok)
    return colors.red(`The last restore drill FAILED, ${age} ago, with ${drill.name}: ${drill.problem}`);
  return colors.dim(`Last restore drill: ${age} ago, ${drill.name} in ${(drill.ms / 1000).toFixed(1)} s.`);
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('a whole number from 1');
  return value;
}
