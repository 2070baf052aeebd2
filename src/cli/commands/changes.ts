import { Command } from 'commander';
import { shortId } from '../../backup/catalog/change-position.ts';
import { listBackups } from '../../backup/catalog/list.ts';
import { whyBase } from '../../backup/changes/base-reason.ts';
import { coverageOf, type LeftOut } from '../../backup/changes/coverage.ts';
import type { StoredChange } from '../../backup/changes/listed.ts';
import { isSpoiltLog } from '../../backup/changes/living.ts';
import type { Ordered } from '../../backup/changes/order.ts';
import {
  isLogGone,
  isLost as isLostLog,
  lagSeconds,
  type Peek,
  peek,
  pending,
} from '../../backup/changes/peek.ts';
import { isBroken } from '../../backup/changes/reach.ts';
import type { ShipOutcome } from '../../backup/changes/shipping.ts';
import { REASONS, type Timeline, timelinesOf } from '../../backup/changes/spans.ts';
import { strayText } from '../../backup/changes/strays.ts';
import { openSnapshotSource } from '../../hosts/node/node-parts.ts';
import { countOf, formatBytes, formatCount, formatDuration } from '../../text/format.ts';
import { toTheSecond } from '../../text/moment.ts';
import { DAY_MS } from '../../text/times.ts';
import { type Cli, type ExitCode, type Invocation, reading, UsageError } from '../command.ts';
import { livingOf } from '../moment.ts';
import { otherChanges } from '../other-changes.ts';
import { reachJson, sayReach } from '../reach.ts';
import type { Session } from '../session.ts';
import { NO_LOG, storeWaiting } from '../store-waiting.ts';
import { storedHistory } from '../stored-history.ts';
import type { Colors } from '../terminal.ts';

export function changesCommand(cli: Cli): Command {
  const command = new Command('changes')
    .description('the change log: from when to when any minute can be brought back, and what waits')
    .argument('[action]', 'ship: store what waits now, as the bot does by itself');
  return reading(cli, command, async (invocation, [action]) => {
    if (action !== undefined && action !== 'ship')
      throw new UsageError(`changes knows \`ship\`, not ${action}`);
    return action === undefined ? status(invocation) : shipNow(invocation);
  });
}

async function shipNow(invocation: Invocation): Promise<ExitCode> {
  const { terminal, session } = invocation;
  if (!session.config.changes.isOn) throw new UsageError('CHANGES=off: no changes are recorded');
  const { files, last } = await storeWaiting(invocation, await session.live());
  const trouble = TROUBLE[last.kind];
  terminal.answer({ ok: trouble === undefined, outcome: last.kind, files });
  for (const file of files) terminal.say(file);
  if (trouble !== undefined) terminal.warn(trouble);
  else if (files.length === 0) terminal.say('nothing waits: every change is stored');
  else terminal.say(terminal.colors.green(`${countOf(files.length, 'change file')} stored and read back`));
  return trouble === undefined ? 0 : 1;
}

/** Why not all that waits is stored. */
const TROUBLE: Readonly<Record<ShipOutcome['kind'], string | undefined>> = {
  idle: undefined,
  shipped: undefined,
  'needs-base': 'a full backup has to come first: npm run backup -- full',
  busy: 'the bot is storing them at this moment: look again with `npm run backup -- changes`',
  fork: 'another database has stored other changes from the same point: is the bot running twice? A new history begins with the next full backup: npm run backup -- full',
};

/** What waits in the database; nothing where nobody can look, or no log is kept. */
async function waiting({ config, live }: Session): Promise<{ seen?: Peek | undefined; isNone: boolean }> {
  if (!config.changes.isOn) return { isNone: false };
  try {
    const [seen] = await (await live()).read([peek]);
    return { seen, isNone: false };
  } catch (error) {
    return { isNone: isLogGone(error) };
  }
}

