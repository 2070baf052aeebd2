/** Builds and runs the Node host from settings. Node only. */
import { setTimeout as sleep } from 'node:timers/promises';
import { peekAt } from '../../backup/changes/peek.ts';
import type { BackupEngine } from '../../backup/engine.ts';
import { logStrangers } from '../../backup/schema/living-strangers.ts';
import { admins } from '../../db/admins.ts';
import { meantNote } from '../../db/bucket-notes.ts';
import type { Database } from '../../db/database.ts';
import { isSurelyDead } from '../../db/file/lock-text.ts';
import { requireFitServer } from '../../db/fitness.ts';
import { freeJobsOfDead } from '../../db/job-leases.ts';
import { unpaced } from '../../jobs/all-jobs.ts';
import { tellWentOn } from '../../jobs/went-on.ts';
import { describeError, type Log } from '../../lib/log.ts';
import { within } from '../../lib/silence.ts';
import type { Config } from '../../settings/config.ts';
import type { Host } from '../host-parts.ts';
import { NO_ADMINS } from '../no-admins.ts';
import { notEncrypted } from '../not-encrypted.ts';
import { type Acquired, acquire } from './acquire.ts';
import { composeNode } from './compose-node.ts';
import { finishAll, RUN_GRACE_MS } from './finish-all.ts';
import { PATIENCE_MS } from './last-stored.ts';
import { type Answer, everybody, listen, onlyThisMachine } from './listen.ts';
import { createHostLog } from './log-lines.ts';
import { beginOwnWork } from './own-work.ts';
import { backAgain, notMissed, rescuedAfter, rescuedNote } from './rescued.ts';

export interface RunningNode {
  readonly address: string;
  readonly backups: BackupEngine;
  /** For offline mode alone, whose world begins with rows of its own. */
  readonly db: Database;
  /** The backup of a start. */
  backUp(): Promise<unknown>;
  stop(): Promise<void>;
}

export interface OfflineWords {
  /** How a person begins another world. */
  readonly anew: string;
  /** Where one writes to the bot. */
  readonly page: string;
}

export interface NodeOptions {
  /** Nothing here is production: /healthz says so, and only this machine gets answers. */
  readonly offline?: OfflineWords;
  /** Begins a missing database although there are backups of one. */
  readonly beginsNew?: boolean;
  /** The first backup waits for {@link RunningNode.backUp}: what it must hold is not there yet. */
  readonly isUnfilled?: boolean;
  /** Left out: as the settings say. */
  readonly log?: Log;
  /** Another host took the database over: this one must end, and leave its files alone. */
  readonly onTaken?: () => void;
}

export async function startNode(
  config: Config,
  { beginsNew = false, offline, isUnfilled = false, log = createHostLog(config), onTaken }: NodeOptions = {},
): Promise<RunningNode> {
  const have = await acquire(config, { log, offline: offline?.anew, beginsNew, onTaken });
  const { database, links, requests, runs, stopping, givingUp } = have;
  const composed = composeNode(have);
  const { host, backups, telegram } = composed;
  await readyWith(have, host);
  const answer: Answer = async (request, arrived) => requests.add(host.app.fetch(request, arrived));
  const { server, port } = await listen(
    offline === undefined ? everybody(answer) : onlyThisMachine(answer, offline.page),
    config,
  );
  const address = `http://127.0.0.1:${port}`;
  links.baseUrl ||= address;
  const work = beginOwnWork(have, composed, isUnfilled);
  void requests.add(telegram.begin(host.receive));
  log.info('started', {
    bot: have.me.username,
    address,
    updates: config.publicUrl === undefined ? 'polling' : 'webhook',
  });
  return {
    address,
    backups,
    db: database.db,
    backUp: work.backUp,
    async stop() {
      work.stop();
      stopping.abort();
      await finishAll({ server, requests, runs, log, giveUp: (reason) => givingUp.abort(reason) });
      // A clean stop leaves nothing behind that is not in the bucket.
      if (!database.isLost())
        await Promise.race([work.shipOnce(), sleep(RUN_GRACE_MS, undefined, { ref: false })]);
      await database.close();
    },
  };
}

function moreThan({ database }: Config): (until: Date) => string | undefined {
  return (until) => {
    const rescued = database.kind === 'file' ? rescuedAfter(database.path, until) : undefined;
    return rescued !== undefined
      ? `what a running bot rescued holds more still, and takes the database's place, with the bot stopped: ${rescued.how}`
      : undefined;
  };
}

async function readyWith(have: Acquired, host: Host): Promise<void> {
  const { config, log, database } = have;
  const { db } = database;
  if (config.database.kind === 'remote')
    await requireFitServer(db, { url: config.database.url, isTried: false });
  const path = config.database.kind === 'file' ? config.database.path : undefined;
  // Before anything is written: what the database gets from now on the rescued file does not have.
  const back = path === undefined ? undefined : await backAgain(path, await peekAt(db));
  await host.ready({ waits: true }).catch(database.explained);
  // Where a table is missing, which was told, their leases end by themselves.
  await freeJobsOfDead(db, unpaced, isSurelyDead).catch(() => {});
  await logStrangers(db, log);
  const [meant] = await db.read([meantNote()]);
  if (back !== undefined) await db.write([notMissed(back, meant)]);
  const reminder = { now: have.now(), meant };
  const isTold = path === undefined || back !== undefined;
  const note = isTold ? undefined : await rescuedNote(path, reminder, undefined);
  if (note !== undefined) log.warn('database: rescued', { message: note });
  const wentOn = { ...config, ...have.told, db, now: have.now, bucket: have.first, more: moreThan(config) };
  const [plain] = await Promise.all([
    within(PATIENCE_MS, () => notEncrypted(config.backup, [have.first, have.copy])).catch(() => undefined),
    within(PATIENCE_MS, async () => config.changes.isOn && (await tellWentOn(wentOn))).catch(
      (error: unknown) => log.warn('changes: the bucket was not asked', { error: describeError(error) }),
    ),
  ]);
  if (plain !== undefined) log.error('backups not encrypted', { message: plain });
  if (config.ownerIds.length === 0 && (await db.read([admins()]))[0].length === 0)
    log.error('no admins', { message: NO_ADMINS });
}
