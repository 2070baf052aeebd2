/** What a restore is told and tells, and the steps of both file and server. Node only. */
import { SCHEMA_VERSION } from '../../db/migrate.ts';
import type { DatabaseSettings } from '../../settings/config.ts';
import { damageOf } from '../catalog/entry.ts';
import { nameFromText } from '../catalog/names.ts';
import { deletedText } from '../catalog/prune.ts';
import type { SnapshotSource } from '../model/model.ts';
import type { BackupContext } from '../run/context.ts';
import { runBackup } from '../run/run.ts';
import { ENGINE_TABLES } from '../schema/engine-tables.ts';
import { strangersNote } from '../schema/strangers.ts';
import { refuseOthers } from '../schema/whose.ts';
import { openEmbeddedSnapshotSource } from '../snapshot/embedded.ts';
import { openRemoteSnapshotSource } from '../snapshot/remote.ts';
import { isStaging } from '../staged/staged-transaction.ts';
import type { FetchOptions, RestoreSource } from './fetch-backup.ts';
import type { FileCalls } from './file-calls.ts';
import { tryTables } from './only-tables.ts';
import { type Maker, settleRuns } from './settle-runs.ts';
import { BackupRefused, fetchSource, type RestoreFrom } from './source.ts';

export interface RestoreProgress {
  readonly phase: 'fetch' | 'safety' | 'load' | 'compare' | 'swap';
  /** Bytes fetched, or rows loaded. */
  readonly done: number;
  readonly total: number | undefined;
}

export interface RestoreParts extends Pick<FetchOptions, 'bucket' | 'keys' | 'isForgetful'> {
  readonly target: DatabaseSettings;
  /**
   * What makes the safety backup of the target and leases it; undefined: there is nothing to save
   * (an empty database). `close` lets go of the target.
   */
  readonly context: BackupContext | undefined;
  readonly closeTarget: () => void | Promise<void>;
  readonly clock: BackupContext['clock'];
  readonly random: () => number;
  readonly fetch: typeof fetch;
  readonly files?: FileCalls;
}

export interface RestoreOptions {
  readonly from: RestoreFrom;
  readonly only?: readonly string[] | undefined;
  /**
   * Refuse what is not the bot's: by its tables, and by SQL in it that runs and is neither the
   * program's nor the target's already.
   */
  readonly isBots?: boolean;
  /**
   * No backup of the old file can be made: nothing of it can be saved but the file itself (a remote
   * database is not asked).
   */
  readonly isOldBroken?: boolean;
  /** A server's database was found empty, so nothing of it is saved: one that is not, stays. */
  readonly isEmpty?: boolean;
  readonly onProgress?: (progress: RestoreProgress) => void;
  readonly signal?: AbortSignal;
}

export interface RestoreReport {
  readonly origin: string;
  readonly tables: readonly { readonly table: string; readonly rows: number }[];
  /** The safety backup's name. */
  readonly safety: string | undefined;
  /** Whether its schema is older than the program's. */
  readonly isOlder: boolean;
  /** Where the old file is. */
  readonly kept: string | undefined;
  readonly notes: readonly string[];
}

/** What was odd about the source. Single tables bring nothing along that acts. */
export function notesOf(
  { notes, strangers }: RestoreSource,
  { only }: Pick<RestoreOptions, 'only'>,
): string[] {
  const note = only === undefined ? strangersNote(strangers, 'and at work once it is restored') : undefined;
  return note === undefined ? [...notes] : [...notes, note];
}

/** Single tables bring nothing along that runs. */
export function isGuarded({ isBots, only }: RestoreOptions): boolean {
  return isBots === true && only === undefined;
}

export function sourceOf({ target, fetch }: Pick<RestoreParts, 'target' | 'fetch'>): SnapshotSource {
  if (target.kind === 'file') return openEmbeddedSnapshotSource({ path: target.path });
  return openRemoteSnapshotSource({ url: target.url, authToken: target.authToken, fetch });
}

