/**
 * Lets writes wait, without blocking the event loop, while another process of ours holds the write
 * lock for longer than a moment.
 */
import type { Database } from '../database.ts';

export interface HeldWrites {
  readonly db: Database;
  /** Writes wait until the returned function is called; reads do not. */
  hold(): () => void;
}

/** @param requireOurs throws when the database became another host's: then nothing is written */
export function holdWrites(db: Database, requireOurs: () => void = () => {}): HeldWrites {
  const holders = new Set<Promise<void>>();
  return {
    db: {
      read: (queries) => db.read(queries),
      async write(statements) {
        while (holders.size > 0) await Promise.all(holders);
        requireOurs();
        return db.write(statements);
      },
      get roundTrips() {
        return db.roundTrips;
      },
      close: () => db.close(),
    },
    hold() {
      const { promise, resolve } = Promise.withResolvers<void>();
      holders.add(promise);
      return () => {
        holders.delete(promise);
        resolve();
      };
    },
  };
}
