/** What `/healthz` says, whatever database and bucket do. */
import type { BackupHealth } from '../backup/catalog/health.ts';
import { LONGEST_LAG_SECONDS, lagSeconds, peek, pending } from '../backup/changes/peek.ts';
import { copyHealth, readMemory } from '../backup/copy/memory.ts';
import { StoreError } from '../backup/store/types.ts';
import { botIdentity } from '../db/bot-identity.ts';
import { copyNote, lostChangesNote } from '../db/bucket-notes.ts';
import type { Database } from '../db/database.ts';
import { heard as heardOf } from '../db/hearing.ts';
import { lackNow } from '../db/own-schema.ts';
import { moveProgress } from '../db/relinking.ts';
import { newestRun } from '../db/runs.ts';
import type { WatchedWrites } from '../db/watched-writes.ts';
import type { Health } from '../http/app.ts';
import { Silence, within } from '../lib/silence.ts';
import { APP_VERSION } from './compose.ts';
import type { HostParts } from './host-parts.ts';

/** Of the bucket, and of the database: a monitor gives up after ten seconds or so. */
const ANSWER_MS = 5_000;
/** While one look at the bucket is stuck, nobody begins another: the address is open to all. */
const STUCK_MS = 30_000;

/** What keeps the bucket from telling whether the newest backup is good. */
type BucketTrouble = NonNullable<Health['backup']['bucket']>;

/**
 * Looks whether the newest backup is good, for some seconds. It asks the database as well: what
 * that is at the moment tells which of the two was silent.
 */
export type LookAtBackups = (database: Promise<Health['database']>) => Promise<BackupHealth | BucketTrouble>;

export function backupLook({ backups, now, healthTimer }: HostParts): LookAtBackups {
  let stuckAt = Number.NEGATIVE_INFINITY;
  /** The look was stuck while the database was silent: that it answers again ends it. */
  let isByDatabase = false;
  const free = (): void => {
    stuckAt = Number.NEGATIVE_INFINITY;
  };
  return async (database) => {
    const isSilent = async (): Promise<boolean> => (await database) === 'unreachable';
    const at = now().getTime();
    if (at >= stuckAt && at - stuckAt < STUCK_MS && !(isByDatabase && !(await isSilent())))
      return (await isSilent()) ? 'unknown' : 'unreachable';
    const look = within(ANSWER_MS, () => backups.health().finally(free), { timer: healthTimer });
    return look.catch(async (error: unknown) => {
      const isOfDatabase = await isSilent();
      if (error instanceof Silence) [stuckAt, isByDatabase] = [at, isOfDatabase];
      // A bucket that nobody can list is no sign of safety.
      if (error instanceof StoreError && error.isElsewhere) return 'another directory';
      return isOfDatabase ? 'unknown' : 'unreachable';
    });
  };
}

export async function checkHealth(
  parts: HostParts,
  writes: WatchedWrites,
  look: LookAtBackups,
): Promise<Health> {
  const { disk, isOffline, asCalled = (text) => text } = parts;
  const asked: HostParts = { ...parts, db: inTime(parts) };
  const known = databaseOf(asked, writes).catch(() => 'unreachable' as const);
  const [database, found, state, updates, moving, copy, changes] = await Promise.all([
    known,
    look(known),
    disk?.(),
    updatesOf(asked),
    movingOf(asked),
    copyOf(asked),
    changesOf(asked),
  ]);
  const backup = typeof found === 'string' ? undefined : found;
  const isWritable = state === undefined || state === 'ok';
  const ok = isOffline === true ? 'offline' : 'ok';
  return {
    status:
      database === 'ok' &&
      isWritable &&
      backup?.ok === true &&
      updates?.webhook !== 'failing' &&
      (changes?.lag_seconds ?? 0) <= LONGEST_LAG_SECONDS
        ? ok
        : 'failing',
    version: APP_VERSION,
    database: parts.isLost?.() === true ? 'replaced' : database,
    ...(state !== undefined && { disk: state }),
    ...(updates !== undefined && { updates }),
    ...(moving !== undefined && { moving }),
    backup: {
      last_verified: backup?.lastVerified ?? null,
      age_hours: backup?.ageHours ?? null,
      ...(typeof found === 'string' && { bucket: found }),
      ...(backup?.damaged !== undefined && { damaged: asCalled(LISTED) }),
      ...(changes !== undefined && { changes }),
    },
    ...(copy !== undefined && { copy }),
  };
}

