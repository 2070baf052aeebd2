/**
 * Whether the database takes writes (a full disk, a lock without end, a quota): remembered in this process, for where it does not there is
 * no other place. An answer is sent before its commit; without this memory each redelivery would send it again.
 */
import { type Database, DatabaseUnavailable, sql } from './database.ts';

export interface WriteTrouble {
  readonly since: Date;
  readonly reason: string;
}

export interface WatchedWrites {
  readonly db: Database;
  /** Since the last write that was taken. */
  trouble(): WriteTrouble | undefined;
  /** The turn of this update was begun, and what it did could not be saved. */
  noteUnsaved(updateId: number): void;
  /** False: it was begun before, and still nothing can be saved. One round trip for such an update, none for others. */
  mayBegin(updateId: number): Promise<boolean>;
  /** Writes something that changes nothing else. */
  probe(): Promise<boolean>;
}

/** More updates than this wait only where nobody can be answered anyway; the oldest may see its answer once more. */
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
