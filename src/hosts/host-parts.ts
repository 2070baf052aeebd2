/** What a host is made of, and what it does. */
import type { Api } from 'grammy';
import type { Update, UserFromGetMe } from 'grammy/types';
import type { Hono } from 'hono';
import type { Trigger } from '../backup/catalog/manifest.ts';
import type { BackupEngine } from '../backup/engine.ts';
import type { BackupOutcome } from '../backup/run/outcome.ts';
import type { BackupRequestOptions } from '../backup/run/run.ts';
import type { Hearing } from '../bot/hearing.ts';
import type { Delivery, Outcome } from '../bot/outcome.ts';
import type { Services } from '../bot/services.ts';
import type { Database } from '../db/database.ts';
import type { LastStored } from '../db/lack-words.ts';
import type { TakeOver } from '../db/migrate.ts';
import type { Arrived } from '../http/app.ts';
import type { ChangeKeeper, Job, JobContext } from '../jobs/job.ts';
import type { Log } from '../lib/log.ts';
import type { Timer } from '../lib/silence.ts';
import type { Config } from '../settings/config.ts';

export interface HostParts {
  readonly config: Config;
  /** Absent: production. */
  readonly isOffline?: boolean;
  readonly webhookSecret: string | undefined;
  readonly db: Database;
  readonly api: Api;
  readonly me: UserFromGetMe;
  readonly backups: BackupEngine;
  readonly now: () => Date;
  readonly sleep: (milliseconds: number) => Promise<void>;
  readonly log: Log;
  /** What one tick may take: time, and requests to database and Bot API together. */
  readonly tickLimits: { readonly seconds: number; readonly requests: number };
  readonly after: NonNullable<Services['after']>;
  /** `ok`, or what is wrong with the disk of database and bucket; absent without one (Worker). */
  readonly disk?: () => Promise<string>;
  /** A request may wait for another's I/O; a Worker must not: workerd cancels it. */
  readonly sharesWork?: boolean;
  /** Ends the wait of `/healthz` for the bucket; the system's by default. */
  readonly healthTimer?: Timer;
  /** Whether somebody took the database file away; absent where there is none (Worker). */
  readonly isLost?: () => boolean;
  /** Names the backup command as people type it where the host runs; absent in a Worker. */
  readonly asCalled?: (text: string) => string;
  /** The second copy has a schedule of its own; otherwise every other tick begins with it. */
  readonly copiesApart?: boolean;
  /** Reads again some of what is stored, in the tick; absent where {@link lookBack} does. */
  readonly readBack?: Job;
  /** Reads again what is stored, behind each look at the second copy; absent in a Worker. */
  readonly lookBack?: (context: JobContext, holder: string) => Promise<void>;
  /** Serves download links; absent where the bucket makes its own (a Worker). */
  readonly download?: (asked: Download) => Promise<Response | undefined>;
  /** Looks at a stored file that could not be sent whole; absent in a Worker. */
  readonly suspect?: (file: string, reason: string, context: JobContext) => Promise<void>;
  /** Aborts when the host stops: a tick then begins nothing more. Absent in a Worker. */
  readonly stopping?: AbortSignal;
  /** Absent where updates come by neither webhook nor polling (tests). */
  readonly hearing?: Hearing;
  /** Absent where there is no disk (Worker). */
  readonly importUpload?: Services['importUpload'];
  readonly moments?: Services['moments'];
  readonly background?: Services['background'];
  readonly rescued?: Services['rescued'];
  /** What is recorded and shipped between two full backups; absent: nothing is (tests). */
  readonly changes?: ChangeKeeper & {
    /** A timer of the host ships, not the tick. */
    readonly hasTimer: boolean;
  };
  /** Names a tick and its process in the leases of jobs; absent in a Worker. */
  readonly jobHolder?: () => string;
  /** Before the first table of an empty database. @throws when it is not to be begun */
  readonly beforeFirst?: (() => Promise<void>) | undefined;
  /** What change files reach, for a database that is not whole; absent in a Worker. */
  readonly lastStored?: () => Promise<LastStored | undefined>;
  /** How an old bot's database becomes this bot's; absent in a Worker. */
  readonly takeOver?: TakeOver;
}

export interface Download {
  readonly request: Request;
  readonly arrived: Arrived;
  readonly isAdmin: (userId: number) => Promise<boolean>;
  /** To be called of a file that could not be sent whole. Never rejects. */
  readonly suspect: (file: string, reason: string) => Promise<void>;
}

export interface Host {
  readonly app: Hono<{ Bindings: Arrived }>;
  /**
   * Brings the schema up to date, once; the next caller repeats a failed attempt. `waits`: for a
   * run that is in the way of the backup before a migration (nobody repeats a start; Telegram
   * repeats an update).
   */
  ready(options?: { readonly waits: boolean }): Promise<void>;
  receive(update: Update, delivery?: Delivery): Promise<Outcome>;
  runBackup(
    trigger: Trigger,
    scheduledAt: Date,
    options?: Pick<BackupRequestOptions, 'unlessYoungerThanMs' | 'ofTimeline' | 'signal'>,
  ): Promise<BackupOutcome>;
  /** Runs the jobs once. */
  tick(): Promise<void>;
  /** A slice of the second copy, where {@link HostParts.copiesApart}, and a look back. */
  copyBackups(): Promise<void>;
  /** What the tick does with changes, for a timer of the host. */
  shipChanges(): Promise<void>;
}
