/**
 * A backup is taken while its own run is under way, so it holds that run as `running` and its lease
 * as held. Brought back as it is, the next run would report a death that was none, wait for a
 * holder that is gone, and sweep the backup's own files (settle.ts, sweep-debris.ts). Node only.
 */
import { statSync } from 'node:fs';
import { toSqlTime } from '../../db/time.ts';
import type { Manifest } from '../catalog/manifest.ts';
import type { BackupName } from '../catalog/names.ts';
import { limitsFor, runInProcess } from '../foreign/process.ts';
import { rowsOfTables } from '../model/digest.ts';
import type { RestoreSource } from './fetch-backup.ts';
import type { RunEnd } from './settle-task.ts';

/** Whose run made what is restored. */
export interface Maker {
  readonly name: BackupName;
  /** Undefined for a file without one: only its name tells. */
  readonly manifest: Manifest | undefined;
}

/**
 * Ends the run that made the backup, in the scratch copy, after its digests were compared with the
 * manifest; the changed tables' digests are taken anew, for all that is compared later. The run is
 * `done` when the manifest says so or the file bears its name. A run that nothing is known of is
 * forgotten: `failed` would have its files swept, `done` might be a lie, and a name without a
 * record is left alone.
 */
export async function settleRuns(source: RestoreSource, maker: Maker | undefined): Promise<RestoreSource> {
  const rows = rowsOfTables(source.tables);
  const { path, lastChange } = source;
  const input = { path, end: maker && endOf(maker, rows), lastChange };
  const limits = limitsFor(statSync(source.path).size);
  const { tables, notes } = await runInProcess('settle', input, { limits });
  const fresh = new Map(tables.map((digest) => [digest.table, digest]));
  return {
    ...source,
    notes: [...source.notes, ...notes],
    tables: source.tables.map((table) => fresh.get(table.table) ?? table),
  };
}

function endOf({ name, manifest }: Maker, rows: number): RunEnd {
  if (manifest === undefined) return { name, finishedAt: null, rows, bytes: null };
  const { finished_at, tables, objects } = manifest;
  return {
    name,
    finishedAt: toSqlTime(new Date(finished_at)),
    rows: rowsOfTables(tables),
    bytes: objects.database.bytes + objects.document.bytes,
  };
}
