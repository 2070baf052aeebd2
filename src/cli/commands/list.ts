import { Command, InvalidArgumentError } from 'commander';
import type { Bucket } from '../../backup/catalog/bucket.ts';
import { damagedRun } from '../../backup/catalog/damage-without-backup.ts';
import { type DrillRecord, readDrills } from '../../backup/catalog/drill-record.ts';
import { type BackupEntry, isUnsealed } from '../../backup/catalog/entry.ts';
import { backupHealth } from '../../backup/catalog/health.ts';
import { listBackups, newestOf } from '../../backup/catalog/list.ts';
import { lostBackup, madeLater, recordedRun } from '../../backup/catalog/lost-backup.ts';
import { damagedNewest, isLatest, unreadableNewest } from '../../backup/catalog/newest.ts';
import { isAhead } from '../../backup/catalog/true-time.ts';
import { firstOpening, unopenedNewest } from '../../backup/catalog/unfit-keys.ts';
import { botName, botText, familiesOf, ofOtherBots } from '../../backup/catalog/whose-bot.ts';
import { listChanges, orderedOf, ownFiles } from '../../backup/changes/list-changes.ts';
import { historyOf } from '../../backup/changes/spans.ts';
import { branchesOf, branchText, ownOf, shortId } from '../../backup/restore/branches.ts';
import { countOf, formatBytes, formatCount, formatDuration } from '../../text/format.ts';
import { showMoment, toTheSecond } from '../../text/moment.ts';
import { changesAtRisk } from '../changes-at-risk.ts';
import { type Cli, type ExitCode, type Invocation, reading } from '../command.ts';
import { storedBehind } from '../further.ts';
import { livingOf } from '../moment.ts';
import { fullerBefore, lookElsewhere } from '../other-bucket.ts';
import { differingChanges, furtherNow } from '../other-way.ts';
import { reachJson, sayReach } from '../reach.ts';
import { type Column, formatTable } from '../table.ts';
import { absence } from '../target.ts';
import type { Colors } from '../terminal.ts';
import { verdict } from './list-verdict.ts';

export function listCommand(cli: Cli): Command {
  const command = new Command('list')
    .description('every backup, newest first, and whether you are safe')
    .option('-n, --limit <count>', 'show only so many', wholeNumber)
    .option('--check', `the verdict alone; exit code ${NOT_SAFE} when you are not safe (for cron)`);
  return reading<Options>(cli, command, list);
}

/**
 * `list --check`: no verified backup, the newest too old, or a newer one damaged; or a second copy
 * that is damaged, lacks one for more than a day, or cannot be read. Different from 1, which says
 * that nobody could look.
 */
const NOT_SAFE = 3;

interface Options {
  readonly limit?: number;
  readonly check?: boolean;
}

/** Troubled ones explained, newest first; the others are counted. */
const EXPLAINED = 5;

/** Tables that get a column of their own. */
const COUNTED = ['anime', 'anime_parts', 'users', 'groups'];

