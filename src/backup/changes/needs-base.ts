/** What no change file can tell, and a full backup has to hold before anything is shipped again. */
import { type Database, hasChanged, type Statement, sql } from '../../db/database.ts';
import { STATE_TABLE, WAITING_SINCE } from '../catalog/change-state.ts';
import { LOG_TABLE } from '../schema/change-triggers.ts';
import type { BaseReason } from './base-reason.ts';
import type { Peek } from './peek.ts';
import type { ShipContext, ShipOutcome } from './shipping.ts';

/**
 * What waits does so from now at the latest. Nothing is written where that is known, or nothing
 * waits. The owners are told when it lasts (jobs/keep-changes.ts).
 */
export const WAITS: Statement = sql(
  `UPDATE ${STATE_TABLE} SET waiting_since = ${WAITING_SINCE}
   WHERE id = 1 AND waiting_since IS NOT ${WAITING_SINCE}
     AND (needs_base IS NOT NULL OR EXISTS (SELECT 1 FROM ${LOG_TABLE} WHERE seq > shipped_seq))`,
);

/**
 * Each batch of writes says since when its entries wait, in the same request: where only a tick
 * ships, no other would know how late a tick is that does not come.
 */
export function notingWaits(db: Database): Database {
  return {
    read: (queries) => db.read(queries),
    write: async (statements) => (await db.write([...statements, WAITS])).slice(0, statements.length),
    get roundTrips() {
      return db.roundTrips;
    },
    close: () => db.close(),
  };
}

export async function needBase(
  { db }: ShipContext,
  reason: BaseReason,
): Promise<ShipOutcome & { readonly kind: 'needs-base' }> {
  await db.write([
    sql(`UPDATE ${STATE_TABLE} SET needs_base = ? WHERE id = 1 AND needs_base IS NULL`, reason),
  ]);
  return { kind: 'needs-base', reason, isNew: true };
}

/** New entries come behind all that were stored, whatever the log's counter says. */
export function countOn(): Statement[] {
  const behind = `(SELECT shipped_seq FROM ${STATE_TABLE} WHERE id = 1)`;
  return [
    sql(
      `INSERT INTO sqlite_sequence (name, seq) SELECT '${LOG_TABLE}', 0
       WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = '${LOG_TABLE}')`,
    ),
    sql(`UPDATE sqlite_sequence SET seq = ${behind} WHERE name = '${LOG_TABLE}' AND seq < ${behind}`),
  ];
}

/**
 * Somebody deleted entries of the log, or its counter: nobody knows which rows they named. The
 * numbers go on behind all that were ever given.
 */
export async function settleLost({ db }: ShipContext, { state, counted }: Peek): Promise<ShipOutcome> {
  const numbers = sql(
    `UPDATE ${STATE_TABLE} SET needs_base = 'lost', attempt = NULL, shipped_seq = MAX(shipped_seq, ?1)
     WHERE id = 1 AND timeline = ?2 AND shipped_seq = ?3 AND needs_base IS NULL RETURNING id`,
    counted,
    state.timeline,
    state.shippedSeq,
  );
  const [settled] = await db.write([numbers, WAITS, ...countOn()]);
  return hasChanged(settled) ? { kind: 'needs-base', reason: 'lost', isNew: true } : { kind: 'busy' };
}
