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
} from '../catalog/change-position.ts';

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
  /** What the admins were told of entries that wait too long, or are too many; null: nothing. */
  readonly told: string | null;
}

export const STATE_COLUMNS =
  'timeline, parent, reason, since, shipped_seq, previous, attempt, waiting_since, schema_cookie, schema_sha256, needs_base, told';

/** Undefined before the first {@link ChangeState} is made, or where somebody took it away. */
export const changeState: Query<ChangeState | undefined> = one(
  sql(`SELECT ${STATE_COLUMNS} FROM ${STATE_TABLE} WHERE id = 1`),
  stateOf,
);

/** What somebody's SQL may have written there is no reason to stop: it reads as unknown. */
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

/** What a full backup's manifest says of the state that its snapshot holds. */
export function manifestChangesOf(state: ChangeState, lastSeq: number): ManifestChanges {
  const { timeline, previous, since, parent, reason, schemaSha256 } = state;
  const seq = Math.max(lastSeq, state.shippedSeq);
  return { timeline, seq, previous, since, parent, reason, schema_sha256: schemaSha256 };
}