async function list(invocation: Invocation, _: readonly string[], options: Options): Promise<ExitCode> {
  const { terminal, session, now } = invocation;
  const { bucket, config } = session;
  // What the second copy lacks yet is not lost.
  const { run: recorded, unread } = session.readsCopy
    ? { run: undefined, unread: undefined }
    : await recordedRun(bucket, async () => (await session.backup()).ledger);
  const living = session.readsCopy ? undefined : await livingOf(session);
  const { entries, total } = await listBackups(bucket);
  const found = newestOf(bucket, entries);
  const newest = found.entry;
  const damaged = damagedNewest(bucket, found);
  const lost =
    damaged === undefined
      ? ((await lostBackup(bucket, recorded, found)) ?? unreadableNewest(bucket, found))
      : undefined;
  const failedRun = (damaged ?? lost) === undefined ? await damagedRun(bucket, newest) : undefined;
  const unopened =
    (damaged ?? lost ?? failedRun) === undefined
      ? await unopenedNewest(bucket, newest, session.keys)
      : undefined;
  const opening =
    unopened && (await firstOpening(bucket, entries.filter(isOlderThan(newest)), session.keys))?.name;
  const { maxAgeHours } = config.backup;
  const health = backupHealth(newest, now(), maxAgeHours, damaged ?? lost ?? failedRun ?? unopened);
  const stored =
    newest === undefined || (damaged ?? failedRun) === undefined
      ? undefined
      : await storedBehind(invocation, bucket, newest);
  const later = newest && (await madeLater(bucket, async () => (await session.backup()).ledger, newest.name));
  const others = await lookElsewhere(session, entries, now());
  const fuller = fullerBefore(
    newest,
    { entries, only: session.readsCopy ? [] : (others?.only ?? []) },
    bucket.bot,
  );
  const all = [...entries, ...(others?.only ?? [])].toSorted((a, b) => b.time.getTime() - a.time.getTime());
  const strangers = ofOtherBots(bucket.bot, all);
  const shown = all.slice(0, options.limit);
  const [lastDrill] = await readDrills(bucket);
  const own = ownFiles(bucket, entries, (await listChanges(bucket)).files);
  const { bases, files } = orderedOf(bucket, entries, own);
  const risk = await changesAtRisk(session, { living, bases, files });
  const { problem: gone } = risk;
  const reach = historyOf(bases, risk.sound, living?.state);
  const branches = branchesOf(bases, files);
  const differing = await differingChanges(session, own);
  const further = living === undefined ? await furtherNow(invocation, bucket) : undefined;
  const elsewhere = others?.only.find((entry) => isLatest(entry) && !strangers.has(entry));
  const copy = session.readsCopy ? undefined : await session.copy();
  const behind = elsewhere && copy && (await storedBehind(invocation, copy, elsewhere));
  terminal.answer({
    ok: health.ok && fuller === undefined && gone === undefined,
    newest_verified: health.name,
    age_hours: health.ageHours,
    damaged: health.damaged ?? null,
    ...(fuller && { fuller: fuller.entry.name }),
    ...(later === undefined ? {} : { made_later: later }),
    ...(unread === undefined ? {} : { record_unread: unread }),
    total,
    last_drill: lastDrill ?? null,
    point_in_time: reachJson(reach),
    changes_lost: gone ?? null,
    branches: branches.map(({ id, since, to }) => ({
      timeline: id,
      since: since?.toISOString() ?? null,
      to: to?.toISOString() ?? null,
    })),
    bucket: bucket.store.description,
    ...(others && { second_copy: others.answer }),
    backups: shown.map((entry) => ({ ...asJson(entry), place: others?.placeOf(entry) ?? null })),
  });
  const { colors } = terminal;
  const where = bucket.store.description;
  const standing = {
    health,
    ahead: entries.find(
      (entry) => entry.state === 'verified' && isAhead(entry.time, now()) && !isUnsealed(bucket, entry),
    ),
    isPlain: entries.some((entry) => entry.state === 'verified' && isUnsealed(bucket, entry)),
    damaged,
    lost,
    failedRun,
    fuller,
    unopened: unopened && { ...unopened, opening },
    where,
    absence: absence(bucket),
    elsewhere,
    further: behind && `--at ${behind.at} --from copy`,
    stored: stored && {
      at: stored.to.toISOString(),
      shown: showMoment(stored.to, config.timeZone),
    },
    now: now(),
    maxAgeHours,
  };
  const safe = verdict(colors, entries, newest, standing);
  const unsafe = gone && `${colors.red(colors.bold('Not safe:'))} ${gone}. ${risk.todo}`;
  if (options.check === true) {
    // Cron mails standard error; good news goes where a job throws it away.
    const isSafe = health.ok && fuller === undefined && unsafe === undefined;
    if (unsafe !== undefined) terminal.note(unsafe);
    if (isSafe) terminal.say(safe);
    else if (!health.ok || fuller !== undefined) terminal.note(safe);
    const bad = [others?.bad, differing, further].filter((line) => line !== undefined);
    for (const line of bad) terminal.note(line);
    return isSafe && bad.length === 0 ? 0 : NOT_SAFE;
  }
  if (unsafe !== undefined) terminal.say(unsafe);
  terminal.say(safe);
  if (later !== undefined) terminal.say(colors.yellow(later));
  if (others !== undefined)
    terminal.say(others.isWhole ? colors.dim(others.line) : colors.yellow(others.line));
  if (differing !== undefined) terminal.say(colors.red(differing));
  if (further !== undefined) terminal.say(colors.red(further));
  if (strangers.size > 0) terminal.say(colors.yellow(strangersLine([...strangers])));
  if (lastDrill !== undefined) terminal.say(drillLine(colors, lastDrill, now()));
  if (unread !== undefined && total > 0)
    terminal.say(
      colors.dim(`Not compared with the database’s record of runs, which would tell of lost ones: ${unread}`),
    );
  const troubled = entries.filter(({ state }) => state === 'damaged' || state === 'unreadable');
  for (const entry of troubled.slice(0, EXPLAINED))
    terminal.say(colors.red(`  ${entry.name} is ${entry.state}: ${entry.problem}`));
  if (troubled.length > EXPLAINED)
    terminal.say(
      colors.red(
        `  and ${troubled.length - EXPLAINED} more are damaged or unreadable: --json names what is wrong with each`,
      ),
    );
  if (shown.length > 0) {
    terminal.say('');
    const [title = '', ...lines] = formatTable(
      others === undefined ? COLUMNS : [...COLUMNS, { title: 'PLACE' }],
      shown.map((entry) => [
        ...cells(bucket, entry, { now: now(), colors, strangers }),
        ...(others === undefined ? [] : [others.placeOf(entry)]),
      ]),
      terminal.columns,
    );
    terminal.say(colors.dim(title));
    for (const line of lines) terminal.say(line);
  }
  const bytes = entries.reduce((sum, entry) => sum + entry.bytes, 0);
  const hidden = all.length > shown.length ? `, ${shown.length} shown` : '';
  if (total > 0) {
    terminal.say('');
    terminal.say(colors.dim(`${total} in ${bucket.store.description}, ${formatBytes(bytes)}${hidden}`));
  }
  sayReach(terminal, reach, config.timeZone);
  if (branches.length > 1) {
    const own = ownOf(branches, bases, living);
    const which =
      own === undefined ? 'say which' : `the database’s own is ${shortId(own.id)}; for another, say which`;
    terminal.say(
      colors.yellow(
        `${branches.length} histories go on side by side: ${which} with restore --at … --timeline`,
      ),
    );
    const show = (time: Date): string => toTheSecond(time, config.timeZone);
    for (const branch of branches) terminal.say(colors.yellow(`  ${branchText(branch, show)}`));
  }
  // The one line that matters has scrolled away.
  if (shown.length > (terminal.rows ?? Number.POSITIVE_INFINITY) - 8) terminal.say(safe);
  return 0;
}

