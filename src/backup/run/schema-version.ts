/** The numbers of the migrations on record, read from the snapshot itself. */
import type { SnapshotSink } from '../model/model.ts';
import { rowLayout } from '../model/values.ts';

/**
 * `version` (the last) is undefined for a database without our migrations table; known once the
 * scan is over.
 */
export function createSchemaVersionSink(): SnapshotSink & {
  readonly version: number | undefined;
  /** In order. */
  readonly all: readonly number[];
} {
  const all = new Set<number>();
  let version: number | undefined;
  let at = 0;
  return {
    get version() {
      return version;
    },
    get all() {
      return [...all].sort((a, b) => a - b);
    },
    targets(schema) {
      const table = schema.tables.find(({ name }) => name === 'schema_migrations');
      if (table === undefined) return [];
      const layout = rowLayout(table);
      const column = layout.columns.findIndex(({ name }) => name === 'version');
      const position = layout.at[column];
      if (position === undefined) return [];
      at = position;
      version = 0;
      all.clear();
      return [{ kind: 'table', table }];
    },
    begin() {},
    beginScan() {},
    rows(batch) {
      for (const row of batch) {
        const value = row[at];
        if (typeof value !== 'bigint') continue;
        version = Math.max(version ?? 0, Number(value));
        all.add(Number(value));
      }
    },
    endScan() {},
    async finish() {},
  };
}
