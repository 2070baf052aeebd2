/** The SQL that carries the engine's record over (carry-ledger.ts), into a file or on a server. */
import { RUN_COLUMNS } from '../schema/engine-tables.ts';

export const RUNS: string = RUN_COLUMNS.join(', ');
/** Years of them; whoever writes into the database may have added any number. */
export const MOST_RUNS = 2_000;
/** Characters of a value, for the same reason. */
const MOST_VALUE = 1_000;
const bounded = (column: string): string =>
  `CASE WHEN typeof(${column}) IN ('text', 'blob') THEN substr(${column}, 1, ${MOST_VALUE}) ELSE ${column} END AS ${column}`;
/** The newest, the oldest of them first. */
export const NEWEST_RUNS: string = `SELECT * FROM (SELECT id, ${RUN_COLUMNS.map(bounded).join(', ')} FROM backup_runs
  ORDER BY id DESC LIMIT ${MOST_RUNS}) ORDER BY id`;

/** Names by what `settleRuns` has made of them: a manifest knows better than a dead process. */
export const INSERT_RUNS: string = `INSERT OR IGNORE INTO backup_runs (${RUNS})`;
export const SET_FENCE = "UPDATE backup_lease SET holder = '', expires_ms = 0, fence = 1 + MAX(fence, ";

export type LedgerValue = null | bigint | number | string;

/** What the living database says of its runs. */
export interface LiveLedger {
  readonly fence: bigint | undefined;
  /** Values of {@link RUN_COLUMNS}. */
  readonly runs: readonly (readonly LedgerValue[])[];
  /** Of all that it has. */
  readonly count: number;
}
