/**
 * One run (docs/spec/backup.md, "A run"): lease → snapshot → both writers → read-back and proof →
 * manifest → sweep and retention → record. Whatever happens before the manifest leaves no backup
 * and every earlier one as it was.
 *
 * A name (a second) belongs to one attempt for ever: a run whose second is taken by a dead attempt,
 * or by another backup, moves on to the next one. So a stalled attempt that wakes up can never
 * write over another's objects.
 */
import { abortable, reasonOf } from '../../lib/clock.ts';
import type { BasePosition } from '../catalog/change-state.ts';
import { noLedger } from '../catalog/ledger.ts';
import { newestFit, newestVerified } from '../catalog/list.ts';
import { createManifest, isSafetyTrigger, type Manifest, type Trigger } from '../catalog/manifest.ts';
import type { BackupName } from '../catalog/names.ts';
import { isSealedOtherwise } from '../catalog/unfit-keys.ts';
import { clearEarlyVerdict } from '../catalog/verdicts.ts';
import { MOST_FINDINGS } from '../model/database-damage.ts';
import { prove } from '../verify/prove-objects.ts';
import { begin } from './begin.ts';
import { type Captured, capture } from './capture.ts';
import { chooseName } from './choose-name.ts';
import type { BackupContext } from './context.ts';
import { failed } from './failure.ts';
import { type Lease, takeLease } from './lease.ts';
import type { BackupOutcome } from './outcome.ts';
import type { OnProgress } from './progress.ts';
import { confirmPublished, publish, publishedFile } from './publish.ts';
import { isOfBackup } from './published.ts';
import { cleanUp, settle } from './settle.ts';

export interface BackupRequestOptions {
  readonly trigger: Trigger;
  /** Names the backup, to the second. For the schedule, the same time twice makes one backup. */
  readonly scheduledAt: Date;
  /**
   * A stored request, which a restarted process asks for again: as for the schedule, the same time
   * makes one backup. Anything else may be asked for twice within a second, with a change in
   * between that the second backup must hold.
   */
  readonly isRequest?: boolean;
  readonly onProgress?: OnProgress;
  /** Of a run that is tried again and again: the {@link failureKind} that the owners know. */
  readonly told?: string | undefined;
  /** Gives the run up; it cleans up before it returns. */
  readonly signal?: AbortSignal;
  /**
   * Skip when a verified backup, no safety backup, is younger than this (start of the Node host: a
   * crash loop makes no flood).
   */
  readonly unlessYoungerThanMs?: number;
  /** With it: one of another timeline of changes does not count, for it is of before a restore. */
  readonly ofTimeline?: string | undefined;
}

/**
 * Never rejects: every way a run can end is an outcome. Owners are told once when it failed or
 * something in it did.
 */
export async function runBackup(
  context: BackupContext,
  options: BackupRequestOptions,
): Promise<BackupOutcome> {
  const startedAt = context.clock.now();
  let lease: Lease | undefined;
  try {
    const { ledger, holder, clock } = context;
    const taken = await takeLease(ledger, holder, clock, (held) => isOfBackup(context, held));
    if (taken.kind === 'busy') return busy(taken);
    lease = taken.lease;
    const bound = lease.fence === null ? withoutLedger(context) : context;
    return (await skip(bound, options)) ?? (await runHeld(bound, options, lease, startedAt));
  } catch (error) {
    return await failed(context, { name: undefined, error, left: [], told: options.told });
  } finally {
    await lease?.release();
  }
}

/**
 * The database has no whole record of runs: nothing can be recorded in it, and a backup writes
 * nothing into what it saves.
 */
function withoutLedger(context: BackupContext): BackupContext {
  return { ...context, ledger: { ...noLedger, schemaVersion: () => context.ledger.schemaVersion() } };
}

function busy(taken: { holder: string; secondsLeft: number }): BackupOutcome {
  const message = `another run is under way (${taken.holder}); if it died, the next one can begin in ${taken.secondsLeft} s`;
  return { kind: 'skipped', reason: 'busy', name: undefined, message, secondsLeft: taken.secondsLeft };
}

