/**
 * Makes sure that nobody else has a database file open: "one file is one database" rests on it.
 * SQLite leaves WAL mode for a sole user only, whatever process, container or name (a hard link)
 * the other users came by. Node only.
 */
import { existsSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import Database from 'libsql';

/** How long one try waits for a lock; the next try waits for one that was held for a moment. */
const BUSY_MS = 50;

/**
 * Checkpoints the write-ahead log, leaves WAL mode, and keeps the file locked until released, so
 * that whoever opens it meanwhile waits. libsql's binding closes a connection only when its
 * statements are collected as garbage, so we help our own closed ones to end.
 * @throws what SQLite said at the last of `tries`: another connection has the file open, or it is
 * no database.
 */
export async function holdAlone(path: string, tries: number): Promise<() => void> {
  for (let attempt = 1; ; attempt += 1) {
    const db = new Database(path, { timeout: BUSY_MS });
    try {
      // `exec` leaves no statement that would hold the file.
      db.exec('PRAGMA journal_mode = DELETE');
      if (existsSync(`${path}-wal`)) throw new Error(`${path} stays in WAL mode`);
      db.exec('BEGIN EXCLUSIVE');
      return () => {
        db.exec('ROLLBACK');
        db.close();
      };
    } catch (error) {
      db.close();
      if (attempt === tries) throw error;
    }
    await collectGarbage();
  }
}

/** Finalizers run some turns of the loop after the collection that found them. */
async function collectGarbage(): Promise<void> {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect === 'function') collect();
  await new Promise((resolve) => setTimeout(resolve, 20));
}
