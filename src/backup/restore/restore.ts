/**
 * Restore (docs/spec/backup.md): fetch and check → safety backup → load beside what is living → compare → swap. Interrupted anywhere, the
 * old data is what is served, and the next attempt clears what this one left. Node only.
 */

import { randomUUID } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeDirectory } from '../../lib/disk/directories.ts';
import { makeOwnDirectory } from '../../lib/disk/ownership.ts';
import { inScratch } from '../../lib/disk/scratch.ts';
import { damageOf } from '../catalog/list.ts';
import { nameFromText } from '../catalog/names.ts';
import { deletedText } from '../catalog/prune.ts';
import type { BackupContext } from '../context.ts';
import { copyLive } from '../disk/local-copy.ts';
import type { SnapshotSource } from '../model.ts';
import { takeLease } from '../run/lease.ts';
import { runBackup } from '../run/run.ts';
import { openEmbeddedSnapshotSource } from '../snapshot/embedded.ts';
import { openFileSnapshotSource } from '../snapshot/file.ts';
import { openRemoteSnapshotSource } from '../snapshot/remote.ts';
import { connectSqlHttp } from '../sql-http/sql-http.ts';
import { openSqlSession } from '../sql-http/sql-session.ts';
import { isStaging } from '../staged/staged-transaction.ts';
import { diffInProcess, type TableDiff } from '../verify/database-diff.ts';
import { carryLedger } from './carry-ledger.ts';
import {
  clearWork,
  freshPath,
  keepEarlier,
  keptPath,
  quietState,
  swapFiles,
  withTablesOf,
  workDirectory,
} from './embedded.ts';
import { ENGINE_TABLES } from './engine-tables.ts';
import { type FileCalls, fileCalls } from './file-calls.ts';
import { requireBroken, withWayOn } from './old-file.ts';
import { refuseStrangers, strangersInFile, strangersOnServer } from './refuse-strangers.ts';
import { clearStaging, lastUpdate, type RemoteTarget, restoreRemote } from './remote.ts';
import { type Maker, settleRuns } from './settle-runs.ts';
import { type FetchOptions, fetchSource, type RestoreFrom, type RestoreSource } from './source.ts';
import { listed, type Stranger, strangersNote, unknownOf } from './strangers.ts';
import { refuseNewer } from './too-new.ts';
import { refuseOthers } from './whose.ts';

export type { RestoreFrom } from './source.ts';

export type RestoreTarget =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'remote'; readonly url: string; readonly authToken: string | undefined };

export interface RestoreProgress {
  readonly phase: 'fetch' | 'safety' | 'load' | 'compare' | 'swap';
  /** Bytes fetched, or rows loaded. */
  readonly done: number;
  readonly total: number | undefined;
}

export interface RestoreParts extends Pick<FetchOptions, 'bucket' | 'keys' | 'isForgetful'> {
  readonly target: RestoreTarget;
  /**
   * What makes the safety backup of the target and leases it; undefined: there is nothing to save (an empty database). `close` lets go of
   * the target.
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
  /** Refuse what is not the bot's: by its tables, and by SQL in it that runs and is neither the program's nor the target's already. */
  readonly isBots?: boolean;
  /** Only to see whether it can be done (a drill): a backup of a newer program is as good as any. */
  readonly isRehearsal?: boolean;
  /** No backup of the old file can be made: nothing of it can be saved but the file itself (a remote database is not asked). */
  readonly isOldBroken?: boolean;
  readonly onProgress?: (progress: RestoreProgress) => void;
  readonly signal?: AbortSignal;
}

export interface RestoreReport {
  readonly origin: string;
  readonly tables: readonly { readonly table: string; readonly rows: number }[];
  /** The safety backup's name. */
  readonly safety: string | undefined;
  /** Where the old file is. */
  readonly kept: string | undefined;
  readonly notes: readonly string[];
}

/** @throws what stopped it; the target is as it was then. */
export async function restore(parts: RestoreParts, options: RestoreOptions): Promise<RestoreReport> {
  return parts.target.kind === 'file'
    ? restoreFile(parts, options, parts.target.path)
    : inScratch(undefined, (directory) => restoreServer(parts, options, directory));
}

