/**
 * What a full backup does for the change log. Its snapshot holds the log and where it stands, so
 * its manifest names the very position; and what waits in the log up to there is in the backup.
 */

import * as v from 'valibot';
import { type Statement, sql } from '../../db/database.ts';
import { Row } from '../../db/row.ts';
import { type ManifestChanges, manifestChangesSchema } from '../catalog/change-position.ts';
import type { SnapshotSink, SqlValue, TableInfo } from '../model/model.ts';
import { type RowLayout, rowLayout } from '../model/values.ts';
import { LOG_TABLE } from '../schema/change-triggers.ts';
import { type ChangeState, manifestChangesOf, STATE_COLUMNS, STATE_TABLE, stateOf } from './change-state.ts';
import { countOn } from './needs-base.ts';
import { trimLog } from './trim.ts';

/** Where the log stands in a snapshot. */
export interface BasePosition {
  readonly state: ChangeState;
  readonly changes: ManifestChanges;
}

/**
 * `position` is undefined for a database without a change log, or with one that somebody's SQL
 * spoilt; known once the scans are over.
 */
export function createPositionSink(): SnapshotSink & { readonly position: BasePosition | undefined } {
  let state: ChangeState | undefined;
  let last = 0;
  let current: { readonly table: TableInfo; readonly layout: RowLayout } | undefined;
  return {
    get position() {
      const changes = state && manifestChangesOf(state, last);
      return state && v.is(manifestChangesSchema, changes) ? { state, changes } : undefined;
    },
    targets(schema) {
      state = undefined;
      last = 0;
      return schema.tables
        .filter(({ name }) => name === LOG_TABLE || name === STATE_TABLE)
        .map((table) => ({ kind: 'table' as const, table }));
    },
    begin() {},
    beginScan(target) {
      if (target.kind === 'table') current = { table: target.table, layout: rowLayout(target.table) };
    },
    rows(batch) {
      if (current === undefined) return;
      const { table, layout } = current;
      for (const row of batch) {
        const values = new Map(layout.columns.map(({ name }, i) => [name, row[layout.at[i] ?? -1] ?? null]));
        if (table.name === LOG_TABLE) last = Math.max(last, Number(values.get('seq') ?? 0));
        else state = readable(values);
      }
    },
    endScan() {
      current = undefined;
    },
    async finish() {},
  };
}

/** Somebody's SQL may have put anything there: then the backup has no position. */
function readable(values: ReadonlyMap<string, SqlValue>): ChangeState | undefined {
  try {
    const names = STATE_COLUMNS.split(', ');
    const row = names.map((name) => {
      const value = values.get(name) ?? null;
      return typeof value === 'object' ? null : value;
    });
    return stateOf(new Row(row, names));
  } catch {
    return undefined;
  }
}

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
         waiting_since = CASE WHEN EXISTS (SELECT 1 FROM ${LOG_TABLE} WHERE seq > ?1)
           THEN strftime('%Y-%m-%dT%H:%M:%fZ', 'now') END
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
