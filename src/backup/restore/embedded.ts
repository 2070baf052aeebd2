/**
 * A backup into a database file (spec/backup.md, "Restore"): a new file beside the old one, checked, then renamed over it; the old one
 * stays as `.before-restore`. Killed anywhere, the old or the new file stands whole under the name. Node only.
 */
import { chmodSync, chownSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { DatabaseSync } from 'node:sqlite';
import { holdAlone } from '../../db/sole-use.ts';
import type { TableDigest } from '../digest.ts';
import { digestFile } from '../inspect-file.ts';
import { copyLive } from '../local-copy.ts';
import type { DatabaseSchema } from '../model.ts';
import { openEmbeddedSnapshotSource } from '../snapshot/embedded.ts';
import { openFileSnapshotSource } from '../snapshot/file.ts';
import { quoteName } from '../snapshot/sql-tokens.ts';
import type { FileCalls } from './file-calls.ts';
import { replaceContents } from './replace-contents.ts';

/** Where a restore of the database at `path` works; the next attempt removes what a dead one left there. */
export function workDirectory(path: string): string {
  return `${path}.restoring`;
}

export async function clearWork(path: string, files: FileCalls): Promise<void> {
  await files.remove(workDirectory(path));
  await files.remove(`${path}.before-restore.new`);
}

export interface SwapFiles {
  /** The database's file. */
  readonly path: string;
  /** What takes its place; on the same file system. */
  readonly fresh: string;
  readonly files: FileCalls;
  /** The old file can not be read any more: it is set aside as it is, journal and all. */
  readonly isOldBroken: boolean;
  /** What `fresh` was made from ({@link quietState}): when the file is another by now, its newer rows would be lost. */
  readonly madeFrom?: string | undefined;
}

/** @throws {@link DatabaseInUse} when another process has the old file open; nothing has changed then. */
export async function swapFiles(swap: SwapFiles): Promise<void> {
  const { path, fresh, files, isOldBroken, madeFrom } = swap;
  await files.sync(fresh);
  const kept = `${path}.before-restore`;
  if (files.exists(path)) {
    const release = isOldBroken ? () => {} : await closeForOthers(path);
    try {
      if (madeFrom !== undefined && madeFrom !== stateOf(path))
        throw new DatabaseInUse(
          `database ${path} was written to meanwhile: stop the bot (and whatever else uses it), then restore again`,
        );
      await files.remove(`${kept}.new`);
      await files.link(path, `${kept}.new`);
      await files.rename(`${kept}.new`, kept);
      // The old journal beside the new file would be replayed into it.
      for (const suffix of ['-wal', '-shm', '-journal']) {
        if (!files.exists(`${path}${suffix}`)) {
          await files.remove(`${kept}${suffix}`);
          continue;
        }
        if (!isOldBroken)
          throw new Error(`${path}${suffix} appeared: another program has opened the database`);
        await files.remove(`${kept}${suffix}`);
        await files.link(`${path}${suffix}`, `${kept}${suffix}`);
        await files.remove(`${path}${suffix}`);
      }
      await files.rename(fresh, path);
    } finally {
      release();
    }
  } else {
    for (const suffix of ['-wal', '-shm', '-journal'])
      if (files.exists(`${path}${suffix}`)) {
        await files.remove(`${kept}${suffix}`);
        await files.rename(`${path}${suffix}`, `${kept}${suffix}`);
      }
    await files.rename(fresh, path);
  }
  await files.sync(dirname(path));
}

/** A name for what the file holds now, nobody else having it open; any write changes it. */
export async function quietState(path: string): Promise<string> {
  const release = await closeForOthers(path);
  release();
  return stateOf(path);
}

/** Outside WAL mode every commit writes to the file itself. */
function stateOf(path: string): string {
  const { size, mtimeNs, ino } = statSync(path, { bigint: true });
  return `${ino} ${size} ${mtimeNs}`;
}

/** The bot runs perhaps as somebody else than whoever restores: it must be able to write to the new file as it was to the old one. */
export function takeRights(from: string, to: string): void {
  const { mode, uid, gid } = statSync(from);
  chmodSync(to, mode);
  // Only root can give a file away; everybody else has made it as himself already.
  if (process.getuid?.() === 0) chownSync(to, uid, gid);
}

/** Another process has the database open: a restore under its feet would lose what it writes. */
class DatabaseInUse extends Error {
  override readonly name = 'DatabaseInUse';
}

/** A lock held for a moment is waited for. */
const TRIES = 30;

async function closeForOthers(path: string): Promise<() => void> {
  try {
    return await holdAlone(path, TRIES);
  } catch (cause) {
    throw new DatabaseInUse(
      `database ${path} is open in another program: stop the bot (and whatever else uses it), then restore again`,
      { cause },
    );
  }
}

/**
 * `--only`: a copy of the living database at `fresh` with the contents of some tables from the backup.
 * Returns what is to be told of it.
 * @throws when rows of other tables would point nowhere, or the living tables have no place for the backup's.
 */
export async function withTablesOf(
  path: string,
  backup: { readonly path: string; readonly tables: readonly TableDigest[] },
  only: readonly string[],
  fresh: string,
): Promise<string[]> {
  const source = openEmbeddedSnapshotSource({ path });
  await copyLive(source, fresh);
  const live = await schemaOf(fresh);
  const from = await schemaOf(backup.path);
  const tables = from.tables.filter(({ name }) => only.includes(name));
  const { statements, notes } = replaceContents(
    live,
    tables.map((table) => ({ table, name: `backup.${quoteName(table.name)}` })),
  );
  const db = new DatabaseSync(fresh, { enableForeignKeyConstraints: false });
  try {
    const before = orphansOf(db);
    db.prepare('ATTACH ? AS backup').run(backup.path);
    db.exec(`BEGIN; ${statements.join(';\n')}; COMMIT; DETACH backup`);
    const after = orphansOf(db);
    const [worse] = [...after].filter(([table, count]) => count > (before.get(table) ?? 0));
    if (worse !== undefined)
      throw new Error(
        `${worse[1] - (before.get(worse[0]) ?? 0)} rows of ${worse[0]} would belong to rows that the backup has not: add ${worse[0]} to --only, or restore everything`,
      );
  } finally {
    db.close();
  }
  const digests = new Map((await digestFile(fresh)).tables.map((table) => [table.table, table]));
  for (const { table, sha256 } of backup.tables.filter(({ table }) => only.includes(table)))
    if (digests.get(table)?.sha256 !== sha256 && sameColumns(live, from, table))
      throw new Error(`table ${table} did not arrive as it is in the backup`);
  return notes;
}

/** Tables whose columns have changed since can not have the digest of the backup. */
function sameColumns(live: DatabaseSchema, from: DatabaseSchema, name: string): boolean {
  const columns = ({ tables }: DatabaseSchema): string | undefined =>
    tables
      .find((table) => table.name === name)
      ?.columns.map((column) => column.name)
      .join('\0');
  return columns(live) === columns(from);
}

async function schemaOf(path: string): Promise<DatabaseSchema> {
  return openFileSnapshotSource({ path }).read(async (snapshot) => {
    for await (const _ of snapshot.scans([])) break;
    return snapshot.schema;
  });
}

function orphansOf(db: DatabaseSync): Map<string, number> {
  const rows = db
    .prepare('SELECT "table" AS name, count(*) AS n FROM pragma_foreign_key_check GROUP BY 1')
    .all();
  return new Map(rows.map((row) => [String(row['name']), Number(row['n'])]));
}

/** Beside the database, so that a rename can bring it in. */
export function freshPath(path: string): string {
  return join(workDirectory(path), 'fresh.db');
}