async function status(invocation: Invocation): Promise<ExitCode> {
  const { terminal, session, now } = invocation;
  const { bucket, config } = session;
  // Before the bucket is listed: what is stored in between only adds to it.
  const { seen, isNone } = await waiting(session);
  const living = await livingOf(session);
  const { entries } = await listBackups(bucket);
  const found = await storedHistory(session, entries, living);
  const { bases, files, strays, foreign, history } = found;
  const timelines = timelinesOf(bases, files);
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const isLost = seen !== undefined && (await isBroken(bucket, seen.state));
  const isSpoilt = seen === undefined && config.changes.isOn && isSpoiltLog(living);
  const { differing, longer } = await otherChanges(invocation, found, living);
  const left = seen === undefined ? [] : await leftOut(session);
  const newest = lastOf({ bases, files }, seen?.state.timeline);
  const day = newest === undefined ? 0 : bytesOfDay(files, newest.time);
  terminal.answer({
    ok: true,
    on: config.changes.isOn,
    position: seen === undefined ? null : { timeline: seen.state.timeline, seq: seen.state.shippedSeq },
    pending: seen === undefined ? null : pending(seen),
    lag_seconds: seen === undefined ? null : lagSeconds(seen),
    needs_backup: seen?.state.needsBase ?? (isLost ? 'lost' : isSpoilt ? 'spoilt' : null),
    not_covered: left.map(({ table, reason }) => ({ table, reason })),
    bucket: bucket.store.description,
    files: files.length,
    bytes,
    bytes_a_day: day,
    newest: newest && { file: newest.file, timeline: newest.timeline, seq: newest.last, time: newest.time },
    point_in_time: reachJson(history),
    timelines: timelines.map(({ id, parent, reason, since, to, ...counts }) => ({
      timeline: id,
      parent: parent ?? null,
      reason: reason ?? null,
      since: since?.toISOString() ?? null,
      to: to?.toISOString() ?? null,
      ...counts,
    })),
    ...(differing && { differing }),
    foreign,
    strays: strays.map(({ file }) => file),
  });
  const { say, warn, colors } = terminal;
  const zone = config.timeZone;
  if (!config.changes.isOn) warn('CHANGES=off: nothing is recorded between two full backups');
  if (differing !== undefined) say(colors.red(differing));
  if (longer !== undefined) warn(longer);
  if (seen !== undefined)
    say(
      waitingLine(
        seen,
        { lost: isLost ? found.risk.todo : undefined, isMoved: living?.isSchemaMoved === true },
        colors,
      ),
    );
  if (isSpoilt)
    say(
      colors.red(
        'The row that says where the change log stands was lost or altered: the bot begins a new log and makes a full backup. Where none runs: npm run backup -- changes ship, and then npm run backup -- full',
      ),
    );
  else if (isNone) warn(NO_LOG);
  for (const { table, reason } of left) warn(`table ${table} is in full backups only: ${reason}`);
  sayReach(terminal, found, { zone, now: now(), days: config.changes.retentionDays });
  if (newest !== undefined) {
    say(
      `Last change stored: ${toTheSecond(newest.time, zone)}, ${formatDuration(now().getTime() - newest.time.getTime())} ago (change ${formatCount(newest.last)} of timeline ${shortId(newest.timeline)})`,
    );
    say(
      `${countOf(files.length, 'change file')}, ${formatBytes(bytes)}; ${formatBytes(day)} in the last day of changes`,
    );
  } else if (history.spans.length === 0)
    say(
      `no change file in ${bucket.store.description}: only the moments of full backups can be brought back`,
    );
  const marked = seen?.state.timeline ?? newest?.timeline;
  if (timelines.length > 1 && files.length > 0 && marked !== undefined) {
    say('');
    for (const line of graph(timelines, [marked, seen === undefined ? 'newest' : 'now'], zone)) say(line);
  }
  for (const file of strays.slice(0, TOLD)) warn(strayText(file));
  for (const key of foreign.slice(0, TOLD)) warn(`${key} is no change file: somebody put it there`);
  return 0;
}

