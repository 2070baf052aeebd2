/** The beginnings of stored texts, cut by the database: a row may hold megabytes. */
import { type LimitedText, readLimit } from '../text/text-limits.ts';

type Column = LimitedText | `${string}.${LimitedText}`;

/** `substr(a.title, 1, 800)`, for an expression. */
export function beginning(column: Column): string {
  const name = column.slice(column.lastIndexOf('.') + 1) as LimitedText;
  return `substr(${column}, 1, ${readLimit(name)})`;
}

/** The same for a list of columns: `substr(a.title, 1, 800) AS title, …`. */
export function shown(...columns: readonly Column[]): string {
  return columns
    .map((column) => `${beginning(column)} AS ${column.slice(column.lastIndexOf('.') + 1)}`)
    .join(', ');
}

/** What names an anime: its title, else the first line of its description. */
export const NAMING = `${beginning('a.title')} AS title, substr(a.description, 1, 200) AS description`;
