/** What `list` looks at before it says anything: backups, changes, second copy, database. */
import { existsSync } from 'node:fs';
import { damagedRun } from '../../backup/catalog/damage-without-backup.ts';
import { UNRECORDED } from '../../backup/catalog/doubts.ts';
import { type DrillRecord, readDrills } from '../../backup/catalog/drill-record.ts';
import { type BackupEntry, isUnsealed } from '../../backup/catalog/entry.ts';
import { backupHealth } from '../../backup/catalog/health.ts';
import { listBackups, newestOf } from '../../backup/catalog/list.ts';
import { lostBackup, madeLater, recordedRun } from '../../backup/catalog/lost-backup.ts';
import { damagedNewest, damageIn, isLatest, unreadableNewest } from '../../backup/catalog/newest.ts';
import { isAhead } from '../../backup/catalog/true-time.ts';
import { firstOpening, unopenedNewest } from '../../backup/catalog/unfit-keys.ts';
import { ofOtherBots, strangerOf } from '../../backup/catalog/whose-bot.ts';
import { orderedOf } from '../../backup/changes/list-changes.ts';
import { type Living, lostFrom } from '../../backup/changes/living.ts';
import type { Timeline } from '../../backup/changes/spans.ts';
import { branchesOf } from '../../backup/restore/branches.ts';
import { plainText } from '../../backup/restore/out-of-reach.ts';
import { lastStored, storedBehind } from '../../backup/restore/stored-behind.ts';
import { emptyDatabase } from '../../db/migrate.ts';
import { type Lack, lackOfOurs } from '../../db/own-schema.ts';
import { rescuedNote } from '../../hosts/node/rescued.ts';
import { opensOnly, sealing } from '../../hosts/not-encrypted.ts';
import { unsealing } from '../../settings/unsealing.ts';
import type { Invocation } from '../command.ts';
import { damagedNow } from '../damaged-now.ts';
import { databaseGoneOf } from '../database-gone.ts';
import { heldNow } from '../living-rows.ts';
import { lyingNear } from '../lying-near.ts';
import { livingOf } from '../moment.ts';
import { takenOf } from '../of-another-bot.ts';
import { type Elsewhere, fullerBefore, lookElsewhere } from '../other-bucket.ts';
import { otherChanges } from '../other-changes.ts';
import { furtherNow } from '../other-way.ts';
import { askLiving, type Session } from '../session.ts';
import { type StoredHistory, storedHistory } from '../stored-history.ts';
import { absence, takenLine } from '../target.ts';
import { meantOf, type WentOn, wentOnOf } from '../went-on.ts';
import { FULL, type Standing } from './list-verdict.ts';

export interface Findings {
  readonly entries: readonly BackupEntry[];
  readonly total: number;
  /** With those that the other bucket alone has, newest first. */
  readonly all: readonly BackupEntry[];
  readonly newest: BackupEntry | undefined;
  readonly strangers: ReadonlySet<BackupEntry>;
  readonly standing: Standing;
  readonly others: Elsewhere | undefined;
  readonly lastDrill: DrillRecord | undefined;
  /** A later backup than the newest by its time, in a sentence. */
  readonly later: string | undefined;
  /** Why the record of runs was not compared. */
  readonly unread: string | undefined;
  readonly stored: StoredHistory;
  readonly branches: readonly Timeline[];
  readonly living: Living | undefined;
  /** What is known to be lost of the stored changes, in words, and what to do. */
  readonly gone: { readonly problem: string; readonly todo: string } | undefined;
  /** That the file of the database is not there, and what brings most of it back, in sentences. */
  readonly databaseGone: string | undefined;
  /** What the other bucket has otherwise, or further, in sentences. */
  readonly differing: string | undefined;
  readonly further: string | undefined;
  readonly longer: string | undefined;
  /** The bucket has changes that the database does not have. */
  readonly wentOn: WentOn | undefined;
  /** What a running bot rescued and nothing else names, in sentences. */
  readonly rescued: string | undefined;
  /** Newer backups that the database did not make, in sentences. */
  readonly unrecorded: readonly string[];
  /** The database and its backups are of another bot than the token is, in a sentence. */
  readonly moving: string | undefined;
}