async function skip(
  context: BackupContext,
  options: BackupRequestOptions,
): Promise<BackupOutcome | undefined> {
  const { unlessYoungerThanMs, ofTimeline } = options;
  if (unlessYoungerThanMs === undefined) return undefined;
  // A safety backup holds what was there before a change, and a start comes after it. One of a
  // damaged database is no safety, but a host that dies again and again needs no more of them.
  const { entry: newest } = await newestFit(context, ({ state, manifest }) => {
    const trigger = manifest?.trigger ?? '';
    if (ofTimeline !== undefined && manifest?.changes && manifest.changes.timeline !== ofTimeline)
      return false;
    return state === 'verified' ? !isSafetyTrigger(trigger) : state === 'damaged' && trigger === 'start';
  });
  if (newest === undefined) return undefined;
  const age = context.clock.now().getTime() - newest.time.getTime();
  if (age >= unlessYoungerThanMs) return undefined;
  // The database has just moved: its backups are to name the bot that it belongs to.
  const { bot } = newest.manifest ?? {};
  if (context.bot !== undefined && bot !== undefined && bot.id !== context.bot) return undefined;
  // What follows it would be sealed with another key: no one key would open both.
  if (await isSealedOtherwise(context, newest, context.encryption)) return undefined;
  const message = `${newest.name} is only ${Math.max(0, Math.round(age / 1000))} s old`;
  return { kind: 'skipped', reason: 'recent', name: newest.name, message };
}

async function runHeld(
  context: BackupContext,
  options: BackupRequestOptions,
  lease: Lease,
  startedAt: Date,
): Promise<BackupOutcome> {
  const { trigger, scheduledAt, told } = options;
  const mayRepeat = trigger === 'schedule' || options.isRequest === true;
  const choice = await chooseName(context, scheduledAt, { mayRepeat });
  if (choice.kind === 'exists') {
    const message = `the backup scheduled for ${scheduledAt.toISOString()} exists: ${choice.name}`;
    return { kind: 'skipped', reason: 'duplicate', name: choice.name, message };
  }
  const { name } = choice;
  const total = await lastBytes(context, options);
  const begun = await begin(context, { name, fence: lease.fence ?? 0, trigger, scheduledAt, startedAt });
  const problems = [...lease.problems, ...('error' in begun ? [] : begun.problems)];
  if ('error' in begun) return failed(context, { name, error: begun.error, left: [], told });
  const limit = timeLimit(context, options.signal);
  const held: RunHeld = {
    name,
    lease,
    startedAt,
    signal: limit.signal,
    objects: new Set(),
    lastBytes: total,
    rowsRead: 0,
  };
  const making = makeObjects(context, options, held);
  let manifest: Manifest | undefined;
  let position: BasePosition | undefined;
  try {
    ({ manifest, position } = await abortable(making, limit.signal));
    // From here on nothing is cut short: a manifest that lands after its objects were removed would
    // be a lie.
    limit.stop();
    const uncleared = await clearEarlyVerdict(context, name);
    if (uncleared !== undefined) problems.push(uncleared);
    await lease.confirm(publishedFile(manifest));
    await publish(context, manifest);
    await confirmPublished(context, lease, manifest);
  } catch (error) {
    limit.stop();
    const left = await cleanUp(context, { making, manifest, objects: held.objects });
    return await failed(context, { name, error, left, told });
  }
  options.onProgress?.({ phase: 'retention', rows: 0, bytes: 0, total: undefined });
  const report = await settle(context, { name, manifest, position, lease, ...begun, problems });
  return {
    kind: 'done',
    name,
    manifest,
    leased: lease.fence !== null,
    rowsRead: held.rowsRead,
    ...report,
  };
}

