/** Where the change log of a database stands: the row of `change_state`. */
import * as v from 'valibot';
import { one, type Query, sql } from '../../db/database.ts';
import type { Row } from '../../db/row.ts';
import { readJson } from '../../lib/read-json.ts';
import {
  type ManifestChanges,
  type Position,
  type Previous,
  positionSchema,
  previousSchema,
  TIMELINE_REASONS,
  type TimelineReason,
} from './change-position.ts';

export const STATE_TABLE = 'change_state';

export interface ChangeState {
  readonly timeline: string;
  readonly parent: Position | null;
  readonly reason: TimelineReason;
  /** ISO time of the timeline's beginning, by the database's clock. */
  readonly since: string;
  /** Every entry up to it is stored in a change file, or covered by a full backup. */
  readonly shippedSeq: number;
  readonly previous: Previous;
  /** Names of files that were perhaps stored (ship.ts), the newest first. */
  readonly attempts: readonly string[];
  /** ISO time when an entry was first seen that is in no file yet; null: none was. */
  readonly waitingSince: string | null;
  /** `PRAGMA schema_version` when {@link schemaSha256} was taken. */
  readonly schemaCookie: number | null;
  readonly schemaSha256: string | null;
  /** Why a full backup must come before anything may be shipped, or null. */
  readonly needsBase: string | null;
  /** What the owners were told of entries that wait too long, or are too many; null: nothing. */
  readonly told: string | null;
}

export const STATE_COLUMNS =
  'timeline, parent, reason, since, shipped_seq, previous, attempt, waiting_since, schema_cookie, schema_sha256, needs_base, told';

/** `told` of a row that took a damaged one's place: the owners do not know yet. */
export const UNTOLD_SPOILT = 'spoilt';

/** SQL: the database's clock, as texts of {@link ChangeState} keep it. */
export const NOW_SQL = "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')";
/** SQL: what {@link ChangeState.schemaCookie} is at the moment. */
export const COOKIE_SQL = '(SELECT schema_version FROM pragma_schema_version)';

/**
 * SQL: since when something waits, from this look on at the latest. What a clock wrote that ran
 * ahead and was set right is no time to count from.
 */
export const WAITING_SINCE: string = `min(COALESCE(waiting_since, ${NOW_SQL}), ${NOW_SQL})`;

/** A text that every driver can read: libsql ends the process over one that is not UTF-8. */
const isPlain = (column: string): string =>
  `(${column} IS NULL OR (typeof(${column}) = 'text' AND ${column} NOT GLOB '*[^ -~]*'))`;
const isHex = (column: string, length: number): string =>
  `(typeof(${column}) = 'text' AND length(${column}) = ${length} AND ${column} NOT GLOB '*[^0-9a-f]*')`;
const isTime = (column: string): string => `strftime('%Y-%m-%dT%H:%M:%fZ', ${column}) IS ${column}`;
/** Half of what a number can hold: the log goes on behind it. */
const MOST_SEQ = 2 ** 52;
const NEXT = `json_extract(previous, '$.file') GLOB 'changes/' || timeline || '/*-' || printf('%016d', shipped_seq) || '_*'`;

/**
 * SQL: the row is one that this program wrote, as far as it can be told. Where a full backup has to
 * come first, what comes last in the bucket says nothing yet; else the last file is the one before
 * the next number.
 */
export const STATE_HOLDS: string = [
  'id = 1',
  isHex('timeline', 32),
  "typeof(shipped_seq) = 'integer'",
  `shipped_seq BETWEEN 0 AND ${MOST_SEQ}`,
  isTime('since'),
  `(waiting_since IS NULL OR ${isTime('waiting_since')})`,
  `(schema_sha256 IS NULL OR ${isHex('schema_sha256', 64)})`,
  `(schema_cookie IS NULL OR (typeof(schema_cookie) = 'integer' AND abs(schema_cookie) < ${MOST_SEQ}))`,
  ...['reason', 'parent', 'previous', 'attempt', 'needs_base', 'told'].map(isPlain),
  `CASE WHEN previous IS NULL OR needs_base IS NOT NULL THEN 1 WHEN NOT json_valid(previous) THEN 0
     WHEN json_type(previous, '$.base') = 'text' THEN 1
     ELSE COALESCE(${isHex("json_extract(previous, '$.sha256')", 64)} AND ${NEXT}, 0) END`,
].join(' AND ');

/** Undefined before the first {@link ChangeState} is made, or where somebody altered it. */
export const changeState: Query<ChangeState | undefined> = one(
  sql(`SELECT ${STATE_COLUMNS} FROM ${STATE_TABLE} WHERE ${STATE_HOLDS}`),
  stateOf,
);

/** What does no harm reads as unknown, whatever somebody's SQL has written there. */
export function stateOf(row: Row): ChangeState {
  return {
    timeline: row.text('timeline'),
    parent: known(v.nullable(positionSchema), row.textOrNull('parent')) ?? null,
    reason: known(v.picklist(TIMELINE_REASONS), JSON.stringify(row.text('reason'))) ?? 'replaced',
    since: row.text('since'),
    shippedSeq: row.int('shipped_seq'),
    previous: known(previousSchema, row.textOrNull('previous')) ?? null,
    attempts: row.textOrNull('attempt')?.split(' ') ?? [],
    waitingSince: row.textOrNull('waiting_since'),
    schemaCookie: row.intOrNull('schema_cookie'),
    schemaSha256: row.textOrNull('schema_sha256'),
    needsBase: row.textOrNull('needs_base'),
    told: row.textOrNull('told'),
  };
}

function known<T>(schema: v.GenericSchema<unknown, T>, json: string | null): T | undefined {
  const value: unknown = json === null ? null : (readJson(json) ?? json.replaceAll('"', ''));
  const result = v.safeParse(schema, value);
  return result.success ? result.output : undefined;
}

/** Where the log stands in a snapshot. */
export interface BasePosition {
  readonly state: ChangeState;
  readonly changes: ManifestChanges;
}

/** What a full backup's manifest says of the state that its snapshot holds. */
export function manifestChangesOf(state: ChangeState, lastSeq: number): ManifestChanges {
  const { timeline, previous, since, parent, reason, schemaSha256 } = state;
  const seq = Math.max(lastSeq, state.shippedSeq);
  return { timeline, seq, previous, since, parent, reason, schema_sha256: schemaSha256 };
}
