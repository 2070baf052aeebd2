/**
 * A whole import in a process of its own: it can be ended at any moment, and holds up nobody's
 * event loop. Node only.
 */
import { randomUUID } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { copyFile, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { type Database, fromClient } from '../../db/database.ts';
import { openEmbeddedDatabase } from '../../db/file/embedded-database.ts';
import { openFileClient } from '../../db/file/file-client.ts';
import { migrate, type TakeOver } from '../../db/migrate.ts';
import { openRemoteDatabase } from '../../db/remote-database.ts';
import type { DatabaseSettings } from '../../settings/config.ts';
import type { OpeningKeys } from '../envelope/types.ts';
import type { Task } from '../foreign/task.ts';
import { copyLive } from '../snapshot/copy-live.ts';
import { openRemoteSnapshotSource } from '../snapshot/remote.ts';
import { copyDatabase } from '../verify/copy-database.ts';
import { type ImportOptions, type ImportReport, importRecords, type StagedRows } from './import.ts';
import type { ImportMap } from './map/format.ts';
import { openImportFile } from './open-file.ts';
import type { ImportEvent } from './stage.ts';
import type { Preference } from './staging-sql.ts';

declare module '../foreign/task.ts' {
  interface Tasks {
    readonly import: typeof importTask;
  }
}

export interface ImportInput {
  readonly database: DatabaseSettings;
  readonly file: string;
  readonly keys: OpeningKeys | undefined;
  /**
   * A directory for this import alone, empty or that of a look at the same file in the same way,
   * which an import goes on from; the caller removes it.
   */
  readonly scratch: string;
  readonly utcOffsetMinutes: number;
  /** How another bot's file is laid out. */
  readonly map?: ImportMap | undefined;
  readonly prefer: Preference;
  /** The module whose `takeOverFile` makes an old bot's database this bot's; absent: it is not. */
  readonly takeOver?: string | undefined;
  /** {@link ImportOptions.ownerIds} */
  readonly ownerIds?: readonly number[] | undefined;
  /** Nothing at all is written to the database: a copy of it is looked at. */
  readonly dryRun: boolean;
  /** The rows that a look stages are kept for an import with the same `scratch`. */
  readonly keepsRows: boolean;
}

export type ImportMessage =
  | { readonly kind: 'rows'; readonly rows: number }
  /** From here on it is done, or not: it is not stopped any more. */
  | { readonly kind: 'merging' };

export const importTask: Task<ImportInput, ImportReport, ImportMessage> = async (input, { send }) => {
  const { scratch, prefer, dryRun, ownerIds } = input;
  const kept = dryRun || input.database.kind === 'remote' ? undefined : await keptRows(scratch);
  const id = kept?.id ?? randomUUID();
  const target = await openTarget(input);
  try {
    return await importRecords(target.db, recordsOf(input), {
      ...{ id, prefer, dryRun, staged: kept?.staged },
      ...(ownerIds && { ownerIds }),
      ...(target.staging && { staging: target.staging }),
      ...(dryRun && input.keepsRows && { onStaged: (staged) => keepRows(scratch, { id, staged }) }),
      onRows: (rows) => send({ kind: 'rows', rows }),
      beforeMerge: () => send({ kind: 'merging' }),
    });
  } finally {
    target.db.close();
  }
};

/** Opened when it is asked for: rows that a look has kept are not read again. */
async function* recordsOf(input: ImportInput): AsyncGenerator<ImportEvent> {
  const { keys, scratch: directory, utcOffsetMinutes, map } = input;
  yield* await openImportFile(input.file, { keys, directory, utcOffsetMinutes, map });
}

interface KeptRows {
  readonly id: string;
  readonly staged: StagedRows;
}

const STAGING = 'staging.db';
/** The staging file as it was with all rows in and none judged yet; and what is known of it. */
const KEPT = 'kept.db';
const KEPT_STATE = 'kept';

async function keepRows(scratch: string, kept: KeptRows): Promise<void> {
  await copyFile(join(scratch, STAGING), join(scratch, KEPT));
  await writeFile(join(scratch, KEPT_STATE), serialize(kept));
}

/** Puts what {@link keepRows} kept in the place of the staging file. */
async function keptRows(scratch: string): Promise<KeptRows | undefined> {
  if (!existsSync(join(scratch, KEPT_STATE))) return undefined;
  await rename(join(scratch, KEPT), join(scratch, STAGING));
  return deserialize(await readFile(join(scratch, KEPT_STATE)));
}

interface Target extends Pick<ImportOptions, 'staging'> {
  readonly db: Database;
}

async function openTarget(input: ImportInput): Promise<Target> {
  const { database, dryRun, scratch } = input;
  const staging = join(scratch, STAGING);
  if (dryRun) return openAttached(await copyOfToday(input), staging);
  if (database.kind === 'file') return openAttached(database.path, staging);
  const { url, authToken } = database;
  return { db: openRemoteDatabase({ url, authToken, fetch }) };
}

/** A copy with today's schema, whatever the database's is; an empty one where there is none. */
async function copyOfToday({ database, scratch, takeOver }: ImportInput): Promise<string> {
  const copy = join(scratch, 'copy.db');
  if (database.kind === 'remote') await copyLive(openRemoteSnapshotSource({ ...database, fetch }), copy);
  else if (existsSync(database.path)) await copyFileDatabase(database.path, copy);
  const db = await openEmbeddedDatabase(copy);
  // Another process gave its name: functions do not come over.
  const module: { readonly takeOverFile?: TakeOver } = takeOver === undefined ? {} : await import(takeOver);
  const { takeOverFile } = module;
  await migrate(db, {
    now: () => new Date(),
    backup: async () => {},
    ...(takeOverFile && { takeOver: takeOverFile }),
  });
  db.close();
  return copy;
}

/**
 * Who reads a database in WAL mode makes files beside it: one that nobody has open is copied as any
 * file.
 */
async function copyFileDatabase(path: string, copy: string): Promise<void> {
  const wal = statSync(`${path}-wal`, { throwIfNoEntry: false });
  const journal = statSync(`${path}-journal`, { throwIfNoEntry: false });
  if (wal === undefined && journal === undefined) await copyFile(path, copy);
  else await copyDatabase(path, copy);
}

/**
 * The merge waits for the bot's own writes, which are short; nothing else waits for this process.
 */
const BUSY_TIMEOUT_MS = 60_000;
/** KiB of pages in memory: rows of a large file go to all places of an index. */
const CACHE_KIB = 128 * 1024;

/**
 * A database with a scratch file attached for the staged rows: the database itself sees one
 * transaction, the merge, and a process that is killed before it leaves nothing there.
 */
function openAttached(path: string, scratch: string): Target {
  const client = openFileClient(path, BUSY_TIMEOUT_MS);
  client.run(`PRAGMA main.cache_size = -${CACHE_KIB}`);
  client.run('ATTACH ? AS staging', scratch);
  // Its rows are made again from the file after a crash.
  for (const pragma of ['journal_mode = OFF', 'synchronous = OFF', `cache_size = -${CACHE_KIB}`])
    client.run(`PRAGMA staging.${pragma}`);
  return {
    db: fromClient(client),
    // A transaction that begins as a reader locks only what it writes to: the scratch file.
    staging: { db: fromClient(client, undefined, 'deferred'), schema: 'staging' },
  };
}