function inTime({ db }: HostParts): Database {
  return { ...db, read: (queries) => within(ANSWER_MS, () => db.read(queries)) };
}

/** A write that failed may have failed while nothing answered: it is tried again. */
async function databaseOf({ db }: HostParts, writes: WatchedWrites): Promise<Health['database']> {
  if ((await lackNow(db)) !== undefined) return 'incomplete';
  if (writes.trouble() === undefined) return 'ok';
  const isWritten = await within(ANSWER_MS, writes.probe).catch(() => false);
  return isWritten ? 'ok' : 'takes no writes';
}

const LISTED = 'see `npm run backup -- list`';

async function changesOf({
  db,
  now,
  changes,
  asCalled = (text) => text,
}: HostParts): Promise<Health['backup']['changes']> {
  if (changes?.isOn !== true) return undefined;
  const [found, lost] = await db.read([peek, lostChangesNote()]).catch(() => [undefined, undefined] as const);
  if (found === undefined) return undefined;
  return {
    ...{ lag_seconds: lagSeconds(found), pending: pending(found), since: found.state.since },
    ...(lost !== undefined && lost.until > now().toISOString() && { lost: asCalled(LISTED) }),
  };
}

/** From the memory of the last look: a request here must not hang on another provider. */
async function copyOf({ db, backups, now }: HostParts): Promise<Health['copy']> {
  if (backups.copy === undefined) return undefined;
  const [note, run] = await db.read([copyNote(), newestRun()]).catch(() => [undefined, undefined] as const);
  const { state, newest, left, behindHours, isUndeletable } = copyHealth(readMemory(note), now(), run);
  return {
    state,
    newest,
    left,
    behind_hours: behindHours,
    retention: isUndeletable ? 'bucket' : 'bot',
  };
}

/** Absent unless the database was another bot's; it says so until the host has met it, too. */
async function movingOf({ db, me, now }: HostParts): Promise<Health['moving']> {
  const [known, progress] = await db
    .read([botIdentity(), moveProgress(now())])
    .catch(() => [undefined, undefined] as const);
  if (known === undefined) return undefined;
  if (known.id !== me.id) return { from: known.username, files_left: null, files_missing: null };
  if (known.move === null || progress === undefined) return undefined;
  return { from: known.move.from, files_left: progress.left, files_missing: progress.missing };
}

/** The tick finds a webhook's trouble; an update that came since, to any process, ends it. */
async function updatesOf({ db, hearing, now }: HostParts): Promise<Health['updates']> {
  if (hearing === undefined) return undefined;
  // `/healthz` tells separately of a database that does not answer.
  const [known] = await db.read([heardOf(now())]).catch(() => [undefined]);
  const received = known?.lastReceived ?? null;
  const isDeaf =
    hearing.webhook !== undefined && known?.deafSince != null && (received ?? '') <= known.deafSince;
  const reason = hearing.trouble(now());
  const isFine = !isDeaf && reason === undefined;
  return {
    last_received: received === null ? null : `${received.replace(' ', 'T')}Z`,
    webhook: !isFine ? 'failing' : hearing.webhook === undefined ? 'polling' : 'ok',
    ...(reason !== undefined && { reason }),
  };
}

/** /healthz is open to all: no listing a request. Bad news is checked again sooner. */
const HEALTH_CACHE_MS = { ok: 10_000, offline: 10_000, failing: 1_000 };

/**
 * Everybody who asks meanwhile waits for the check that is under way, for one may send thousands of
 * requests at once; where requests share no work, each makes its own.
 */
export function cachedHealth(
  { now, isLost, sharesWork = false }: HostParts,
  { trouble }: Pick<WatchedWrites, 'trouble'>,
  make: () => Promise<Health>,
): () => Promise<Health> {
  let kept: { readonly at: number; readonly value: Health } | undefined;
  let underWay: Promise<Health> | undefined;
  const check = async (at: number): Promise<Health> => {
    const value = await make();
    kept = { at, value };
    return value;
  };
  return async () => {
    if (underWay !== undefined) return underWay;
    const at = now().getTime();
    // The log has told it by now.
    const isNew =
      (isLost?.() === true && kept?.value.database !== 'replaced') ||
      (trouble() !== undefined && kept?.value.database === 'ok');
    if (kept !== undefined && !isNew && at >= kept.at && at - kept.at < HEALTH_CACHE_MS[kept.value.status])
      return kept.value;
    if (!sharesWork) return check(at);
    underWay = check(at).finally(() => {
      underWay = undefined;
    });
    return underWay;
  };
}