export interface Preview {
  /** Less the engine's own record; none when there is no target yet. */
  readonly tables: readonly TableDiff[];
  /** As the restore itself would tell them. */
  readonly notes: readonly string[];
}

/** What a restore would change, table by table; nothing is written but scratch files. `isNew`: there is no target yet. */
export async function previewRestore(
  parts: RestoreParts,
  options: RestoreOptions & { readonly isNew?: boolean },
): Promise<Preview> {
  return inScratch(undefined, async (directory) => {
    const source = await fetched(parts, options, directory);
    const notes = notesOf(source, options);
    const refused = (living: readonly Stranger[]): string[] => {
      const unknown = isGuarded(options) ? unknownOf(source.strangers, living) : [];
      if (unknown.length === 0) return notes;
      return [...notes, `the restore itself refuses this without --any-schema: ${listed(unknown)}`];
    };
    if (options.isNew === true) return { tables: [], notes: refused([]) };
    const live = `${directory}/live.db`;
    await copyLive(sourceOf(parts), live);
    const { tables, strangers } = await diffInProcess(
      { first: live, second: source.path, scratch: directory },
      options.signal,
    );
    const shown = tables.filter(
      ({ table }) => !isStaging(table) && (options.only === undefined || options.only.includes(table)),
    );
    return { tables: shown, notes: refused(strangers.first) };
  });
}

/** What was odd about the source. Single tables bring nothing along that acts. */
function notesOf({ notes, strangers }: RestoreSource, { only }: Pick<RestoreOptions, 'only'>): string[] {
  const note = only === undefined ? strangersNote(strangers, 'and at work once it is restored') : undefined;
  return note === undefined ? [...notes] : [...notes, note];
}

/** Single tables bring nothing along that runs. */
function isGuarded({ isBots, only }: RestoreOptions): boolean {
  return isBots === true && only === undefined;
}

export function sourceOf({ target, fetch }: Pick<RestoreParts, 'target' | 'fetch'>): SnapshotSource {
  if (target.kind === 'file') return openEmbeddedSnapshotSource({ path: target.path });
  return openRemoteSnapshotSource({ url: target.url, authToken: target.authToken, fetch });
}

async function fetched(
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
  if (options.only === undefined && options.isRehearsal !== true) refuseNewer(source);
  const settled = await settleRuns(source, makerOf(options.from));
  // Single tables take no numbers along.
  return options.only === undefined ? settled : { ...settled, notes: source.notes };
}

/** Which runs there were, who works, which schema this is: the past's answer would be wrong. */
/** A statement on a large table takes a while, and a server says nothing until it is done. */
const WRITE_SILENCE_MS = 600_000;

const NEVER_ALONE = [...ENGINE_TABLES, 'schema_migrations'];

function makerOf(from: RestoreFrom): Maker | undefined {
  if (from.kind === 'backup') return { name: from.entry.name, manifest: from.entry.manifest };
  const name = nameFromText(from.path);
  return name === undefined ? undefined : { name, manifest: undefined };
}

