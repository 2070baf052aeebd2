/** How far back one can go to any minute, for people and machines. */
import type { History } from '../backup/changes/spans.ts';
import { greatest } from '../lib/extremes.ts';
import { toTheSecond } from '../text/moment.ts';
import { localTime } from '../text/times.ts';
import type { Terminal } from './terminal.ts';

/** Gaps that are told, the newest first; the others are counted. */
const TOLD = 5;

/** `Point in time: any minute from … to … (2 gaps)`, and the gaps with their reasons. */
export function sayReach({ say, colors }: Terminal, { spans, gaps }: History, zone: string): void {
  const [first] = spans;
  if (first === undefined) return;
  const to = new Date(greatest(spans.map((span) => span.to.getTime())));
  if (gaps.length === 0 && localTime(first.from, zone) === localTime(to, zone)) {
    const from = `Point in time: from ${toTheSecond(first.from, zone)}`;
    const isOnlyBase = first.from.getTime() === to.getTime();
    say(
      isOnlyBase
        ? `${from} on, ${zone}; no change has been stored since`
        : `${from} to ${toTheSecond(to, zone)}, ${zone}: restore --at <time>`,
    );
    return;
  }
  const count = gaps.length === 0 ? '' : ` (${gaps.length} gap${gaps.length === 1 ? '' : 's'})`;
  say(
    `Point in time: any minute from ${localTime(first.from, zone)} to ${localTime(to, zone)}${count}, ${zone}: restore --at <time>`,
  );
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
