/** The end of one unbroken sequence of changes, and the beginning of another. Pure. */
import type { TimelineReason } from '../catalog/change-position.ts';
import { NOW_SQL, STATE_TABLE } from '../catalog/change-state.ts';

/**
 * SQL that begins a new timeline where there is a change log: what a restore or a second shipper
 * does to the rows, no file of the old timeline may be followed by. The log stays: what waits in it
 * goes when a full backup holds it.
 * @param parent SQL of the JSON of the position that it comes from; absent: where the log stands
 */
export function beginTimelineSql(reason: TimelineReason, parent?: string): string {
  const here = "json_object('timeline', timeline, 'seq', shipped_seq)";
  return `UPDATE ${STATE_TABLE} SET parent = ${parent ?? here}, timeline = lower(hex(randomblob(16))),
    reason = '${reason}', since = ${NOW_SQL}, previous = NULL, attempt = NULL,
    needs_base = '${reason}' WHERE id = 1`;
}

/** SQL: what a restore has prepared takes the place of the old rows at this moment. */
export const BEGINS_NOW: string = `UPDATE ${STATE_TABLE} SET since = ${NOW_SQL}
  WHERE id = 1 AND reason = 'restore' AND needs_base = 'restore'`;
