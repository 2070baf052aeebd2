/** Whether anything waits to be shipped: one question, which rides along with another one. */
import { type Database, one, type Query, sql } from '../../db/database.ts';
import type { Row } from '../../db/row.ts';
import { explain } from '../../lib/clock.ts';
import {
  type ChangeState,
  COOKIE_SQL,
  NOW_SQL,
  STATE_COLUMNS,
  STATE_HOLDS,
  STATE_TABLE,
  stateOf,
} from '../catalog/change-state.ts';
import { LOG_TABLE } from '../schema/change-triggers.ts';

export interface Peek {
  readonly state: ChangeState;
  /** The log's last entry; `shippedSeq` when none waits. */
  readonly last: number;
  /**
   * Its last entry ever, by SQLite's counter. 0 where an entry stands before what is stored: the
   * place of the log was moved past it.
   */
  readonly counted: number;
  /** `PRAGMA schema_version` now. */
  readonly cookie: number;
  /** Names of tables with entries that wait, as hex of their bytes: a name may be anything. */
  readonly tables: readonly string[];
  /** ISO time of the database. */
  readonly now: string;
}

const WAITING = `FROM ${LOG_TABLE} WHERE seq > s.shipped_seq`;

/** Undefined where the log never began, or where somebody altered what says where it stands. */
export const peek: Query<Peek | undefined> = one(
  sql(
    `SELECT ${STATE_COLUMNS}, COALESCE((SELECT MAX(seq) ${WAITING}), s.shipped_seq) AS last,
       CASE WHEN (SELECT MIN(seq) FROM ${LOG_TABLE}) <= s.shipped_seq THEN 0
         ELSE COALESCE((SELECT CAST(seq AS INTEGER) FROM sqlite_sequence WHERE name = '${LOG_TABLE}'), 0) END AS counted,
       ${COOKIE_SQL} AS cookie,
       (SELECT group_concat(name) FROM (SELECT DISTINCT hex(tbl) AS name ${WAITING})) AS tables,
       ${NOW_SQL} AS now
     FROM ${STATE_TABLE} AS s WHERE ${STATE_HOLDS}`,
  ),
  (row: Row) => ({
    state: stateOf(row),
    last: row.int('last'),
    counted: row.int('counted'),
    cookie: row.int('cookie'),
    tables: row.textOrNull('tables')?.split(',') ?? [],
    now: row.text('now'),
  }),
);

/** Undefined also where somebody dropped a table of the log: it is made again. */
export async function peekAt(db: Pick<Database, 'read'>): Promise<Peek | undefined> {
  const [found] = await db.read([peek]).catch((error: unknown): [undefined] => {
    if (isLogGone(error)) return [undefined];
    throw error;
  });
  return found;
}

export function isLogGone(error: unknown): boolean {
  return /no such table: (main\.)?change_(log|state)/.test(explain(error));
}

/** Longer than this, and the owners are told; /healthz is 503. */
export const LONGEST_LAG_SECONDS: number = 15 * 60;

/**
 * Some entries are gone, or the counter is. A counter behind the last entry alone is no loss: a
 * statement with OR FAIL leaves its rows and entries, and counts none of them.
 */
export function isLost({ state, last, counted }: Peek): boolean {
  return counted > last || counted < state.shippedSeq;
}

/** Entries that wait. */
export function pending({ state, last }: Peek): number {
  return Math.max(0, last - state.shippedSeq);
}

/**
 * Since when the oldest of them, or the full backup that has to come first, is known to wait, in
 * seconds; a clock that jumped back gives 0.
 */
export function lagSeconds(found: Peek): number {
  const { waitingSince, needsBase } = found.state;
  if ((pending(found) === 0 && needsBase === null) || waitingSince === null) return 0;
  const ms = Date.parse(found.now) - Date.parse(waitingSince);
  return Number.isNaN(ms) ? 0 : Math.max(0, Math.round(ms / 1000));
}
