/**
 * Drill (docs/spec/backup.md, "Commands"): the newest backup into a scratch database, compared,
 * timed, recorded; and the changes that lead to it replayed. Node only.
 */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, explain } from '../../lib/clock.ts';
import { isLocalFault } from '../../lib/disk/local-fault.ts';
import { inScratch } from '../../lib/disk/scratch.ts';
import type { Bucket } from '../catalog/bucket.ts';
import { addDrill, type DrillRecord } from '../catalog/drill-record.ts';
import { type BackupEntry, damageOf } from '../catalog/entry.ts';
import type { BackupHealth } from '../catalog/health.ts';
import { lostText } from '../catalog/lost-backup.ts';
import { latestBackup, noLatest } from '../catalog/newest.ts';
import { NotOpened } from '../catalog/not-opened.ts';
import { limitsFor, runInProcess } from '../foreign/process.ts';
import { ENGINE_TABLES } from '../schema/engine-tables.ts';
import type { OpenOptions } from '../verify/open-object.ts';
import { type ChainProof, proveChain } from './drill-changes.ts';
import type { FileCalls } from './file-calls.ts';
import { restore } from './restore.ts';
import type { RestoreProgress } from './restore-steps.ts';

export interface DrillParts {
  readonly bucket: Bucket;
  readonly keys: OpenOptions['keys'];
  readonly clock: Clock;
  /** The newest backup if it is lost (lost-backup.ts): a drill with an older one is not passed. */
  readonly lost?: BackupHealth['damaged'];
  readonly onProgress?: (progress: RestoreProgress) => void;
  readonly files?: FileCalls;
}

export interface DrillOutcome {
  readonly record: DrillRecord;
  readonly recordFailed: string | undefined;
  /** What the restore had to tell. */
  readonly notes: readonly string[];
  /** What was proved of the change log; undefined where nothing could be. */
  readonly chain: ChainProof | undefined;
}

/**
 * Restores the backup that `latest` means (or `entry`) into a scratch file and compares every table
 * with the manifest. What is wrong with the backup is in the record; only what keeps the drill
 * itself from running is thrown. `recordFailed` says why the record is not in the bucket.
 */
export async function drill(parts: DrillParts, entry?: BackupEntry): Promise<DrillOutcome> {
  const { bucket, clock, lost } = parts;
  const newest = entry === undefined ? await latestBackup(bucket) : { entry, newer: [] };
  const chosen = newest.entry;
  if (chosen === undefined) throw new Error(`there is nothing to drill with: ${noLatest(bucket, newest)}`);
  const began = clock.now();
  let problem: string | null = null;
  let isSealed = false;
  let rows = 0;
  let notes: readonly string[] = [];
  let chain: ChainProof | undefined;
  try {
    ({ rows, notes } = await inScratch(undefined, (directory) =>
      rehearse(parts, chosen, join(directory, 'drill.db')),
    ));
    chain = await inScratch(undefined, (directory) =>
      proveChain(bucket, chosen, { keys: parts.keys, directory }),
    ).catch((error: unknown) => {
      // The newest one opened: an older key says nothing against it.
      if (!(error instanceof NotOpened)) throw error;
      notes = [...notes, `the changes before it were not proved: ${explain(error)}`];
      return undefined;
    });
    // It comes back as it was stored, and that is no whole database.
    problem = (chosen.manifest && damageOf(chosen.manifest)) ?? (lost === undefined ? null : lostText(lost));
  } catch (error) {
    // A full disk here says nothing about the backup: there is no drill to record.
    if (isLocalFault(error)) throw new Error('the drill could not be made on this machine', { cause: error });
    problem = explain(error);
    isSealed = error instanceof NotOpened;
  }
  const record: DrillRecord = {
    name: chosen.name,
    at: began.toISOString(),
    ok: problem === null,
    ms: Math.max(0, clock.now().getTime() - began.getTime()),
    rows,
    ...(isSealed && { opened: false as const }),
    problem,
  };
  const recordFailed = await addDrill(bucket, record).then(() => undefined, explain);
  return { record, recordFailed, notes, chain };
}

async function rehearse(
  parts: DrillParts,
  entry: BackupEntry,
  path: string,
): Promise<{ readonly rows: number; readonly notes: readonly string[] }> {
  const { bucket, keys, clock, onProgress, files } = parts;
  const report = await restore(
    {
      bucket,
      keys,
      clock,
      target: { kind: 'file', path },
      context: undefined,
      closeTarget: () => {},
      random: Math.random,
      fetch,
      ...(files && { files }),
    },
    { from: { kind: 'backup', entry }, ...(onProgress && { onProgress }) },
  );
  const note = report.notes.find((text) => text.includes('cannot be used'));
  // The restore found a way around it, but a drill is there to tell.
  if (note !== undefined) throw new Error(note);
  const digests = await runInProcess('digest', { path }, { limits: limitsFor(statSync(path).size) });
  const found = new Map(digests.map((table) => [table.table, table]));
  // The engine's own tables are brought up to date by a restore; as they were they have been
  // compared when the backup was fetched.
  const tables = (entry.manifest?.tables ?? []).filter(({ name }) => !ENGINE_TABLES.includes(name));
  for (const wanted of tables)
    if (found.get(wanted.name)?.sha256 !== wanted.sha256)
      throw new Error(`table ${wanted.name} is not as in the manifest after the restore`);
  return { rows: report.tables.reduce((sum, table) => sum + table.rows, 0), notes: report.notes };
}
