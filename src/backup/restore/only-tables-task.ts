/**
 * `--only`: the contents of some tables of a backup into a copy of the living database. The backup
 * is somebody else's, so this runs in the process for foreign files; the triggers that fire are the
 * living database's own. Node only.
 */
import { DatabaseSync } from 'node:sqlite';
import { NEWEST_VERSION, versionIn } from '../../db/existing-schema.ts';
import type { Lack } from '../../db/own-schema.ts';
import { explain } from '../../lib/clock.ts';
import { quoteName } from '../../lib/sql-tokens.ts';
import type { Task } from '../foreign/task.ts';
import type { TableDigest } from '../model/digest.ts';
import type { DatabaseSchema } from '../model/model.ts';
import { openFileSnapshotSource } from '../snapshot/file.ts';
import { digestFile } from '../verify/file-digests.ts';
import { cannotOnly, type OnlyWanted, type Orphans, pointsNowhere, sqliteSays } from './only-obstacles.ts';
import { lackOfLive, replaceContents } from './replace-contents.ts';

declare module '../foreign/task.ts' {
  interface Tasks {
    readonly only: typeof onlyTask;
  }
}

export interface OnlyInput extends OnlyWanted {
  /** The copy. */
  readonly fresh: string;
  /** The backup's database file. */
  readonly backup: string;
  /** Digests of these tables in the backup. */
  readonly wanted: readonly TableDigest[];
}

/** Returns what is to be told of it. */
export const onlyTask: Task<OnlyInput, readonly string[]> = async ({ fresh, backup, wanted, ...asked }) => {
  const { only, origin } = asked;
  const live = await openFileSnapshotSource({ path: fresh }).schema();
  const from = await openFileSnapshotSource({ path: backup }).schema();
  const tables = from.tables.filter(({ name }) => only.includes(name));
  const version = versionOf(fresh, live);
  const { statements, notes } = replaceContents({
    origin,
    live,
    version,
    from,
    staged: tables.map((table) => ({ table, name: `backup.${quoteName(table.name)}` })),
  });
  const db = new DatabaseSync(fresh, { enableForeignKeyConstraints: false });
  try {
    const lack = lackOfLive({ live, version });
    // Where a key is lost SQLite cannot count; every orphan is a new one then.
    const before = lack === undefined ? orphansOrRefusal(db, asked, lack) : new Map<string, Orphans>();
    db.prepare('ATTACH ? AS backup').run(backup);
    try {
      db.exec(`BEGIN; ${statements.join(';\n')}; COMMIT; DETACH backup`);
    } catch (error) {
      throw cannotOnly(asked, sqliteSays(explain(error), lack));
    }
    const after = orphansOrRefusal(db, asked, lack);
    const worse = [...after].filter(([key, { count }]) => count > (before.get(key)?.count ?? 0));
    const [first] = worse;
    if (first !== undefined)
      throw cannotOnly(
        asked,
        pointsNowhere(
          only,
          worse.map(([, orphans]) => orphans),
          first[1].count - (before.get(first[0])?.count ?? 0),
        ),
      );
  } finally {
    db.close();
  }
  const filled = await openFileSnapshotSource({ path: fresh }).schema();
  const digests = new Map((await digestFile(fresh)).tables.map((table) => [table.table, table]));
  for (const { table, sha256 } of wanted)
    if (digests.get(table)?.sha256 !== sha256 && sameColumns(filled, from, table))
      throw cannotOnly(
        asked,
        `table ${table} did not arrive as it is in the backup: a trigger of the database changed it on the way`,
      );
  return notes;
};

/** Tables whose columns have changed since cannot have the digest of the backup. */
function sameColumns(filled: DatabaseSchema, from: DatabaseSchema, name: string): boolean {
  const columns = ({ tables }: DatabaseSchema): string | undefined =>
    tables
      .find((table) => table.name === name)
      ?.columns.map((column) => column.name)
      .join('\0');
  return columns(filled) === columns(from);
}

function versionOf(path: string, { tables }: DatabaseSchema): number | null {
  if (!tables.some(({ name }) => name === 'schema_migrations')) return null;
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    return versionIn(db.prepare(NEWEST_VERSION).get()?.['version']);
  } finally {
    db.close();
  }
}

function orphansOrRefusal(db: DatabaseSync, asked: OnlyWanted, lack: Lack | undefined): Map<string, Orphans> {
  try {
    return orphansOf(db);
  } catch (error) {
    throw cannotOnly(asked, sqliteSays(explain(error), lack));
  }
}

/** By both tables. @throws where a table that others refer to has lost its key */
function orphansOf(db: DatabaseSync): Map<string, Orphans> {
  const rows = db
    .prepare(
      'SELECT "table" AS child, parent, count(*) AS n FROM pragma_foreign_key_check GROUP BY 1, 2 ORDER BY 1, 2',
    )
    .all();
  return new Map(
    rows.map((row) => {
      const [child, parent] = [String(row['child']), String(row['parent'])];
      return [`${child}\0${parent}`, { child, parent, count: Number(row['n']) }];
    }),
  );
}
