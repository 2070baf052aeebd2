/** Where the change log stands, read from the snapshot itself. */
import * as v from 'valibot';
import { Row } from '../../db/row.ts';
import { manifestChangesSchema } from '../catalog/change-position.ts';
import {
  type BasePosition,
  type ChangeState,
  manifestChangesOf,
  STATE_COLUMNS,
  STATE_TABLE,
  stateOf,
} from '../catalog/change-state.ts';
import type { SnapshotSink, SqlValue, TableInfo } from '../model/model.ts';
import { type RowLayout, rowLayout } from '../model/values.ts';
import { LOG_TABLE } from '../schema/change-triggers.ts';

/**
 * `position` is undefined for a database without a change log, or with one that somebody's SQL
 * damaged; known once the scans are over.
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
