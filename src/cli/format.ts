/** Sizes, ages and tables for people. Pure. */
import { uninked } from './ink.ts';

const UNITS = ['B', 'KB', 'MB', 'GB', 'TB'];

/** `0 B`, `999 B`, `1.2 MB`, `340 MB`: three digits at most, 1 KB = 1000 B. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit > 0 && value < 9.95 ? 1 : 0;
  return `${value.toFixed(digits)} ${UNITS[unit]}`;
}

/** `5 s`, `3 min`, `4 h`, `12 d`; a time in the future (a clock is wrong) counts as now. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  if (hours < 48) return `${hours} h`;
  return `${Math.round(hours / 24)} d`;
}

/** Thousands apart: `1,234,567`. */
export function formatCount(count: number): string {
  return count.toLocaleString('en-US');
}

/** `1 row`, `1,234 rows`. */
export function countOf(count: number, what: string): string {
  return `${formatCount(count)} ${what}${count === 1 ? '' : 's'}`;
}

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** Left out where the line would be too long: the highest first; undefined stays always. */
  readonly spare?: number;
}

/** What a terminal shows of a text: colours take no room. */
function width(text: string): number {
  return uninked(text).length;
}

/**
 * Lines with aligned columns, two spaces between them; no trailing spaces. `room` is the cells of a line: columns that can be spared
 * give way, so that lines do not wrap.
 */
export function formatTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  room = Number.POSITIVE_INFINITY,
): string[] {
  const titles = columns.map(({ title }) => title);
  const lines = [titles, ...rows];
  const widths = columns.map((_, i) => lines.reduce((most, row) => Math.max(most, width(row[i] ?? '')), 0));
  const shown = new Set(columns.keys());
  const total = (): number => [...shown].reduce((sum, i) => sum + (widths[i] ?? 0) + 2, -2);
  const spare = [...columns.entries()]
    .filter(([, column]) => column.spare !== undefined)
    .sort(([, a], [, b]) => (b.spare ?? 0) - (a.spare ?? 0));
  for (const [i] of spare) if (total() > room) shown.delete(i);
  return lines.map((row) =>
    [...shown]
      .map((i) => {
        const cell = row[i] ?? '';
        const padding = ' '.repeat(Math.max(0, (widths[i] ?? 0) - width(cell)));
        return columns[i]?.align === 'right' ? padding + cell : cell + padding;
      })
      .join('  ')
      .trimEnd(),
  );
}
