import { Command } from 'commander';
import { listBackups } from '../../backup/catalog/list.ts';
import { basesOf, listChanges, type StoredChange } from '../../backup/changes/list-changes.ts';
import { historyOf, REASONS, type Timeline, timelinesOf } from '../../backup/changes/spans.ts';
import { countOf, formatBytes, formatCount, formatDuration } from '../../text/format.ts';
import { localTime } from '../../text/times.ts';
import { type Cli, type ExitCode, type Invocation, reading } from '../command.ts';
import { reachJson, sayReach } from '../reach.ts';

export function changesCommand(cli: Cli): Command {
  const command = new Command('changes').description(
    'the change log: from when to when any minute can be brought back, and what is stored of it',
  );
  return reading(cli, command, status);
}

async function status(invocation: Invocation): Promise<ExitCode> {
  const { terminal, session, now } = invocation;
  const { bucket, config } = session;
  const bases = basesOf(bucket, (await listBackups(bucket)).entries);
  const { files, foreign } = await listChanges(bucket);
  const history = historyOf(bases, files);
  const timelines = timelinesOf(bases, files);
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const newest = files.reduce<StoredChange | undefined>(
    (found, file) => (found === undefined || file.time > found.time ? file : found),
    undefined,
  );
  const day = newest === undefined ? 0 : bytesOfDay(files, newest.time);
  terminal.answer({
    ok: true,
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
    foreign,
  });
  const { say, colors } = terminal;
  const zone = config.timeZone;
  if (newest === undefined) {
    say(
      `no change file in ${bucket.store.description}: only the moments of full backups can be brought back`,
    );
    return 0;
  }
  sayReach(terminal, history, zone);
  say(
    `Last change stored: ${localTime(newest.time, zone)}, ${formatDuration(now().getTime() - newest.time.getTime())} ago (change ${formatCount(newest.last)} of timeline ${short(newest.timeline)})`,
  );
  say(
    `${countOf(files.length, 'change file')}, ${formatBytes(bytes)}; ${formatBytes(day)} in the last day of changes`,
  );
  if (timelines.length > 1) {
    say('');
    for (const line of graph(timelines, newest.timeline, zone)) say(line);
  }
  for (const key of foreign.slice(0, TOLD))
    say(colors.yellow(`${key} is no change file: somebody put it there`));
  return 0;
}

const TOLD = 5;
const DAY_MS = 86_400_000;

function bytesOfDay(files: readonly StoredChange[], end: Date): number {
  const from = end.getTime() - DAY_MS;
  return files.reduce((sum, { time, bytes }) => sum + (time.getTime() > from ? bytes : 0), 0);
}

/** Enough to tell a handful of them apart. */
const SHORT = 8;

function short(timeline: string): string {
  return timeline.slice(0, SHORT);
}

/**
 * A line for each timeline, below the one that it comes from:
 *
 *     o 77aa01bc  since 2026-11-20 02:00: 403 files, 2 backups, to 2026-11-27 14:04
 *     └─o 5e1f02aa  since 2026-11-27 14:05, a restore …: 12 files, to 14:32  (newest)
 */
function graph(timelines: readonly Timeline[], newest: string, zone: string): string[] {
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
        `${indent}${branch}o ${describe(child, zone)}${child.id === newest ? '  (newest)' : ''}`,
        ...below(child.id, indent + deeper, new Set([...seen, child.id])),
      ];
    });
  };
  return below(undefined, '', new Set());
}

function describe({ id, parent, reason, since, files, backups, to }: Timeline, zone: string): string {
  const from = since === undefined ? '' : `  since ${localTime(since, zone)}`;
  const why = reason === undefined ? ', no backup tells why' : `, ${REASONS[reason]}`;
  const at = parent === null || parent === undefined ? '' : ` after change ${formatCount(parent.seq)}`;
  const end = to === undefined ? '' : `, to ${localTime(to, zone)}`;
  return `${short(id)}${from}${why}${at}: ${countOf(files, 'file')}, ${countOf(backups, 'backup')}${end}`;
}
