/**
 * A backup is taken while its own run is under way, so it holds that run as `running` and its lease as held. Brought back as it is, the
 * next run would report a death that was none, wait for a holder that is gone, and sweep the backup's own files (settle.ts, prune.ts).
 * Node only.
 */
import { DatabaseSync } from 'node:sqlite';
import { toSqlTime } from '../../db/time.ts';
import { digestFile } from '../inspect-file.ts';
import type { Manifest } from '../manifest.ts';
import type { BackupName } from '../names.ts';
import type { RestoreSource } from './source.ts';

/** The engine's record of itself: it tells of the bucket and of what runs now, not of the bot. */
export const ENGINE_TABLES: readonly string[] = ['backup_lease', 'backup_runs', 'backup_requests'];

/** Whose run made what is restored. */
export interface Maker {
  readonly name: BackupName;
  /** Undefined for a file without one: only its name tells. */
  readonly manifest: Manifest | undefined;
}

/**
 * Ends the run that made the backup, in the scratch copy, after its digests were compared with the manifest; the changed tables' digests are
 * taken anew, for all that is compared later. The run is `done` when the manifest says so or the file bears its name. A run that nothing
 * is known of is forgotten: `failed` would have its files swept, `done` might be a lie, and a name without a record is left alone.
 */
export async function settleRuns(source: RestoreSource, maker: Maker | undefined): Promise<RestoreSource> {
  const changes = settleFile(source, maker);
  if (changes === 0) return source;
  const { tables } = await digestFile(source.path, ENGINE_TABLES);
  const fresh = new Map(tables.map((digest) => [digest.table, digest]));
  return { ...source, tables: source.tables.map((table) => fresh.get(table.table) ?? table) };
}

function settleFile({ path, tables }: RestoreSource, maker: Maker | undefined): number {
  const db = new DatabaseSync(path, { enableForeignKeyConstraints: false });
  let changes = 0;
  const run = (sql: string, ...args: (string | number | null)[]): void => {
    changes += Number(db.prepare(sql).run(...args).changes);
  };
  try {
    db.exec('BEGIN');
    if (hasColumns(db, 'backup_runs', ['name', 'state', 'finished_at', 'rows', 'bytes', 'scheduled_at'])) {
      if (maker !== undefined) {
        const end = maker.manifest === undefined ? undefined : endOf(maker.manifest);
        const rows = tables.reduce((sum, table) => sum + table.rows, 0);
        run(
          "UPDATE backup_runs SET state = 'done', finished_at = ?, rows = ?, bytes = ? WHERE name = ? AND state = 'running'",
          end?.finishedAt ?? null,
          end?.rows ?? rows,
          end?.bytes ?? null,
          maker.name,
        );
      }
      run("DELETE FROM backup_runs WHERE state = 'running'");
      // Whoever asked for this backup has it: nobody is to be told again, years later, by the next tick.
      if (maker !== undefined && hasColumns(db, 'backup_requests', ['requested_at', 'finished_at']))
        run(
          `UPDATE backup_requests SET finished_at = COALESCE(r.finished_at, r.started_at) FROM backup_runs AS r
           WHERE backup_requests.finished_at IS NULL AND r.name = ? AND r.state = 'done' AND r."trigger" = 'command'
             AND r.scheduled_at = backup_requests.requested_at`,
          maker.name,
        );
    }
    if (hasColumns(db, 'backup_lease', ['id', 'holder', 'expires_ms']))
      run("UPDATE backup_lease SET holder = '', expires_ms = 0 WHERE holder <> '' OR expires_ms <> 0");
    db.exec('COMMIT');
  } finally {
    db.close();
  }
  return changes;
}

function endOf({ finished_at, tables, objects }: Manifest): {
  finishedAt: string;
  rows: number;
  bytes: number;
} {
  return {
    finishedAt: toSqlTime(new Date(finished_at)),
    rows: tables.reduce((sum, table) => sum + table.rows, 0),
    bytes: objects.database.bytes + objects.document.bytes,
  };
}

function hasColumns(db: DatabaseSync, table: string, columns: readonly string[]): boolean {
  const found = new Set(
    db
      .prepare('SELECT name FROM pragma_table_info(?)')
      .all(table)
      .map((row) => String(row['name'])),
  );
  return columns.every((column) => found.has(column));
}
