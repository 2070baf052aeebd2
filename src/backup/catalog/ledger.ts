/**
 * Where runs are made exclusive and remembered. `src/backup/run/backup-runs.ts` keeps it in the
 * live database; a database that has none of our tables (the old bot's) is backed up without one,
 * see {@link noLedger}.
 */
import type { LostChanges } from '../../db/bucket-notes.ts';
import type { Statement } from '../../db/database.ts';
import type { StoredFile } from '../../db/stored-files.ts';
import type { Trigger } from './manifest.ts';
import type { BackupName } from './names.ts';

export type LeaseAnswer =
  /**
   * `fence` grows with every holder: only the highest may publish. `note`: what was wrong with the
   * stored one, for people.
   */
  | { readonly kind: 'acquired'; readonly fence: number; readonly note?: string }
  | { readonly kind: 'held'; readonly holder: string; readonly fence: number; readonly leftMs: number }
  /**
   * The database has no whole record of runs: no table for the lease or for the runs, or a column
   * of these is gone.
   */
  | { readonly kind: 'absent' };

export interface RunStart {
  readonly name: BackupName;
  readonly fence: number;
  readonly trigger: Trigger;
  readonly scheduledAt: Date;
  readonly startedAt: Date;
}

/** The reason on record of a run whose process was not there any more to give one. */
export const DIED = 'its process died or stalled';

export interface RunEnd {
  readonly finishedAt: Date;
  readonly state: 'done' | 'failed';
  readonly reason: string | null;
  readonly rows: number | null;
  /** Of both objects as stored. */
  readonly bytes: number | null;
}

export interface RunsBefore {
  /** Still `running` under an older fence: their holder died or stalled; nobody was told yet. */
  readonly died: readonly RunStart[];
  /**
   * The last few runs without a backup, of the last two days, those that died among them: what they
   * left is swept without waiting.
   */
  readonly dead: readonly BackupName[];
}

export interface BackupRequest {
  readonly id: number;
  /** Telegram ids of who asked, and of the message that shows the progress. */
  readonly requestedBy: number;
  readonly chatId: number;
  readonly messageId: number | null;
  readonly requestedAt: Date;
  /** How often its run was begun (runs by command with its time). */
  readonly attempts: number;
}

export interface Ledger {
  /** Number of the last migration; undefined where there is no migrations table. */
  schemaVersion(): Promise<number | undefined>;
  /** Takes the lease when it is free, or its holder has let it expire or is known to be dead. */
  acquire(holder: string, ttlMs: number): Promise<LeaseAnswer>;
  /**
   * Extends the lease; false when another holder has taken it since: then nothing more may be
   * published.
   * @param stored what is about to be published; from then on its SHA-256 is known to the database
   */
  renew(fence: number, ttlMs: number, stored?: StoredFile): Promise<boolean>;
  /** Frees the lease if it is still ours. */
  release(fence: number): Promise<void>;
  /**
   * SHA-256 of the manifest that the run of this name was about to publish; undefined: it did not
   * come so far, or nobody wrote it down.
   */
  published(name: BackupName): Promise<string | undefined>;
  /**
   * Those of `names` that a run was ever begun under (a name belongs to one attempt for ever), with
   * what set it off.
   */
  triggers(names: readonly BackupName[]): Promise<ReadonlyMap<BackupName, string>>;
  /** Records a begun run, and tells what became of those before it. Changes nothing about them. */
  begin(run: RunStart): Promise<RunsBefore>;
  /**
   * Those of `names` whose run was begun under an older fence and made no backup: it can never
   * publish any more.
   */
  outdated(names: readonly BackupName[], fence: number): Promise<BackupName[]>;
  /**
   * Records how a run ended; one that made a backup stays `done`, and of one that failed no SHA-256
   * is known any more. Returns whether another run had taken it for dead, and told the owners so.
   */
  end(name: BackupName, end: RunEnd): Promise<boolean>;
  /**
   * The run begun last that made a backup; later ones than `now` are of a clock that ran ahead, and
   * count as none.
   */
  newestDone(now: Date): Promise<RunStart | undefined>;
  /**
   * The last run on record that made a backup after the run `name` did, though its clock says that
   * it was before it: the fences of leases are counted, whatever clocks say. Safety backups of
   * restores are left out.
   */
  madeAfter(name: BackupName): Promise<RunStart | undefined>;
  /** Has the change log forget what a verified backup holds (changes/trim.ts): one transaction. */
  coverChanges(statements: readonly Statement[]): Promise<void>;
  /** Remembers which change files are gone from the bucket: `/healthz` tells it. */
  loseChanges(lost: LostChanges): Promise<void>;
  /** The run begun last, however it ended. */
  lastBegun(): Promise<RunStart | undefined>;
}

/** Requests of admins that must be answered even when the process that took them dies. */
export interface RequestLedger {
  /** Oldest first. One of a clock that ran ahead counts as made `now`. */
  openRequests(now: Date): Promise<BackupRequest[]>;
  closeRequest(id: number, at: Date): Promise<void>;
}

/**
 * Stands in for a database without our tables. Runs are not exclusive then, and need not be: every
 * run writes objects of its own names and refuses names that exist: of two in the same second one
 * fails, and removes nothing but its own.
 */
export const noLedger: Ledger = {
  schemaVersion: async () => undefined,
  acquire: async () => ({ kind: 'absent' }),
  renew: async () => true,
  release: async () => {},
  published: async () => undefined,
  triggers: async () => new Map(),
  begin: async () => ({ died: [], dead: [] }),
  outdated: async () => [],
  end: async () => false,
  newestDone: async () => undefined,
  madeAfter: async () => undefined,
  coverChanges: async () => {},
  loseChanges: async () => {},
  lastBegun: async () => undefined,
};