export async function findingsOf(invocation: Invocation): Promise<Findings> {
  const { session, now } = invocation;
  const { bucket, config, readsCopy } = session;
  // What the second copy lacks yet is not lost.
  const { run: recorded, unread } = readsCopy
    ? { run: undefined, unread: undefined }
    : await recordedRun(bucket, async () => (await session.backup()).ledger);
  const living = readsCopy ? undefined : await livingOf(session);
  const lack = readsCopy ? undefined : await lackOf(session);
  const { entries: listed, total } = await listBackups(bucket);
  const found = await newestOf(bucket, listed);
  // What is another backup than its name says is damaged in the table, too.
  const passed = new Map(found.newer.map((entry) => [entry.name, entry]));
  const entries = listed.map((entry) => passed.get(entry.name) ?? entry);
  const newest = found.entry;
  const damaged = damagedNewest(bucket, found);
  const lost =
    damaged === undefined
      ? ((await lostBackup(bucket, recorded, found)) ?? unreadableNewest(bucket, found))
      : undefined;
  const failedRun =
    (damaged ?? lost) === undefined
      ? ((await damagedRun(bucket, newest)) ?? (await damagedNow(session)))
      : undefined;
  const unopened =
    (damaged ?? lost ?? failedRun) === undefined
      ? await unopenedNewest(bucket, newest, session.keys)
      : undefined;
  const opening =
    unopened && (await firstOpening(bucket, entries.filter(isOlderThan(newest)), session.keys))?.name;
  const { maxAgeHours } = config.backup;
  const look = { now: now(), keys: session.keys, living };
  const copy = readsCopy ? undefined : await session.copy();
  const last =
    (damaged ?? failedRun ?? lack) === undefined ? undefined : await lastStored([bucket, copy], look);
  const later = newest && (await madeLater(bucket, async () => (await session.backup()).ledger, newest.name));
  const others = await lookElsewhere(session, entries, now());
  const only = others?.only ?? [];
  const all = [...entries, ...only].toSorted((a, b) => b.time.getTime() - a.time.getTime());
  const strangers = ofOtherBots(bucket.bot, all);
  const [lastDrill] = await readDrills(bucket);
  const stored = await storedHistory(session, entries, living);
  const { bases, files } = stored;
  const { differing, longer } = await otherChanges(invocation, stored, living);
  const fuller = fullerBefore(newest, { entries, only: readsCopy ? [] : only }, bucket.bot);
  const held = fuller === undefined || readsCopy ? undefined : await heldNow(session, fuller);
  const taken = await takenOf(session, found, living);
  const elsewhere = only.find((entry) => isLatest(entry) && !strangers.has(entry));
  const elsewhereOf = bucket.bot === undefined ? undefined : strangerOf(bucket.bot, all, elsewhere);
  // Another bot's backups are no sign that this one ever had a database.
  const databaseGone =
    (taken ?? elsewhereOf) === undefined ? await databaseGoneOf(session, fuller, lack === 'all') : undefined;
  const behind = elsewhere && copy && (await storedBehind(copy, elsewhere, look).catch(() => undefined));
  const reminder = { now: now(), meant: readsCopy ? undefined : await meantOf(session) };
  const wentOn = await wentOnOf(session, living, stored, reminder);
  const make = opensOnly(config.backup) ? `${sealing(await session.recipients())}, then: ${FULL}` : FULL;
  const { database } = config;
  const isTold = readsCopy || database.kind !== 'file' || (wentOn ?? databaseGone) !== undefined;
  return {
    ...{ entries, total, all, newest, strangers, others, lastDrill, later, stored, living, databaseGone },
    unread: databaseGone === undefined || lack === 'all' ? unread : 'it is not there',
    branches: branchesOf(bases, files),
    gone: goneFrom(session, entries, stored, { living, make }),
    differing,
    longer,
    wentOn,
    rescued: isTold ? undefined : await rescuedNote(database.path, reminder, living),
    moving:
      taken !== undefined || found.taken === undefined || newest === undefined
        ? undefined
        : takenLine(newest.name, found.taken, bucket),
    unrecorded: (found.unrecorded ?? []).map(({ name }) => `${name} does not count: ${UNRECORDED}`),
    further: living === undefined ? await furtherNow(invocation, bucket) : undefined,
    standing: {
      taken,
      elsewhereOf,
      health: backupHealth(newest, now(), maxAgeHours, damageIn(damaged) ?? lost ?? failedRun ?? unopened),
      ahead: entries.find(
        (entry) => entry.state === 'verified' && isAhead(entry.time, now()) && !isUnsealed(bucket, entry),
      ),
      isPlain: entries.some((entry) => entry.state === 'verified' && isUnsealed(bucket, entry)),
      ...{ damaged, lost, failedRun, elsewhere, maxAgeHours, make },
      lack: databaseGone === undefined ? lack : undefined,
      fuller,
      held,
      isGone: databaseGone !== undefined,
      missing:
        !readsCopy && database.kind === 'file' && databaseGone === undefined && !existsSync(database.path)
          ? database.path
          : undefined,
      isAlive: !readsCopy && (lack ?? databaseGone ?? unread) === undefined,
      unopened: unopened && { ...unopened, opening },
      where: bucket.store.description,
      absence: absence(bucket),
      near: entries.length === 0 ? await lyingNear(bucket) : undefined,
      further: behind && `--at ${behind.at}${behind.timeline} --from copy`,
      stored: last,
      now: now(),
    },
  };
}

