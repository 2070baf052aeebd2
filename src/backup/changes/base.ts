/**
 * What a full backup does for the change log. Its snapshot holds the log and where it stands, so
 * its manifest names the very position; and what waits in the log up to there is in the backup.
 */

import { type Statement, sql } from '../../db/database.ts';
import { type BasePosition, STATE_TABLE } from '../catalog/change-state.ts';
import { countOn } from './needs-base.ts';
import { trimLog, WAITS_FROM_NOW } from './trim.ts';

/** A log this long, as a part of all rows, is cheaper kept as the backup that is there anyway. */
const LARGE_PART = 5;

/**
 * Forgets the entries that a verified backup holds, where files cannot tell them (a full backup was
 * needed) or would be as large as it. Only where nothing has moved since the snapshot: what went
 * unseen after it, it does not hold.
 */
export function coveredByBase(name: string, { state, changes }: BasePosition, rows: number): Statement[] {
  const isLarge = (changes.seq - state.shippedSeq) * LARGE_PART > rows;
  if (state.needsBase === null && !isLarge) return [];
  return [
    sql(
      `UPDATE ${STATE_TABLE} SET shipped_seq = ?1, previous = ?2, attempt = NULL, needs_base = NULL,
         waiting_since = ${WAITS_FROM_NOW}
       WHERE id = 1 AND timeline = ?3 AND shipped_seq = ?4 AND needs_base IS ?5
         AND schema_cookie IS ?6 AND schema_sha256 IS ?7
       RETURNING id`,
      changes.seq,
      JSON.stringify({ base: name }),
      state.timeline,
      state.shippedSeq,
      state.needsBase,
      state.schemaCookie,
      state.schemaSha256,
    ),
    trimLog(state.timeline, changes.seq),
    ...countOn(),
  ];
}
