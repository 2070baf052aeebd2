/**
 * The engine as a host sees it: one object, built once by a composition root, the same in a Worker
 * and on Node. A request of `/backup` is stored before anything else is done; whoever stored it
 * runs it (`runRequest`), and the tick does what a dead process left open (`finishRequested`).
 */
import { type Timer, within } from '../lib/silence.ts';
import {
  type DownloadLink,
  filesOf,
  type Linked,
  linksTo,
  type StoredFile,
  verifyStored,
} from './backup-files.ts';
import type { Bucket } from './catalog/bucket.ts';
import type { ChangeState } from './catalog/change-state.ts';
import { damagedRun } from './catalog/damage-without-backup.ts';
import { type BackupEntry, isUnsealed } from './catalog/entry.ts';
import { type BackupHealth, backupHealth } from './catalog/health.ts';
import type { BackupRequest, RequestLedger } from './catalog/ledger.ts';
import { findBackup, listBackups, newestFit, type Page } from './catalog/list.ts';
import { lostBackup, recordedRun } from './catalog/lost-backup.ts';
import type { Manifest, Trigger } from './catalog/manifest.ts';
import type { BackupName } from './catalog/names.ts';
import { damagedNewest, damageIn, unreadableNewest } from './catalog/newest.ts';
import { unopenedNewest } from './catalog/unfit-keys.ts';
import { isBroken, type Reach, reachOf } from './changes/reach.ts';
import { type AskedMissed, missedIn } from './changes/went-on.ts';
import { catchUp } from './copy/catch-up.ts';
import type { CopyContext } from './copy/context.ts';
import type { CopyMemory } from './copy/memory.ts';
import type { Slice } from './copy/proven.ts';
import { heldAlready } from './run/already-held.ts';
import type { BackupContext } from './run/context.ts';
import { giveUp } from './run/give-up.ts';
import { type BackupOutcome, isBusy } from './run/outcome.ts';
import { type Probe, probeBucket } from './run/probe.ts';
import type { OnProgress } from './run/progress.ts';
import { type BackupRequestOptions, runBackup } from './run/run.ts';
import { StoreError } from './store/types.ts';
import type { HashVerdict } from './verify/prove-objects.ts';

export interface EngineContext extends BackupContext, Linked {
  readonly requests: RequestLedger;
  /** BACKUP_MAX_AGE_HOURS. */
  readonly maxAgeHours: number;
  /** The second bucket; undefined: there is none. */
  readonly copy?: Bucket | undefined;
  /** Ends a screen's wait for the bucket; the system's by default. */
  readonly answerTimer?: Timer;
  /** Aborts when the host stops: runs are given up, and requests wait for the next host. */
  readonly stopping?: AbortSignal;
}

export interface BackupEngine {
  /** One run; never rejects. */
  run(options: BackupRequestOptions): Promise<BackupOutcome>;
  /** The newest whole backup of this trigger when it holds the database exactly as it is now. */
  heldAlready(trigger: Trigger): Promise<Manifest | undefined>;
  /**
   * Makes the backup asked for and closes the request, unless another run is in its way: then the
   * next tick finishes it.
   */
  runRequest(request: BackupRequest, onProgress?: OnProgress): Promise<BackupOutcome>;
  /**
   * Requests that their own process did not answer, each with what became of it; those still in the
   * way of a run stay open. `mayBegin` is asked before each run: the first one that is refused, and
   * those after it, stay open too.
   */
  finishRequested(
    mayBegin?: () => boolean,
  ): Promise<{ readonly request: BackupRequest; readonly outcome: BackupOutcome }[]>;
  /** Backups, newest first. */
  list(page?: Page): Promise<{ entries: BackupEntry[]; total: number }>;
  /** {@link isUnsealed} */
  isPlain(entry: BackupEntry): boolean;
  /** The settings encrypt: the second bucket takes no plain ones. */
  readonly isSealed: boolean;
  /** {@link missedIn}; a listing. */
  missed(...asked: AskedMissed): Promise<Date | undefined>;
  /** {@link reachOf}; a few listings. */
  reach(state: ChangeState, entries: readonly BackupEntry[]): Promise<Reach | undefined>;
  /** {@link isBroken}. */
  isBroken(state: ChangeState): Promise<boolean>;
  find(name: BackupName): Promise<BackupEntry | undefined>;
  /**
   * Every stored byte of both objects against the manifest, and the contents where there is a key.
   * Undefined: no such backup.
   */
  verify(name: BackupName, onBytes?: (bytes: number) => Promise<void>): Promise<HashVerdict | undefined>;
  /** Links to both objects for this admin, alive for 15 minutes; empty without such a backup. */
  links(name: BackupName, adminId: number): Promise<DownloadLink[]>;
  /** Both objects, to be sent elsewhere; empty when there is no such backup. */
  files(name: BackupName): Promise<StoredFile[]>;
  health(): Promise<BackupHealth>;
  /** Tries the bucket with a small object. @throws with what it refused */
  probe(): Promise<Probe>;
  /** Absent where there is no second bucket. */
  readonly copy?: SecondCopy;
}

type ChangesDue = Pick<CopyContext, 'shipped' | 'stored' | 'isOnlyChanges' | 'onMended' | 'onCopied'>;

export interface SecondCopy {
  readonly description: string;
  /** Copies what the slice has room for. Never rejects: what it gives back tells. */
  catchUp(memory: CopyMemory, slice: Slice, changes?: ChangesDue): Promise<CopyMemory>;
}

