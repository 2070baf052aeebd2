/**
 * Changes on their way to the bucket: as many files as wait, the full backup that has to come
 * first, and word to the owners. The Worker's tick calls it, and Node's own timer.
 */

import { changeState, UNTOLD_SPOILT } from '../backup/catalog/change-state.ts';
import { KEY_LOOK_REQUESTS } from '../backup/changes/changed-key.ts';
import { removeTriggers } from '../backup/changes/ensure-triggers.ts';
import { LONGEST_LAG_SECONDS, lagSeconds, type Peek, pending } from '../backup/changes/peek.ts';
import { ship } from '../backup/changes/ship.ts';
import type { ShipContext, ShipOutcome } from '../backup/changes/shipping.ts';
import { failureKind } from '../backup/run/failure.ts';
import { type BackupOutcome, isBusy, logRun } from '../backup/run/outcome.ts';
import { tellOwners } from '../bot/alerts.ts';
import { type BaseFailures, baseFailuresNote, keepBaseFailures } from '../db/bucket-notes.ts';
import { claimTelling } from '../db/change-telling.ts';
import type { Database } from '../db/database.ts';
import { rowsOfNewestRun, runsForChanges } from '../db/runs.ts';
import { describeError } from '../lib/log.ts';
import { textsFor } from '../locales/index.ts';
import { RUN_REQUESTS } from './backup-requests.ts';
import { BASES_LOOKED_AT, mayMakeBase } from './base-pace.ts';
import type { JobContext } from './job.ts';
import { tellWentOn } from './went-on.ts';

/** Of one file: the schema, the range, an earlier attempt's file, the store's three, the end. */
const FILE_REQUESTS = 9;
/** So many waiting entries are told of, too. */
const MANY = 1_000_000;
/** What waits is cheaper in a full backup from here on, if it is a fifth of all rows. */
const BULK = 20_000;
const BULK_PART = 5;

export async function keepChanges(context: JobContext, found?: Peek): Promise<void> {
  const { changes } = context;
  if (changes === undefined) return;
  const { shipping } = changes;
  if (!changes.isOn) {
    // They were on before: what is written from now on no file will tell.
    if (found !== undefined && found.state.schemaCookie !== null)
      await removeTriggers(shipping.db, shipping.source);
    return;
  }
  try {
    await shipAll(context, { ...shipping, atEnd: context.atEnd }, found);
  } finally {
    await tellLag(context, shipping.db, found);
  }
}

async function shipAll(context: JobContext, shipping: ShipContext, found: Peek | undefined): Promise<void> {
  const { log, now, deadline, requests } = context;
  let seen = found;
  // Once in the life of a process or isolate, when the first change goes.
  if (shipping.memory.sameKey === undefined && seen !== undefined && pending(seen) > 0)
    requests.take(KEY_LOOK_REQUESTS);
  if (seen !== undefined && (await isBulk(shipping.db, seen)) && (await tryBase(context, 'bulk'))) return;
  while (now() < deadline && requests.take(FILE_REQUESTS)) {
    const outcome = await ship(shipping, seen);
    seen = undefined;
    logOutcome(context, outcome);
    if (outcome.kind === 'shipped' && !outcome.isEnd) continue;
    if (outcome.kind === 'fork') await tellWentOn({ ...context, ...shipping, bucket: shipping });
    if (outcome.kind === 'needs-base') {
      if (outcome.isNew === true && outcome.reason === 'lost')
        await tellOwners(context, textsFor(context.defaultLocale).frame.changesLost());
      await tryBase(context, outcome.reason);
    }
    return;
  }
  log.debug('changes wait for the next tick', {});
}

function logOutcome({ log }: JobContext, outcome: ShipOutcome): void {
  if (outcome.kind === 'shipped')
    log.debug('changes shipped', { file: outcome.file, bytes: outcome.bytes, restore_point: outcome.isEnd });
  if (outcome.kind === 'fork')
    log.error('changes: another database goes on from the same point', { file: outcome.file });
  if (outcome.kind === 'needs-base' && outcome.isNew === true)
    log.warn('changes: a full backup has to come first', {
      reason: outcome.reason,
      ...(outcome.error === undefined ? {} : { error: describeError(outcome.error) }),
    });
}

