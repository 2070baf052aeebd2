/**
 * What somebody's SQL may have left in the engine's own rows is passed over: one row that no run
 * wrote must not keep every backup from being made.
 */
import { TRIGGERS } from '../catalog/manifest.ts';

/** A lock text (db/file/lock-text.ts) has some hundred characters. */
export const HOLDER = "CASE WHEN typeof(holder) = 'text' THEN substr(holder, 1, 2000) ELSE '' END";
const SHOWN_CHARACTERS = 120;

/** For people: the first line of the holder's text. */
export function shownHolder(text: string): string {
  const [line = ''] = text.split('\n', 1);
  if (line === '') return 'unknown';
  return line.length > SHOWN_CHARACTERS ? `${line.slice(0, SHOWN_CHARACTERS)}…` : line;
}

export const isTime = (column: string): string =>
  `(typeof(${column}) = 'text' AND julianday(${column}) IS NOT NULL)`;

export const IS_RUN = `(typeof(name) = 'text' AND "trigger" IN (${TRIGGERS.map((one) => `'${one}'`).join(', ')})
  AND ${isTime('scheduled_at')} AND ${isTime('started_at')} AND state IN ('running', 'done', 'failed'))`;
/** In place of the table. */
export const READABLE_RUNS = `(SELECT * FROM backup_runs WHERE ${IS_RUN})`;

export function strangeRuns(count: number): string {
  const rows = count === 1 ? '1 row was' : `${count} rows were`;
  return `table backup_runs: ${rows} passed over, with a name, trigger, time or state that no run writes; start the bot on Node, which sets aside what it cannot read, or delete them by hand`;
}
