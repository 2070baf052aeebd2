/** What the host gives to the bot: the same for every update. */
import type { Api } from 'grammy';
import type { UserFromGetMe } from 'grammy/types';
import type { Reminder } from '../backup/changes/went-on.ts';
import type { BackupEngine } from '../backup/engine.ts';
import type { ImportUpload } from '../backup/import/open-bytes.ts';
import type { Moments } from '../backup/restore/moments.ts';
import type { Database } from '../db/database.ts';
import type { WatchedWrites } from '../db/watched-writes.ts';
import type { Log } from '../lib/log.ts';
import type { LocaleName } from '../settings/config.ts';

/** A file beside the database: when it was made (ms since 1970), and how to take it. */
export interface Rescued {
  readonly at: number;
  readonly how: string;
}

export interface Services {
  /** {@link WatchedWrites.db} */
  readonly db: Database;
  readonly writes: WatchedWrites;
  readonly api: Api;
  readonly me: UserFromGetMe;
  readonly ownerIds: readonly number[];
  readonly defaultLocale: LocaleName;
  /** In which people read times; left out: the default one. */
  readonly timeZone?: string;
  readonly now: () => Date;
  readonly log: Log;
  readonly backups: BackupEngine;
  /** CHANGES; left out: nobody keeps changes (tests). */
  readonly recordsChanges?: boolean | undefined;
  /** What a running bot rescued of the database and nobody missed yet; a Worker has no disk. */
  readonly rescued?: ((reminder: Reminder) => Rescued | undefined) | undefined;
  /** Until then it is no sign of anything that no tick was seen: the process has just begun. */
  readonly firstTickBy?: Date | undefined;
  /**
   * Imports a file that an admin sent, in a process of its own; a Worker has none, and imports by
   * itself.
   */
  readonly importUpload?: ImportUpload | undefined;
  /** The database of a moment, where a process can make it and a key opens backups. */
  readonly moments?: Moments | undefined;
  /**
   * Work that goes on after its update was handled, where there is a process to do it: Node. It
   * ends when the host stops.
   */
  readonly background?: ((work: (signal: AbortSignal) => Promise<void>) => void) | undefined;
  /**
   * Does something a moment after the answer (`waitUntil` on the Worker, a timer on Node). Only for
   * what the tick would do a little later anyway: it may never happen.
   */
  readonly after?: (milliseconds: number, work: () => Promise<void>) => void;
}