function strangersLine(strangers: readonly BackupEntry[]): string {
  const bots = familiesOf(strangers).flatMap(([newest]) => newest?.manifest?.bot ?? []);
  return `${countOf(strangers.length, 'backup')} of another bot (${bots.map(botText).join(', ')}) count for nothing here, and this one deletes none of them: give each bot a bucket or a BACKUP_PREFIX of its own`;
}

const isOlderThan =
  (newest: BackupEntry | undefined) =>
  (entry: BackupEntry): boolean =>
    newest !== undefined &&
    entry.state === 'verified' &&
    entry.name !== newest.name &&
    entry.time <= newest.time;

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

const COLUMNS: readonly Column[] = [
  { title: 'NAME' },
  { title: 'AGE', align: 'right' },
  { title: 'SIZE', align: 'right' },
  ...COUNTED.map(
    (title, spare): Column => ({ title: title.replace('anime_', '').toUpperCase(), align: 'right', spare }),
  ),
  { title: 'WHY', spare: COUNTED.length },
  { title: 'STATE' },
];

/** An unfinished one may be under way. */
const STATE_COLORS: Readonly<Record<BackupEntry['state'], (colors: Colors) => Colors['red']>> = {
  verified: ({ green }) => green,
  unfinished: ({ yellow }) => yellow,
  damaged: ({ red }) => red,
  unreadable: ({ red }) => red,
};

function cells(
  bucket: Bucket,
  entry: BackupEntry,
  {
    now,
    colors,
    strangers,
  }: { readonly now: Date; readonly colors: Colors; readonly strangers: ReadonlySet<BackupEntry> },
): string[] {
  const { manifest } = entry;
  const counts = COUNTED.map((name) => manifest?.tables.find((table) => table.name === name)?.rows);
  const state = [
    STATE_COLORS[entry.state](colors)(entry.state),
    ...(entry.encrypted ? ['encrypted'] : isUnsealed(bucket, entry) ? [colors.yellow('not encrypted')] : []),
    ...(entry.pinned ? [colors.cyan('pinned')] : []),
    ...(strangers.has(entry) && manifest?.bot ? [colors.yellow(`of @${botName(manifest.bot)}`)] : []),
  ];
  return [
    entry.name,
    isAhead(entry.time, now) ? 'future' : formatDuration(now.getTime() - entry.time.getTime()),
    formatBytes(entry.bytes),
    ...counts.map((count) => (count === undefined ? '-' : formatCount(count))),
    manifest?.trigger ?? '-',
    state.join(', '),
  ];
}

/** Of a table's name, as a manifest has it: somebody may have written more into the bucket. */
const NAME_CHARACTERS = 256;

function asJson(entry: BackupEntry): Record<string, unknown> {
  const { manifest } = entry;
  return {
    name: entry.name,
    state: entry.state,
    problem: entry.problem ?? null,
    concerns: entry.concerns ?? null,
    time: entry.time.toISOString(),
    bytes: entry.bytes,
    // Those that `full` and `verify` count: not what SQLite and its search keep for themselves.
    rows: Object.fromEntries(
      (manifest?.tables ?? []).flatMap(({ name, kind, rows }) =>
        kind === 'table' ? [[name.slice(0, NAME_CHARACTERS), rows]] : [],
      ),
    ),
    trigger: manifest?.trigger ?? null,
    bot: manifest?.bot === undefined ? null : botName(manifest.bot),
    encrypted: entry.encrypted,
    pinned: entry.pinned,
    verified_at: manifest?.verified_at ?? null,
    files: entry.objects.map(({ key }) => key),
  };
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('a whole number from 1');
  return value;
}