/** Of the database's own history; where nobody can ask it, of the newest. */
function lastOf({ bases, files }: Ordered, timeline: string | undefined): StoredChange | undefined {
  const lines = [timeline, ...bases.toReversed().map(({ changes }) => changes?.timeline)];
  for (const line of lines) {
    const last = files.findLast((file) => file.timeline === line);
    if (last !== undefined) return last;
  }
  return files.at(-1);
}

/** Tables with data that no change file has; none where nobody can look. */
async function leftOut({ config }: Session): Promise<readonly LeftOut[]> {
  return openSnapshotSource(config.database)
    .schema()
    .then(
      (schema) => coverageOf(schema).left.filter(({ isData }) => isData),
      () => [],
    );
}

function waitingLine(
  seen: Peek,
  { lost, isMoved }: { readonly lost: string | undefined; readonly isMoved: boolean },
  colors: Colors,
): string {
  const { needsBase } = seen.state;
  if (needsBase !== null)
    return colors.yellow(
      `A full backup has to come before further changes (${whyBase(needsBase)}): the bot makes it, or npm run backup -- full`,
    );
  if (lost !== undefined) return colors.red(`What was stored is no longer whole in the bucket. ${lost}`);
  if (isLostLog(seen))
    return colors.red(
      'Somebody deleted entries of the change log: make a full backup now, npm run backup -- full',
    );
  const count = pending(seen);
  if (isMoved)
    return colors.yellow('The tables have changed: the bot looks at them first, and makes a full backup');
  if (count === 0) return colors.green('Every change is stored.');
  const since =
    seen.state.waitingSince === null ? '' : `, the oldest for ${formatDuration(lagSeconds(seen) * 1000)}`;
  return `${countOf(count, 'change')} ${count === 1 ? 'waits' : 'wait'}${since}`;
}

const TOLD = 5;
function bytesOfDay(files: readonly StoredChange[], end: Date): number {
  const from = end.getTime() - DAY_MS;
  return files.reduce((sum, { time, bytes }) => sum + (time.getTime() > from ? bytes : 0), 0);
}

/**
 * A line for each timeline, below the one that it comes from:
 *
 *     o 77aa01bc  since 2026-11-20 02:00:00: 403 files, 2 backups, to 2026-11-27 14:04:05
 *     └─o 5e1f02aa  since 2026-11-27 14:05:00, a restore …: 12 files, to 2026-11-27 14:32:10  (now)
 */
function graph(
  timelines: readonly Timeline[],
  [marked, mark]: readonly [timeline: string, mark: string],
  zone: string,
): string[] {
  const known = new Set(timelines.map(({ id }) => id));
  const below = (of: string | undefined, indent: string, seen: ReadonlySet<string>): string[] => {
    const children = timelines.filter(({ id, parent }) => {
      const from = parent?.timeline;
      return !seen.has(id) && (of === undefined ? from === undefined || !known.has(from) : from === of);
    });
    return children.flatMap((child, i) => {
      const isLast = i === children.length - 1;
      const branch = of === undefined ? '' : isLast ? '└─' : '├─';
      const deeper = of === undefined ? '' : isLast ? '  ' : '│ ';
      return [
        `${indent}${branch}o ${describe(child, zone)}${child.id === marked ? `  (${mark})` : ''}`,
        ...below(child.id, indent + deeper, new Set([...seen, child.id])),
      ];
    });
  };
  return below(undefined, '', new Set());
}

function describe({ id, parent, reason, since, files, backups, to }: Timeline, zone: string): string {
  const from = since === undefined ? '' : `  since ${toTheSecond(since, zone)}`;
  const why = reason === undefined ? ', no backup tells why' : `, ${REASONS[reason]}`;
  const at = parent === null || parent === undefined ? '' : ` after change ${formatCount(parent.seq)}`;
  const end = to === undefined ? '' : `, to ${toTheSecond(to, zone)}`;
  return `${shortId(id)}${from}${why}${at}: ${countOf(files, 'file')}, ${countOf(backups, 'backup')}${end}`;
}