/**
 * Longest wait of a screen for the bucket, which holds up its admin's next updates. Whole uploads
 * and read-backs have their own times (s3-store.ts).
 */
const ANSWER_MS = 20_000;

/** A request is begun at most so often; then its last failure is its answer. */
const MAX_ATTEMPTS = 3;

function secondCopy(engine: EngineContext): SecondCopy | undefined {
  const { copy, ledger, clock, retention, changeDays, ...first } = engine;
  if (copy === undefined) return undefined;
  const { keys } = engine;
  const context = { first, copy, clock, keys, policy: retention, changeDays, triggers: ledger.triggers };
  return {
    description: copy.store.description,
    catchUp: (memory, slice, changes) => catchUp({ ...context, ...changes }, memory, slice),
  };
}

export function createBackupEngine(context: EngineContext): BackupEngine {
  const { stopping } = context;
  const copy = secondCopy(context);
  const run: BackupEngine['run'] = (options) => {
    const signals = [options.signal, stopping].filter((signal) => signal !== undefined);
    return runBackup(context, { ...options, signal: AbortSignal.any(signals) });
  };

  const inTime = <T>(work: () => Promise<T>): Promise<T> => answered(context, work);
  const find = (name: BackupName): Promise<BackupEntry | undefined> =>
    inTime(() => findBackup(context, name));
  const unopened = rememberedUnopened(context);
  return {
    run,
    heldAlready: (trigger) => heldAlready(context, trigger),
    ...requestedRuns(context, run),
    isSealed: context.isSealed === true,
    isPlain: (entry) => isUnsealed(context, entry),
    list: (page) => inTime(() => listBackups(context, page)),
    reach: (state, entries) => inTime(() => reachOf(context, state, entries)),
    missed: (...asked) => inTime(() => missedIn(context, ...asked)),
    isBroken: (state) => inTime(() => isBroken(context, state)),
    find,
    verify: (name, onBytes) => verifyStored(context, name, onBytes),
    async links(name, adminId) {
      const entry = await find(name);
      return entry === undefined ? [] : linksTo(context, entry, adminId);
    },
    async files(name) {
      const entry = await find(name);
      return entry === undefined ? [] : filesOf(context, entry);
    },
    probe: () => inTime(() => probeBucket(context, probeId(context.clock.now(), context.random))),
    health: () => inTime(() => healthOf(context, unopened)),
    ...(copy && { copy }),
  };
}

/** Backups that admins ask for: each is made, by whichever process. */
function requestedRuns(
  context: EngineContext,
  run: BackupEngine['run'],
): Pick<BackupEngine, 'runRequest' | 'finishRequested'> {
  const { requests, clock, stopping } = context;
  const runRequest: BackupEngine['runRequest'] = async (request, onProgress) => {
    const outcome = await run({
      trigger: 'command',
      scheduledAt: request.requestedAt,
      isRequest: true,
      ...(onProgress && { onProgress }),
    });
    // Given up with its host, it is the next one's to make.
    const isGivenUp = outcome.kind === 'failed' && stopping?.aborted === true;
    if (!isBusy(outcome) && !isGivenUp) await requests.closeRequest(request.id, clock.now());
    return outcome;
  };
  return {
    runRequest,
    async finishRequested(mayBegin = () => true) {
      const finished: { request: BackupRequest; outcome: BackupOutcome }[] = [];
      for (const request of await requests.openRequests(clock.now())) {
        if (!mayBegin()) break;
        const outcome =
          request.attempts >= MAX_ATTEMPTS ? await giveUp(context, request) : await runRequest(request);
        // Whoever holds the lease may be working on this very request.
        if (isBusy(outcome)) break;
        finished.push({ request, outcome });
      }
      return finished;
    },
  };
}

type Unopened = Awaited<ReturnType<typeof unopenedNewest>>;

/** Of the newest backup; scrypt takes a Worker 50 ms, and neither key nor backup changes. */
function rememberedUnopened(context: EngineContext): (newest: BackupEntry | undefined) => Promise<Unopened> {
  let looked: { readonly name: string | undefined; readonly found: Unopened } | undefined;
  return async (newest) => {
    if (looked === undefined || looked.name !== newest?.name)
      looked = { name: newest?.name, found: await unopenedNewest(context, newest, context.keys) };
    return looked.found;
  };
}

/** @throws StoreError when the bucket takes longer than a screen can wait. */
function answered<T>({ store, answerTimer }: EngineContext, work: () => Promise<T>): Promise<T> {
  const late = (): Error =>
    new StoreError(
      `${store.description} gives no answer within ${ANSWER_MS / 1000} s: it is stuck or cannot be reached; look at it, and try again`,
      { retryable: true, isStall: true },
    );
  return within(ANSWER_MS, work, { timer: answerTimer, late });
}

async function healthOf(
  context: EngineContext,
  unopened: (newest: BackupEntry | undefined) => Promise<Unopened>,
): Promise<BackupHealth> {
  const now = context.clock.now();
  const { run: recorded } = await recordedRun(context, async () => context.ledger);
  const newest = await newestFit(context);
  const damaged =
    damageIn(damagedNewest(context, newest)) ??
    (await lostBackup(context, recorded, newest)) ??
    unreadableNewest(context, newest) ??
    (await damagedRun(context, newest.entry)) ??
    (await unopened(newest.entry));
  return backupHealth(newest.entry, now, context.maxAgeHours, damaged);
}

function probeId(now: Date, random: () => number): string {
  return `${now.getTime().toString(36)}-${Math.floor(random() * 2 ** 32).toString(36)}`;
}