/** What the living database lacks: tables, or all; undefined also where nobody can look. */
function lackOf(session: Session): Promise<Lack | 'all' | undefined> {
  return askLiving(session, async (db) => {
    const [isEmpty] = await db.read([emptyDatabase]);
    if (isEmpty) return 'all';
    const lack = await lackOfOurs(db);
    return lack === undefined || lack.tables.length === 0 ? undefined : lack;
  });
}

/** What is known to be lost, and what to do. What is passed over for want of encryption is not. */
function goneFrom(
  { bucket, config }: Session,
  entries: readonly BackupEntry[],
  { stored, bases, files, risk }: StoredHistory,
  { living, make }: { readonly living: Living | undefined; readonly make: string },
): Findings['gone'] {
  if (risk.problem === undefined) return undefined;
  const gone = { problem: risk.problem, todo: risk.todo };
  if (living === undefined || lostFrom(living, bases, files) === undefined) return gone;
  const isOwn = (timeline: string | undefined): boolean => timeline === living.state.timeline;
  const all = orderedOf({ ...bucket, isSealed: false }, entries, stored);
  const plain = all.bases.findLast((base) => isOwn(base.changes?.timeline) && isUnsealed(bucket, base.entry));
  const file = stored.find((one) => isOwn(one.timeline) && !one.encrypted);
  const what = plain === undefined ? file && `change file ${file.file}` : `backup ${plain.entry.name}`;
  if (bucket.isSealed !== true || what === undefined || lostFrom(living, all.bases, all.files) !== undefined)
    return gone;
  const take = `${unsealing(config.backup)}npm run backup -- restore --at 0m --replace`;
  return {
    problem: plainText(what),
    todo: `Make one that is encrypted: ${make}. If the database is lost before that: ${take}`,
  };
}

const isOlderThan =
  (newest: BackupEntry | undefined) =>
  (entry: BackupEntry): boolean =>
    newest !== undefined &&
    entry.state === 'verified' &&
    entry.name !== newest.name &&
    entry.time <= newest.time;
