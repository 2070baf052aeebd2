/** Tables on a terminal. Pure. */
import { uninked } from './ink.ts';

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** Dropped where the line would be too long, the highest first; undefined always stays. */
  readonly spare?: number;
}

/** What a terminal shows of a text: colours take no room. */
function width(text: string): number {
  return uninked(text).length;
}

/**
 * Lines with aligned columns, two spaces between them, no trailing spaces. `room`: cells in a line;
 * columns that can be spared give way, so that lines do not wrap.
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
