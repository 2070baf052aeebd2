/**
 * The run that made a backup, read from the snapshot itself: it is on the database's record before
 * the first row is read, and not done yet.
 */
import type { BackupName } from '../catalog/names.ts';
import type { DatabaseSchema, SnapshotSink } from '../model/model.ts';
import { rowLayout } from '../model/values.ts';
import { isLease, isLedger } from '../schema/engine-tables.ts';

export interface OwnRun {
  readonly name: string;
  readonly trigger: string;
  /** As the record has it: `YYYY-MM-DD HH:MM:SS`. */
  readonly startedAt: string;
}

const COLUMNS = ['name', 'trigger', 'started_at', 'state'];

/**
 * `hasRecord`: whether a run is recorded there at all (begin.ts). `own`: the run of that name;
 * `other`: the last one that was under way. Known once the scan is over.
 */
export function createRunSink(name: BackupName): SnapshotSink & {
  readonly hasRecord: boolean;
  readonly own: OwnRun | undefined;
  readonly other: OwnRun | undefined;
} {
  let hasRecord = false;
  let own: OwnRun | undefined;
  let other: OwnRun | undefined;
  let at: readonly (number | undefined)[] = [];
  return {
    get hasRecord() {
      return hasRecord;
    },
    get own() {
      return own;
    },
    get other() {
      return other;
    },
    targets(schema) {
      own = undefined;
      other = undefined;
      hasRecord = isLease(columnsOf(schema, 'backup_lease')) && isLedger(columnsOf(schema, 'backup_runs'));
      const table = schema.tables.find((found) => found.name === 'backup_runs');
      if (!hasRecord || table === undefined) return [];
      const layout = rowLayout(table);
      at = COLUMNS.map((wanted) => layout.at[layout.columns.findIndex((column) => column.name === wanted)]);
      return [{ kind: 'table', table }];
    },
    begin() {},
    beginScan() {},
    rows(batch) {
      for (const row of batch) {
        const [called, trigger, startedAt, state] = at.map((place) => row[place ?? -1]);
        if (typeof called !== 'string' || typeof trigger !== 'string' || typeof startedAt !== 'string')
          continue;
        if (called === name && state !== 'done') own = { name: called, trigger, startedAt };
        if (state === 'running') other = { name: called, trigger, startedAt };
      }
    },
    endScan() {},
    async finish() {},
  };
}

function columnsOf({ tables }: DatabaseSchema, name: string): string[] {
  const table = tables.find((found) => found.name === name);
  return table === undefined ? [] : rowLayout(table).columns.map((column) => column.name);
}