/** Bytes of contents in the newest backup; asked for only where somebody watches. */
async function lastBytes(context: BackupContext, options: BackupRequestOptions): Promise<number | undefined> {
  if (options.onProgress === undefined) return undefined;
  const objects = (await newestVerified(context))?.manifest?.objects;
  return objects && objects.database.contents.bytes + objects.document.contents.bytes;
}

interface RunHeld {
  readonly name: BackupName;
  readonly lease: Lease;
  readonly startedAt: Date;
  readonly signal: AbortSignal;
  /** Keys of what is in the store by this run's doing. */
  readonly objects: Set<string>;
  /** What the progress is measured by. */
  readonly lastBytes: number | undefined;
  rowsRead: number;
}

/** Both objects, proved, and the manifest that says so, not yet published. */
async function makeObjects(
  context: BackupContext,
  options: BackupRequestOptions,
  run: RunHeld,
): Promise<{ readonly manifest: Manifest; readonly position: BasePosition | undefined }> {
  const { name, lease, signal, startedAt } = run;
  const report = options.onProgress ?? (() => {});
  const captured = await capture(context, {
    name,
    trigger: options.trigger,
    isRecorded: lease.fence !== null,
    startedAt,
    signal,
    onProgress: async (rows, bytes) => {
      report({ phase: 'snapshot', rows, bytes, total: run.lastBytes });
      await lease.beat();
    },
    onRead: (rows) => {
      run.rowsRead += rows;
    },
    onObject: (key) => run.objects.add(key),
  });
  const proof = await abortable(proveWithProgress(context, captured, run, report), signal);
  const now = context.clock.now().toISOString();
  const { damage, notes, proof: checked } = captured.check;
  const found = shortened(damage);
  const manifest = createManifest({
    name,
    app_version: context.appVersion,
    schema_version: captured.schemaVersion,
    trigger: options.trigger,
    scheduled_at: options.scheduledAt.toISOString(),
    started_at: startedAt.toISOString(),
    finished_at: now,
    objects: proof.objects,
    schema_sha256: captured.schemaSha256,
    tables: captured.tables.map(({ table, kind, rows, sha256 }) => ({ name: table, kind, rows, sha256 })),
    ...(captured.position === undefined ? {} : { changes: captured.position.changes }),
    ...(captured.bot && { bot: captured.bot }),
    libraries: { ...context.libraries },
    verified_at: now,
    proof: [...proof.proof, checked, ...shortened(notes)],
    ...(found.length === 0 ? {} : { findings: found }),
  });
  return { manifest, position: captured.position };
}

function shortened(lines: readonly string[]): string[] {
  const more = lines.length - MOST_FINDINGS;
  return [...lines.slice(0, MOST_FINDINGS), ...(more > 0 ? [`and ${more} more`] : [])];
}

function proveWithProgress(
  context: BackupContext,
  captured: Captured,
  run: RunHeld,
  report: OnProgress,
): ReturnType<typeof prove> {
  const total = captured.database.written.bytes + captured.document.written.bytes;
  let bytes = 0;
  const said = { name: run.name, started_at: run.startedAt.toISOString() };
  return prove(context, said, captured, async (read) => {
    if (run.signal.aborted) throw reasonOf(run.signal);
    bytes += read;
    report({ phase: 'proof', rows: 0, bytes, total });
    await run.lease.beat();
  });
}

/** Aborts when the caller does, or when the run takes too long. */
function timeLimit(
  context: BackupContext,
  outer: AbortSignal | undefined,
): { signal: AbortSignal; stop: () => void } {
  const limit = new AbortController();
  const stopped = new AbortController();
  const seconds = Math.round(context.timeoutMs / 1000);
  void context.clock.sleep(context.timeoutMs, stopped.signal).then(() => {
    if (!stopped.signal.aborted)
      limit.abort(new Error(`the run took longer than ${seconds} s and was given up`));
  });
  const signal = outer === undefined ? limit.signal : AbortSignal.any([outer, limit.signal]);
  return { signal, stop: () => stopped.abort() };
}
