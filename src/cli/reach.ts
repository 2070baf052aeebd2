/** How far back one can go to any minute, for people and machines. */
import type { History } from '../backup/changes/spans.ts';
import { greatest } from '../lib/extremes.ts';
import { countOf } from '../text/format.ts';
import { toTheSecond } from '../text/moment.ts';
import { localTime } from '../text/times.ts';
import type { StoredHistory } from './stored-history.ts';
import type { Terminal } from './terminal.ts';

/** Gaps that are told, the newest first; the others are counted. */
const TOLD = 5;

/** `Point in time: any minute from … to … (2 gaps)`, and the gaps with their reasons. */
export function sayReach(
  { say, colors }: Pick<Terminal, 'say' | 'colors'>,
  { history: { spans, gaps }, files, closed }: Pick<StoredHistory, 'history' | 'files' | 'closed'>,
  zone: string,
): void {
  const [first] = spans;
  if (first === undefined) return;
  const to = new Date(greatest(spans.map((span) => span.to.getTime())));
  const [from, until] = [localTime(first.from, zone), localTime(to, zone)];
  const isOfBackups = gaps.length > 0 && spans.every((span) => span.from.getTime() === span.to.getTime());
  if (files.length === 0 && isOfBackups)
    say(
      `Point in time: no change file is stored, only the moments of full backups, from ${from} to ${until}, ${zone}`,
    );
  else if (gaps.length > 0 || from !== until)
    say(
      `Point in time: any minute from ${from} to ${until}${gaps.length === 0 ? '' : ` (${countOf(gaps.length, 'gap')})`}, ${zone}: restore --at <time>`,
    );
  else
    say(
      first.from.getTime() === to.getTime()
        ? `Point in time: from ${toTheSecond(first.from, zone)} on, ${zone}; no change has been stored since`
        : `Point in time: from ${toTheSecond(first.from, zone)} to ${toTheSecond(to, zone)}, ${zone}: restore --at <time>`,
    );
  if (closed !== undefined) say(colors.yellow(`  ${closed}`));
  const shown = gaps.toReversed().slice(0, TOLD);
  for (const gap of shown)
    say(
      colors.yellow(
        `  not from ${toTheSecond(gap.from, zone)} to ${toTheSecond(gap.to, zone)}: ${gap.reason}`,
      ),
    );
  if (gaps.length > shown.length)
    say(colors.yellow(`  and ${gaps.length - shown.length} more: --json names them`));
}

export function reachJson({ spans, gaps }: History): Record<string, unknown> | null {
  const [first] = spans;
  if (first === undefined) return null;
  const to = new Date(greatest(spans.map((span) => span.to.getTime())));
  return {
    from: first.from.toISOString(),
    to: to.toISOString(),
    spans: spans.map(({ timeline, from, to }) => ({
      timeline,
      from: from.toISOString(),
      to: to.toISOString(),
    })),
    gaps: gaps.map(({ from, to, reason }) => ({ from: from.toISOString(), to: to.toISOString(), reason })),
  };
}
