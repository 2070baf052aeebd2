/** What shipping needs, and what may come of it. */
import type { Database, Statement } from '../../db/database.ts';
import type { DatabaseSchema, SnapshotSource } from '../model/model.ts';
import type { ChangeBucket } from './stored-change.ts';

export interface ShipContext extends ChangeBucket {
  readonly db: Database;
  readonly source: Pick<SnapshotSource, 'schema'>;
  /** Names this shipper in the lease. */
  readonly holder: string;
  readonly now: () => Date;
  readonly appVersion: string;
  /** Kept from one file to the next: each costs requests. */
  readonly memory: ShipMemory;
  /** Whether a {@link holder} is known to have ended; absent: nobody can tell. */
  readonly isDead?: (holder: string) => boolean;
  /** Most entries of a file; absent: the limit of a usual file. */
  readonly entries?: number;
  /**
   * Takes what forgets the entries of the last file, for a request that the caller makes anyway;
   * absent: it is a request of its own. Until then the file counts as an attempt that did not end.
   */
  readonly atEnd?: Statement[] | undefined;
  /** There is a second copy: it takes nothing but what the database remembers to have stored. */
  readonly isCopied?: boolean;
}

export interface ShipMemory {
  schema?: { readonly cookie: number; readonly schema: DatabaseSchema };
  /** The timeline whose full backup is sealed with the key that is set. */
  sameKey?: string;
}

export type ShipOutcome =
  | { readonly kind: 'idle' }
  | {
      readonly kind: 'shipped';
      /** Key without the prefix. */
      readonly file: string;
      readonly first: number;
      readonly last: number;
      readonly bytes: number;
      /** The file reached the end of the log. */
      readonly isEnd: boolean;
    }
  /** A full backup has to come first. */
  | {
      readonly kind: 'needs-base';
      readonly reason: string;
      /** Found just now: what nobody was told of. */
      readonly isNew?: boolean;
      /** Why nobody can look at the tables. */
      readonly error?: unknown;
    }
  /** Another shipper is at work, or was faster. */
  | { readonly kind: 'busy' }
  /** The next name is another database's file: this one is a copy, or another is a copy of it. */
  | { readonly kind: 'fork'; readonly file: string };
