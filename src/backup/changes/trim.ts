/** What was stored and read back, or is in a full backup, is forgotten. */
import { hasChanged, type Statement, sql } from '../../db/database.ts';
import { releaseJob } from '../../db/job-leases.ts';
import { forgetSince, rememberChange } from '../../db/stored-files.ts';
import type { Previous } from '../catalog/change-position.ts';
import { type BasePosition, NOW_SQL, STATE_TABLE } from '../catalog/change-state.ts';
import { LOG_TABLE } from '../schema/change-triggers.ts';
import { countOn } from './needs-base.ts';
import type { Peek } from './peek.ts';
import { LEASE } from './read-range.ts';
import type { ShipContext } from './shipping.ts';

/** SQL: since when what is behind change `?1` waits, once that change is stored. */
const WAITS_FROM_NOW: string = `CASE WHEN EXISTS (SELECT 1 FROM ${LOG_TABLE} WHERE seq > ?1) THEN ${NOW_SQL} END`;

export interface Shipped {
  readonly last: number;
  readonly attempts: readonly string[];
  readonly file: string;
  readonly sha256: string;
}

/**
 * Forgets the entries of a file that was read back, in one transaction with the word of it. False:
 * another shipper, a restore or a full backup was faster, and nothing has changed.
 */
export async function trim(
  context: Pick<ShipContext, 'db' | 'holder' | 'isCopied'>,
  seen: Peek,
  shipped: Shipped,
): Promise<boolean> {
  const [moved] = await context.db.write(trimmed(context, seen, shipped));
  return hasChanged(moved);
}

/** The first statement returns a row where it has moved the state. */
export function trimmed(
  { holder, isCopied }: Pick<ShipContext, 'holder' | 'isCopied'>,
  { state, counted }: Peek,
  shipped: Shipped,
): Statement[] {
  const { timeline, shippedSeq } = state;
  const previous = { file: shipped.file, sha256: shipped.sha256 } satisfies Previous;
  return [
    sql(
      `UPDATE ${STATE_TABLE} SET shipped_seq = ?1, previous = ?2, attempt = NULL,
         waiting_since = ${WAITS_FROM_NOW}
       WHERE id = 1 AND timeline = ?3 AND shipped_seq = ?4 AND attempt = ?5 AND needs_base IS NULL RETURNING id`,
      shipped.last,
      JSON.stringify(previous),
      timeline,
      shippedSeq,
      shipped.attempts.join(' '),
    ),
    // What is not remembered must not look like somebody else's once there is a second copy again.
    ...(isCopied === true ? rememberChange(previous, { timeline, first: shippedSeq + 1 }) : [forgetSince()]),
    trimLog(timeline, shipped.last),
    releaseJob(LEASE, holder),
    ...(counted < shipped.last ? countOn() : []),
  ];
}

/** Only what the state says is stored. */
function trimLog(timeline: string, last: number): Statement {
  return sql(
    `DELETE FROM ${LOG_TABLE} WHERE seq <= ?1
       AND EXISTS (SELECT 1 FROM ${STATE_TABLE} WHERE id = 1 AND timeline = ?2 AND shipped_seq >= ?1)`,
    last,
    timeline,
  );
}

/** A log this long, as a part of all rows, is cheaper kept as the backup that is there anyway. */
const LARGE_PART = 5;

/**
 * Forgets the entries that the verified backup `name` holds, where files cannot tell them (a full
 * backup was needed) or would be as large as it. Only where nothing has moved since the snapshot:
 * what went unseen after it, it does not hold.
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
