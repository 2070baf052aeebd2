/** How far back one can go to any minute, for people and machines. */
import type { History, Span } from '../backup/changes/spans.ts';
import { greatest } from '../lib/extremes.ts';
import { countOf } from '../text/format.ts';
import { toTheSecond } from '../text/moment.ts';
import { DAY_MS } from '../text/times.ts';
import type { StoredHistory } from './stored-history.ts';
import type { Terminal } from './terminal.ts';

/** Gaps that are told, the newest first; the others are counted. */
const TOLD = 5;

/** Shorter than that, no minute is whole. */
const MINUTE = 60_000;

/**
 * `Point in time: any minute from … to … (2 gaps)`, and the gaps with their reasons. What is older
 * than change files are kept has only the moments of full backups: no gap, but the rule.
 */
export function sayReach(
  { say, warn, colors }: Pick<Terminal, 'say' | 'warn' | 'colors'>,
  { history, files, closed }: Pick<StoredHistory, 'history' | 'files' | 'closed'>,
  { zone, now, days }: { readonly zone: string; readonly now: Date; readonly days: number },
): void {
  const { spans } = history;
  const kept = now.getTime() - days * DAY_MS;
  const isOld = ({ to }: Span): boolean => to.getTime() <= kept;
  // A bot that has stood still for long: then the old ones are all there is.
  const recent = files.length > 0 && !spans.every(isOld) ? spans.filter((span) => !isOld(span)) : spans;
  const [first] = recent;
  const [oldest] = spans;
  if (first === undefined || oldest === undefined) return;
  const gaps = history.gaps.filter(({ from }) => recent === spans || from >= first.from);
  const to = new Date(greatest(recent.map((span) => span.to.getTime())));
  const [from, until] = [toTheSecond(first.from, zone), toTheSecond(to, zone)];
  const isOfBackups = gaps.length > 0 && recent.every((span) => span.from.getTime() === span.to.getTime());
  if (files.length === 0 && isOfBackups)
    say(
      `Point in time: no change file is stored, only the moments of full backups, from ${from} to ${until}`,
    );
  else if (gaps.length === 0 && first.from.getTime() === to.getTime())
    say(`Point in time: from ${from} on; no change has been stored since`);
  else {
    const any = gaps.length > 0 || to.getTime() - first.from.getTime() >= MINUTE ? 'any minute ' : '';
    const but = gaps.length === 0 ? '' : ` (${countOf(gaps.length, 'gap')})`;
    say(`Point in time: ${any}from ${from} to ${until}${but}: restore --at <time>`);
  }
  if (closed !== undefined) warn(`  ${closed}`);
  if (recent !== spans && oldest !== first)
    say(
      colors.dim(
        `  before it, from ${toTheSecond(oldest.from, zone)} on, the moments of full backups (changes are kept for ${countOf(days, 'day')})`,
      ),
    );
  const shown = gaps.toReversed().slice(0, TOLD);
  for (const gap of shown)
    warn(`  not from ${toTheSecond(gap.from, zone)} to ${toTheSecond(gap.to, zone)}: ${gap.reason}`);
  if (gaps.length > shown.length) warn(`  and ${gaps.length - shown.length} more: --json names them`);
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
