/** What a libSQL server refuses or cuts short, as numbers a test may lower. */
export interface Limits {
  /** An idle stream is closed after this, its transaction rolled back (stream.rs `EXPIRATION`). */
  readonly streamIdleMs: number;
  /** How long an expired stream is remembered as expired, not unknown. stream.rs `CLEANUP`. */
  readonly expiredStreamKeptMs: number;
  /** A write transaction this old loses its lock to a waiting writer (mod.rs `TXN_TIMEOUT`). */
  readonly transactionMs: number;
  /** How long to wait for a lock held by somebody who is not one of our streams. */
  readonly foreignLockMs: number;
  /** Bytes of one result (`SQLD_MAX_RESPONSE_SIZE`); cursors have no such limit. */
  readonly resultBytes: number;
  /** Bytes of all results of one answer (`SQLD_MAX_TOTAL_RESPONSE_SIZE`). */
  readonly totalResultBytes: number;
  /** Bytes of one value or one row's arguments (`max_row_size`). */
  readonly rowBytes: number;
  /** SQL texts one stream may store, and the bytes of each. hrana/http/request.rs. */
  readonly storedSqlCount: number;
  readonly storedSqlBytes: number;
  /** Nesting of batch conditions (PROTOCOL.md 6.2.1: "the server limits the nesting depth"). */
  readonly conditionDepth: number;
}

export const SERVER_LIMITS: Limits = {
  streamIdleMs: 10_000,
  expiredStreamKeptMs: 300_000,
  transactionMs: 5_000,
  foreignLockMs: 5_000,
  resultBytes: 10_000_000,
  totalResultBytes: 32_000_000,
  rowBytes: 5_000_000,
  storedSqlCount: 50,
  storedSqlBytes: 5_000,
  conditionDepth: 10,
};