/** Fetched and checked; refused where it must not be restored. */
export async function fetchAndCheck(
  parts: RestoreParts,
  options: RestoreOptions,
  directory: string,
): Promise<RestoreSource> {
  const own = options.only?.find((name) => NEVER_ALONE.includes(name));
  if (own !== undefined)
    throw new Error(
      `table ${own} is the program's own record of this database: it is not restored by itself`,
    );
  const source = await fetchSource(options.from, {
    bucket: parts.bucket,
    keys: parts.keys,
    isForgetful: parts.isForgetful,
    directory,
    signal: options.signal,
    onBytes: (done, total) => {
      stopWhenAsked(options);
      options.onProgress?.({ phase: 'fetch', done, total });
    },
  });
  const known = new Set(source.tables.filter(({ kind }) => kind === 'table').map(({ table }) => table));
  const unknown = options.only?.filter((name) => !known.has(name)) ?? [];
  if (unknown.length > 0)
    throw new Error(`${source.origin} has no table ${unknown.join(', ')}; it has ${[...known].join(', ')}`);
  if (options.isBots === true) refuseOthers(source);
  if (options.only === undefined) refuseNewer(source);
  const settled = await settleRuns(source, makerOf(options.from));
  // Single tables take no numbers along.
  const notes = options.only === undefined ? settled.notes : source.notes;
  const damage =
    options.from.kind === 'backup' && options.from.entry.manifest && damageOf(options.from.entry.manifest);
  return { ...settled, notes: damage ? [...notes, damage] : notes };
}

/**
 * A backup that a newer program made would only be refused by this one's bot, when the old data is
 * gone already.
 */
function refuseNewer({ schemaVersion, origin }: Pick<RestoreSource, 'schemaVersion' | 'origin'>): void {
  if (schemaVersion !== undefined && schemaVersion > SCHEMA_VERSION)
    throw new BackupRefused(
      origin,
      `was made by a newer version of the program (schema ${schemaVersion}, this one knows ${SCHEMA_VERSION}): update the program, then restore again; nothing was changed`,
    );
}

/** Which runs there were, who works, which schema this is: the past's answer would be wrong. */
const NEVER_ALONE = [...ENGINE_TABLES, 'schema_migrations'];

function makerOf(from: RestoreFrom): Maker | undefined {
  if (from.kind === 'backup') return { name: from.entry.name, manifest: from.entry.manifest };
  if (from.kind === 'point') {
    const entry = from.point.ways[0]?.base.entry;
    return entry && { name: entry.name, manifest: entry.manifest };
  }
  const name = nameFromText(from.path);
  return name === undefined ? undefined : { name, manifest: undefined };
}

export function report(
  source: RestoreSource,
  { only }: RestoreOptions,
): Pick<RestoreReport, 'origin' | 'tables' | 'isOlder' | 'notes'> {
  const tables = source.tables.filter(
    ({ table, kind }) =>
      kind === 'table' && !isStaging(table) && (only === undefined || only.includes(table)),
  );
  return {
    origin: source.origin,
    isOlder: (source.schemaVersion ?? 0) < SCHEMA_VERSION,
    tables: tables.map(({ table, rows }) => ({ table, rows })),
    notes: notesOf(source, { only }),
  };
}

/**
 * Nothing is touched before what is there now is in a backup; and no backup is made for a restore
 * that would be refused.
 */
export async function saved(
  parts: RestoreParts,
  options: RestoreOptions,
  source: RestoreSource,
  directory: string,
): ReturnType<typeof safetyBackup> {
  if (parts.context !== undefined && options.only !== undefined)
    await tryTables(sourceOf(parts), source, options.only, directory);
  return safetyBackup(parts, options);
}

async function safetyBackup(
  { context, clock }: RestoreParts,
  options: RestoreOptions,
): Promise<{ readonly name: string | undefined; readonly notes: readonly string[] }> {
  if (context === undefined) return { name: undefined, notes: [] };
  options.onProgress?.({ phase: 'safety', done: 0, total: undefined });
  const outcome = await runBackup(context, {
    trigger: 'restore',
    scheduledAt: clock.now(),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  if (outcome.kind === 'done') {
    const damage = damageOf(outcome.manifest);
    // A damaged database is what a restore is there to replace.
    const deleted = deletedText(outcome.pruned);
    return {
      name: outcome.name,
      notes: [
        ...(damage === undefined ? [] : [`of what was there before: ${damage}`]),
        ...(deleted === undefined ? [] : [deleted]),
      ],
    };
  }
  const reason = outcome.kind === 'failed' ? outcome.reason : outcome.message;
  throw new Error(`no safety backup, so nothing was restored: ${reason}`);
}

export function stopWhenAsked({ signal }: RestoreOptions): void {
  if (signal?.aborted === true)
    throw new Error('interrupted: the old data is as it was', { cause: signal.reason });
}
