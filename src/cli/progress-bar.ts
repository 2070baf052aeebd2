/** A progress line with rate and remaining time. Pure; `Terminal.draw` shows it. */
import { formatBytes, formatCount, formatDuration } from '../text/format.ts';
import type { Terminal } from './terminal.ts';

export interface Step {
  readonly label: string;
  readonly bytes: number;
  /** Undefined: not known. The real number may exceed an estimate. */
  readonly total: number | undefined;
  readonly rows?: number;
}

/** The whole line fits a terminal of 80 columns. */
const BAR_CELLS = 16;
/** More redraws would not be seen. */
const REDRAW_MS = 100;
/** The rate of the first moments says nothing about the rest. */
const SETTLED_MS = 1_500;

/** `snapshot ████████░░░░  62%  41 MB  18 MB/s  3 s left`. `elapsedMs` since this step began. */
export function progressLine(step: Step, elapsedMs: number): string {
  const { label, bytes, total, rows } = step;
  const share = total === undefined || total === 0 ? undefined : Math.min(bytes / total, 1);
  const rate = elapsedMs > 0 ? (bytes / elapsedMs) * 1000 : 0;
  const parts = [label.padEnd(10)];
  if (share !== undefined) {
    const full = Math.round(share * BAR_CELLS);
    parts.push(
      `${'█'.repeat(full)}${'░'.repeat(BAR_CELLS - full)}`,
      `${Math.floor(share * 100)}%`.padStart(4),
    );
  }
  if (bytes > 0 || share !== undefined) parts.push(formatBytes(bytes));
  if (rows !== undefined && rows > 0) parts.push(`${formatCount(rows)} rows`);
  if (elapsedMs >= SETTLED_MS && rate > 0) {
    parts.push(`${formatBytes(rate)}/s`);
    if (share !== undefined && total !== undefined && share < 1)
      parts.push(`${formatDuration(((total - bytes) / rate) * 1000)} left`);
  }
  return parts.join('  ').trimEnd();
}

/** Draws steps as they come, but not too often; silent where nobody watches. */
export function createProgressBar(
  terminal: Terminal,
  now: () => number = () => performance.now(),
): (step: Step) => void {
  let label = '';
  let began = 0;
  let drawn = Number.NEGATIVE_INFINITY;
  return (step) => {
    if (!terminal.watched) return;
    const time = now();
    if (step.label !== label) {
      label = step.label;
      began = time;
      drawn = Number.NEGATIVE_INFINITY;
    }
    if (time - drawn < REDRAW_MS) return;
    drawn = time;
    terminal.draw(progressLine(step, time - began));
  };
}
