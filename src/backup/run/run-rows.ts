/** A row of `backup_runs` as the engine knows it. */
import type { Row } from '../../db/row.ts';
import type { RunRecord, RunStart } from '../catalog/ledger.ts';
import { TRIGGERS } from '../catalog/manifest.ts';
import { isTime } from './readable-runs.ts';

/**
 * Leases are counted one by one: a larger number is somebody's SQL, and beyond 2^53 none is read
 * exactly.
 */
const MOST_FENCE = 2 ** 52;
export const IS_FENCE = `(typeof(fence) = 'integer' AND fence BETWEEN 0 AND ${MOST_FENCE})`;

export const RUN_START = `name, CASE WHEN ${IS_FENCE} THEN fence ELSE 0 END AS fence, "trigger", scheduled_at, started_at`;
export const RUN = `${RUN_START}, CASE WHEN ${isTime('finished_at')} THEN finished_at END AS finished_at, state,
  CASE WHEN typeof(reason) = 'text' THEN reason END AS reason, rows, bytes`;

export function runStart(row: Row): RunStart {
  return {
    name: row.text('name'),
    fence: row.int('fence'),
    trigger: oneOf(TRIGGERS, row.text('trigger')),
    scheduledAt: fromSqlTime(row.text('scheduled_at')),
    startedAt: fromSqlTime(row.text('started_at')),
  };
}

export function runRecord(row: Row): RunRecord {
  const finished = row.textOrNull('finished_at');
  return {
    ...runStart(row),
    finishedAt: finished === null ? null : fromSqlTime(finished),
    state: oneOf(['running', 'done', 'failed'], row.text('state')),
    reason: row.textOrNull('reason'),
    rows: row.intIfReadable('rows'),
    bytes: row.intIfReadable('bytes'),
  };
}

function oneOf<const T extends string>(values: readonly T[], text: string): T {
  const value = values.find((candidate) => candidate === text);
  if (value === undefined)
    throw new TypeError(`unexpected value ${JSON.stringify(text)}, wanted ${values.join(', ')}`);
  return value;
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
