/** A database of SQLite is up to four files. Node only. */
import { rmSync } from 'node:fs';

/** What stands beside a database. An old one beside a new file would be replayed into it. */
export const JOURNALS: readonly string[] = ['-wal', '-shm', '-journal'];

/** Of a copy that nobody else uses. */
export function removeDatabaseFile(path: string): void {
  for (const suffix of ['', ...JOURNALS]) rmSync(path + suffix, { force: true });
}