async function isBulk(db: Database, found: Peek): Promise<boolean> {
  if (found.state.needsBase !== null || pending(found) < BULK) return false;
  const [rows = 0] = await db.read([rowsOfNewestRun()]);
  return pending(found) * BULK_PART > rows;
}

/**
 * Whether a full backup was tried, at the pace of {@link mayMakeBase}. A tick with few requests has
 * not the time of a run either (free plan): there the CLI makes it.
 */
async function tryBase(context: JobContext, reason: string): Promise<boolean> {
  const { backups, log, now, requests } = context;
  if (
    context.changes?.mayBackUp === false ||
    requests.left < 2 * RUN_REQUESTS ||
    !requests.take(RUN_REQUESTS + 2)
  )
    return false;
  const [tries, state, before = { tries: [], told: null }] = await context.db.read([
    runsForChanges(BASES_LOOKED_AT),
    changeState,
    baseFailuresNote(),
  ]);
  const all = [...tries, ...before.tries].toSorted((a, b) => b.getTime() - a.getTime());
  const at = now();
  if (!mayMakeBase(all, new Date(state?.since ?? 0), at)) return false;
  log.debug('a full backup has to come before further changes', { reason });
  const outcome = await backups.run({ trigger: 'changes', scheduledAt: at, told: before.told ?? undefined });
  await keepFailure(context, before, outcome, at);
  // Another run holds the log as well: this one comes after it, if it is needed still.
  logRun(log, 'changes', outcome, isBusy(outcome) ? 'debug' : 'info');
  return true;
}

/** So that the next try keeps the pace, and the owners hear of each kind of failure once. */
async function keepFailure(
  { db, log }: JobContext,
  before: BaseFailures,
  outcome: BackupOutcome,
  at: Date,
): Promise<void> {
  const isFailed = outcome.kind === 'failed';
  if (!isFailed && (outcome.kind !== 'done' || before.told === null)) return;
  const told = isFailed ? failureKind(outcome.reason) : null;
  const tries = isFailed && outcome.name === undefined ? [at, ...before.tries] : before.tries;
  const kept = { told, tries: tries.slice(0, BASES_LOOKED_AT) };
  await db.write([keepBaseFailures(kept)]).catch((error: unknown) => {
    log.warn('failed backup not remembered', { error: describeError(error) });
  });
}

/** Once when changes wait too long or are too many, and once when that is over. */
async function tellLag(context: JobContext, db: Database, found: Peek | undefined): Promise<void> {
  if (found === undefined) return;
  const { frame } = textsFor(context.defaultLocale);
  const { told } = found.state;
  if (told === UNTOLD_SPOILT) return tellSpoilt(context, db);
  const lag = lagSeconds(found);
  const state = pending(found) > MANY ? 'many' : lag > LONGEST_LAG_SECONDS ? 'lag' : null;
  if (state === told || (state === 'lag' && told === 'many')) return;
  const isOurs = await claimTelling(db, told, state).catch((error: unknown) => {
    context.log.warn('lag of changes not recorded', { error: describeError(error) });
    return false;
  });
  if (!isOurs) return;
  if (state === null) await tellOwners(context, frame.changesCaughtUp());
  else await tellOwners(context, frame.changesWait(Math.round(lag / 60), pending(found)));
}

/** The row that says where the log stands was begun anew, by whatever start or tick it was. */
async function tellSpoilt(context: JobContext, db: Database): Promise<void> {
  if (!(await claimTelling(db, UNTOLD_SPOILT, null))) return;
  context.log.error('changes: the row that says where the change log stands was lost or altered', {});
  await tellOwners(context, textsFor(context.defaultLocale).frame.changesLost());
}
