/** A row of `backup_runs` as the engine knows it. */
import type { Row } from '../../db/row.ts';
import type { RunStart } from '../catalog/ledger.ts';
import { TRIGGERS, type Trigger } from '../catalog/manifest.ts';

/** Leases are counted one by one: a larger number is somebody's SQL; past 2^53 none is exact. */
const MOST_FENCE = 2 ** 52;
export const IS_FENCE = `(typeof(fence) = 'integer' AND fence BETWEEN 0 AND ${MOST_FENCE})`;

export const RUN_START = `name, CASE WHEN ${IS_FENCE} THEN fence ELSE 0 END AS fence, "trigger", scheduled_at, started_at`;
const isTime = (column: string): string =>
  `(typeof(${column}) = 'text' AND julianday(${column}) IS NOT NULL)`;

/**
 * A row that a run wrote. What somebody's SQL may have left there is passed over: it must not keep
 * every backup from being made.
 */
export const IS_RUN = `(typeof(name) = 'text' AND "trigger" IN (${TRIGGERS.map((one) => `'${one}'`).join(', ')})
  AND ${isTime('scheduled_at')} AND ${isTime('started_at')} AND state IN ('running', 'done', 'failed'))`;
/** In place of the table. */
export const READABLE_RUNS = `(SELECT * FROM backup_runs WHERE ${IS_RUN})`;

/** Of {@link READABLE_RUNS}. */
export function runStart(row: Row): RunStart {
  return {
    name: row.text('name'),
    fence: row.int('fence'),
    // IS_RUN has seen to it.
    trigger: row.text('trigger') as Trigger,
    scheduledAt: fromSqlTime(row.text('scheduled_at')),
    startedAt: fromSqlTime(row.text('started_at')),
  };
}

/** An invalid date, where the text is none. */
export function dateOf(text: string): Date {
  return new Date(`${text.replace(' ', 'T')}Z`);
}

function fromSqlTime(text: string): Date {
  const time = dateOf(text);
  if (Number.isNaN(time.getTime())) throw new TypeError(`${JSON.stringify(text)} is not a time`);
  return time;
}
