/**
 * Whether the database takes writes (a full disk, a lock without end, a quota). This process
 * remembers it, since there is no other place. An answer goes out before its commit; without this
 * memory each redelivery would send it again.
 */
import { type Database, DatabaseUnavailable, sql } from './database.ts';

export interface WriteTrouble {
  readonly since: Date;
  readonly reason: string;
}

export interface WatchedWrites {
  readonly db: Database;
  /** Since the last successful write. */
  trouble(): WriteTrouble | undefined;
  /** This update's turn began, and its writes could not be saved. */
  noteUnsaved(updateId: number): void;
  /**
   * False: it began before, and still nothing can be saved. Such an update costs one round trip,
   * others none.
   */
  mayBegin(updateId: number): Promise<boolean>;
  /** Writes something that changes nothing else. */
  probe(): Promise<boolean>;
}

/**
 * More updates than this wait only where nobody can be answered anyway; the oldest may see its
 * answer twice.
 */
const MOST_REMEMBERED = 10_000;

export function watchWrites(db: Database, now: () => Date): WatchedWrites {
  let trouble: WriteTrouble | undefined;
  const unsaved = new Set<number>();
  const watched: Database = {
    read: (queries) => db.read(queries),
    async write(statements) {
      try {
        const results = await db.write(statements);
        trouble = undefined;
        return results;
      } catch (error) {
        if (error instanceof DatabaseUnavailable) trouble ??= { since: now(), reason: error.message };
        throw error;
      }
    },
    get roundTrips() {
      return db.roundTrips;
    },
    close: () => db.close(),
  };
  const probe = async (): Promise<boolean> => {
    const mark = now().toISOString();
    try {
      await watched.write([
        sql(
          `INSERT INTO alerts (key, told_at) VALUES ('write-probe', ?)
           ON CONFLICT (key) DO UPDATE SET told_at = excluded.told_at`,
          mark,
        ),
      ]);
      return true;
    } catch (error) {
      return !(error instanceof DatabaseUnavailable);
    }
  };
  return {
    db: watched,
    trouble: () => trouble,
    noteUnsaved(updateId) {
      unsaved.add(updateId);
      for (const oldest of unsaved) {
        if (unsaved.size <= MOST_REMEMBERED) break;
        unsaved.delete(oldest);
      }
    },
    async mayBegin(updateId) {
      if (!unsaved.has(updateId)) return true;
      if (!(await probe())) return false;
      unsaved.delete(updateId);
      return true;
    },
    probe,
  };
}
