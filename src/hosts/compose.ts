/** Builds the parts from settings, for every host. Nothing below here sees an environment. */

import type { Bucket } from '../backup/catalog/bucket.ts';
import { withDoubts } from '../backup/catalog/doubts.ts';
import type { Ledger, RequestLedger } from '../backup/catalog/ledger.ts';
import type { ShipContext } from '../backup/changes/shipping.ts';
import { type BackupEngine, createBackupEngine } from '../backup/engine.ts';
import type { Encryption, OpeningKeys } from '../backup/envelope/types.ts';
import type { RowSource, SnapshotSource } from '../backup/model/model.ts';
import type { BackupContext } from '../backup/run/context.ts';
import { libraryVersions } from '../backup/run/libraries.ts';
import type { Store } from '../backup/store/types.ts';
import type { Database } from '../db/database.ts';
import { type LinkSettings, signLink } from '../http/download-links.ts';
import { type Clock, systemClock } from '../lib/clock.ts';
import type { BackupSettings, CopySettings } from '../settings/config.ts';

export interface BackupParts {
  readonly source: RowSource;
  readonly store: Store;
  readonly ledger: Ledger;
  /** `worker`, or a text that identifies the process where it is seen (db/file/lock-text.ts). */
  readonly holder: string;
  readonly alert: BackupContext['alert'];
  /** What opens encrypted backups; the bot has it only with a passphrase. */
  readonly keys?: OpeningKeys;
  readonly clock?: Clock;
  readonly timeoutMs?: number;
  /** How many days change files are kept. */
  readonly changeDays?: number;
}

/** The program's version, written into manifests and documents and told by /healthz. */
export const APP_VERSION = '0.1.0';

/**
 * A Worker's cron may take 15 min of wall time (docs/platform-facts.md). A run gives up before
 * Cloudflare ends it, and leaves room for the wait for a dead holder's lease (host.ts).
 */
const RUN_TIMEOUT_MS = 12 * 60_000;
/** Of a run on Node: no time limit of a platform ends it there. */
export const NODE_RUN_TIMEOUT_MS: number = 12 * 3_600_000;
/** `full` stays as fast as sqlite3 + gzip -6, and in the Worker's time (bench/backup-run.ts). */
export const GZIP_LEVEL = 1;

export function composeBackup(settings: BackupSettings, parts: BackupParts): BackupContext {
  const encryption = encryptionOf(settings);
  const keys = parts.keys ?? botKeys(settings);
  return {
    ...doubting(settings, parts.store, parts.ledger, keys),
    source: parts.source,
    ledger: parts.ledger,
    clock: parts.clock ?? systemClock,
    random: Math.random,
    holder: parts.holder,
    appVersion: APP_VERSION,
    libraries: libraryVersions(),
    encryption,
    keys,
    retention: {
      days: settings.retentionDays,
      daily: settings.keepDaily,
      weekly: settings.keepWeekly,
      monthly: settings.keepMonthly,
    },
    changeDays: parts.changeDays,
    gzipLevel: GZIP_LEVEL,
    timeoutMs: parts.timeoutMs ?? RUN_TIMEOUT_MS,
    alert: parts.alert,
  };
}

/** What ships changes between two full backups, encrypted and opened as a backup is. */
export function composeShipping(
  settings: BackupSettings,
  parts: Pick<BackupParts, 'store' | 'holder' | 'keys'> & {
    readonly db: Database;
    readonly source: SnapshotSource;
    readonly now: () => Date;
    readonly isDead?: ShipContext['isDead'];
    /** The settings name a second copy. */
    readonly isCopied?: boolean;
  },
): ShipContext {
  const { db, source, store, holder, now, isDead, isCopied = false } = parts;
  return {
    db,
    isCopied,
    ...(isDead === undefined ? {} : { isDead }),
    source,
    store,
    holder,
    now,
    prefix: settings.prefix,
    encryption: encryptionOf(settings),
    keys: parts.keys ?? botKeys(settings),
    appVersion: APP_VERSION,
    gzipLevel: GZIP_LEVEL,
    memory: {},
  };
}

/** The engine of a host; the CLI needs the context alone. */
export function composeEngine(
  settings: BackupSettings,
  parts: BackupParts & {
    readonly ledger: Ledger & RequestLedger;
    readonly links: LinkSettings;
    /** The second bucket, where the settings name one. */
    readonly copy?: Bucket | undefined;
    /** Aborts when a stopping host waits no longer: the run gives up and cleans up. */
    readonly stopping?: AbortSignal;
  },
): BackupEngine {
  return createBackupEngine({
    ...composeBackup(settings, parts),
    onlyOurs: true,
    requests: parts.ledger,
    copy: parts.copy,
    ...(parts.stopping && { stopping: parts.stopping }),
    maxAgeHours: settings.maxAgeHours,
    signLink: (key, adminId, sha256) => signLink(parts.links, key, adminId, sha256),
  });
}

/** An owner of a key has encrypted backups, even on a machine that makes none. */
export function bucketOf(settings: BackupSettings, store: Store): Bucket {
  const isSealed = encryptionOf(settings) !== undefined || settings.ageIdentity !== undefined;
  return { store, prefix: settings.prefix, isSealed, bot: settings.botId };
}

/** The bucket of a host, which knows the database's record of runs. */
export function doubting(
  settings: BackupSettings,
  store: Store,
  ledger: Ledger,
  keys: OpeningKeys | undefined = botKeys(settings),
): Bucket {
  return withDoubts(bucketOf(settings, store), keys, (question) => question(ledger));
}

/** The second bucket, below its own prefix. */
export function copyOf(settings: BackupSettings, { prefix }: CopySettings, store: Store): Bucket {
  return { ...bucketOf(settings, store), prefix, isCopy: true };
}

export function encryptionOf(settings: BackupSettings): Encryption | undefined {
  if (settings.ageRecipients.length > 0) return { kind: 'recipients', recipients: settings.ageRecipients };
  return settings.passphrase === undefined
    ? undefined
    : { kind: 'passphrase', passphrase: settings.passphrase };
}

/** What the running bot can open its own backups with: nothing when they are for recipients. */
export function botKeys({ passphrase }: BackupSettings): OpeningKeys | undefined {
  return passphrase === undefined ? undefined : { identities: [], passphrases: [passphrase] };
}
