/** The Node host out of what it has ({@link Acquired}): the engine, the change log, the updates. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bucket } from '../../backup/catalog/bucket.ts';
import { livingOfHost } from '../../backup/changes/living.ts';
import type { BackupEngine } from '../../backup/engine.ts';
import { createImportUpload } from '../../backup/import/uploads.ts';
import { createMoments } from '../../backup/restore/moments.ts';
import { createBackupLedger } from '../../backup/run/backup-runs.ts';
import { backupAlertText, tellOwners } from '../../bot/alerts.ts';
import { holderText, isSurelyDead } from '../../db/file/lock-text.ts';
import { serveLink } from '../../http/serve-link.ts';
import { LookingBack } from '../../jobs/look-back.ts';
import { describeError } from '../../lib/log.ts';
import { asCalledHere } from '../../settings/command-name.ts';
import { TAKE_OVER_MODULE, takeOver, takeOverFile } from '../../takeover/take-over.ts';
import {
  botKeys,
  composeEngine,
  composeShipping,
  doubting,
  encryptionOf,
  GZIP_LEVEL,
  NODE_RUN_TIMEOUT_MS,
} from '../compose.ts';
import { createHost } from '../host.ts';
import type { Host, HostParts } from '../host-parts.ts';
import type { Acquired } from './acquire.ts';
import { checkDisks, placesOf } from './disk-room.ts';
import { hearTelegram, type TelegramEar } from './hear-telegram.ts';
import { lastStoredOf } from './last-stored.ts';
import { withoutEcho } from './loss-alerts.ts';
import { missedBeside } from './rescued.ts';

export const TICK_LIMITS = { seconds: 50, requests: 10_000 };

export interface ComposedNode {
  readonly host: Host;
  readonly backups: BackupEngine;
  readonly telegram: TelegramEar;
  /** The first bucket, as the database knows it. */
  readonly own: Bucket;
}

export function composeNode(have: Acquired): ComposedNode {
  const { config, log, now, api, me, store, first, copy, database, source, links, webhookSecret } = have;
  const { stopping, givingUp, runs, pause } = have;
  const { db } = database;
  const own = doubting(config.backup, store, createBackupLedger(db, isSurelyDead));
  const backups = engineOf(have);
  const telegram = hearTelegram(config, {
    ...{ api, db, webhookSecret, log, now, pause },
    signal: stopping.signal,
  });
  const looks = new LookingBack({
    first,
    copy,
    keys: botKeys(config.backup),
    days: config.changes.retentionDays,
  });
  const host = createHost({
    ...{ config, webhookSecret, db, api, me, backups, now, log },
    hearing: telegram.hearing,
    stopping: stopping.signal,
    sharesWork: true,
    isOffline: have.isOffline,
    sleep: pause,
    tickLimits: TICK_LIMITS,
    changes: changesOf(have, copy && ((context) => looks.putBack(context))),
    disk: () => checkDisks(placesOf(config)),
    isLost: database.isLost,
    asCalled: asCalledHere,
    copiesApart: true,
    lookBack: (context, holder) => looks.run(context, holder),
    suspect: (...what) => looks.suspect(...what),
    download: ({ request, arrived, isAdmin, suspect }) => {
      const onBroken = (file: string, reason: string): void => void runs.add(suspect(file, reason));
      return serveLink({ ...links, store, isAdmin, onBroken }, request, arrived);
    },
    jobHolder: () => holderText('node host', now()),
    importUpload: createImportUpload(
      { ...config.database, takeOver: TAKE_OVER_MODULE, ownerIds: config.ownerIds },
      database.hold,
    ),
    moments: momentsOf(have, own),
    background: (work) => {
      void runs.add(work(givingUp.signal));
    },
    beforeFirst: database.beforeFirst,
    rescued: (reminder) =>
      config.database.kind === 'file' ? missedBeside(config.database.path, reminder) : undefined,
    lastStored: lastStoredOf(config, [first, copy], { db, source }),
    takeOver: config.database.kind === 'file' ? takeOverFile : takeOver,
    after: (milliseconds, work) => {
      // The tick does it anyway, so a stopping host need not wait for it.
      sleep(milliseconds, undefined, { ref: false })
        .then(work)
        .catch((error: unknown) => log.warn('late work failed', { error: describeError(error) }));
    },
  });
  return { host, backups, telegram, own };
}

function engineOf({
  config,
  now,
  told,
  store,
  copy,
  database,
  source,
  links,
  givingUp,
}: Acquired): BackupEngine {
  return composeEngine(config.backup, {
    ...{ source, store, copy, links },
    changeDays: config.changes.retentionDays,
    ledger: createBackupLedger(database.db, isSurelyDead),
    holder: holderText('node host', now()),
    timeoutMs: NODE_RUN_TIMEOUT_MS,
    stopping: givingUp.signal,
    alert: withoutEcho(database.isLost, (alert) =>
      tellOwners(told, backupAlertText(config.defaultLocale, alert)),
    ),
  });
}

type Changes = NonNullable<HostParts['changes']>;

function changesOf(
  { config, now, store, copy, database: { db }, source }: Acquired,
  putBack: Changes['putBack'],
): Changes {
  return {
    isOn: config.changes.isOn,
    hasTimer: true,
    putBack,
    shipping: composeShipping(config.backup, {
      ...{ db, source, store, now },
      isCopied: copy !== undefined,
      holder: holderText('node host', now()),
      isDead: isSurelyDead,
    }),
  };
}

/** With recipients the bot opens no backup of its own. */
function momentsOf({ config, database: { db }, source }: Acquired, own: Bucket): HostParts['moments'] {
  if (config.backup.ageRecipients.length > 0) return undefined;
  return createMoments({
    bucket: own,
    keys: botKeys(config.backup),
    source,
    living: () => livingOfHost(db, source),
    encryption: encryptionOf(config.backup),
    gzipLevel: GZIP_LEVEL,
  });
}