async function restoreFile(
  parts: RestoreParts,
  options: RestoreOptions,
  name: string,
): Promise<RestoreReport> {
  const files = parts.files ?? fileCalls;
  // The file itself is replaced, not a link to it.
  const path = files.exists(name) ? realpathSync(name) : name;
  await clearWork(path, files);
  const directory = workDirectory(path);
  await makeDirectory(dirname(directory));
  const work = makeOwnDirectory(directory);
  try {
    const unsaved =
      options.isOldBroken === true && files.exists(path)
        ? [
            `no backup of the old database could be made: ${await requireBroken(path, directory, parts.clock)}`,
          ]
        : [];
    const source = await fetched(parts, options, directory);
    if (isGuarded(options))
      refuseStrangers(source, options.isOldBroken === true ? [] : strangersInFile(path));
    const safety = await safetyBackup(parts, options).catch(async (error: unknown) => {
      await parts.closeTarget();
      throw options.signal?.aborted === true ? error : await withWayOn(error, path, directory, parts.clock);
    });
    await parts.closeTarget();
    let fresh = source.path;
    let madeFrom: string | undefined;
    const notes = [...notesOf(source, options), ...unsaved, ...safety.notes];
    if (options.only !== undefined) {
      options.onProgress?.({ phase: 'load', done: 0, total: undefined });
      fresh = freshPath(path);
      madeFrom = await quietState(path);
      notes.push(...(await withTablesOf(path, source, options.only, fresh)));
    }
    stopWhenAsked(options);
    options.onProgress?.({ phase: 'swap', done: 0, total: undefined });
    const hadFile = files.exists(path);
    if (hadFile && options.isOldBroken !== true && options.only === undefined) await carryLedger(path, fresh);
    // The bot runs perhaps as somebody else: it must be able to write to the new file as it was to the old one.
    work.giveAs(hadFile ? path : dirname(path), fresh);
    const isOldBroken = options.isOldBroken === true;
    const wanted = keptPath(path, isOldBroken, parts.clock.now());
    // No backup holds what the last restore set aside: it stays, under a name of its own.
    if (hadFile && safety.name === undefined && !isOldBroken)
      await keepEarlier(wanted, files, parts.clock.now());
    const kept = await swapFiles({ path, fresh, files, kept: wanted, isOldBroken, madeFrom });
    return {
      ...report(source, options),
      notes,
      safety: safety.name,
      kept: hadFile ? kept : undefined,
    };
  } finally {
    work.close();
    // What it can not remove, the next attempt does.
    await clearWork(path, files).catch(() => undefined);
  }
}

async function restoreServer(
  parts: RestoreParts,
  options: RestoreOptions,
  directory: string,
): Promise<RestoreReport> {
  const { target, clock, random, fetch, context } = parts;
  if (target.kind !== 'remote') throw new Error('not a server');
  const source = await fetched(parts, options, directory);
  const server = connectSqlHttp({
    url: target.url,
    authToken: target.authToken,
    fetch,
    silenceMs: WRITE_SILENCE_MS,
  });
  const remote: RemoteTarget = {
    session: openSqlSession({ server, clock, random }),
    source: sourceOf(parts),
  };
  if (isGuarded(options)) refuseStrangers(source, await strangersOnServer(remote.source));
  await clearStaging(remote);
  const handled = context && (await lastUpdate(remote));
  const safety = await safetyBackup(parts, options);
  const lease = context && (await takeLease(context.ledger, `restore by ${context.holder}`, clock));
  if (lease?.kind === 'busy')
    throw new Error(
      `another run is under way (${lease.holder}); try again when it is done, or in ${lease.secondsLeft} s if it died`,
    );
  const total = source.tables.reduce((sum, { rows }) => sum + rows, 0);
  try {
    const notes = await restoreRemote(remote, {
      id: randomUUID(),
      from: openFileSnapshotSource({ path: source.path }),
      wanted: source.tables,
      only: options.only,
      lastUpdate: handled,
      onRows: async (done) => {
        stopWhenAsked(options);
        options.onProgress?.({ phase: 'load', done, total });
        await lease?.lease.beat();
      },
      onCompare: () => options.onProgress?.({ phase: 'compare', done: 0, total: undefined }),
      beforeSwap: async () => {
        stopWhenAsked(options);
        await lease?.lease.confirm();
        options.onProgress?.({ phase: 'swap', done: 0, total: undefined });
      },
    });
    const made = report(source, options);
    return {
      ...made,
      safety: safety.name,
      kept: undefined,
      notes: [...made.notes, ...safety.notes, ...notes],
    };
  } finally {
    await lease?.lease.release();
  }
}

function report(
  source: RestoreSource,
  { only }: RestoreOptions,
): Pick<RestoreReport, 'origin' | 'tables' | 'notes'> {
  const tables = source.tables.filter(
    ({ table, kind }) =>
      kind === 'table' && !isStaging(table) && (only === undefined || only.includes(table)),
  );
  return {
    origin: source.origin,
    tables: tables.map(({ table, rows }) => ({ table, rows })),
    notes: notesOf(source, { only }),
  };
}

/** Nothing is touched before what is there now is in a backup. */
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

function stopWhenAsked({ signal }: RestoreOptions): void {
  if (signal?.aborted === true)
    throw new Error('interrupted: the old data is as it was', { cause: signal.reason });
}
