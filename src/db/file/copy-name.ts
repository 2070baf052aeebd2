/**
 * Names of copies that a snapshot is read from or a journal is tried on, and what killed processes
 * left of them. Node only.
 */
import { randomUUID } from 'node:crypto';
import { readdirSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isMarkOfDead, processMark } from './lock-text.ts';

const COPY_MARK = '.snapshot-';
/**
 * The mark of its process (none in older programs), what {@link randomUUID} makes, and SQLite's
 * journals; any other is a person's file.
 */
const COPY_ID =
  /^(?:([0-9a-f]{16}-\d+-\d+)-)?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?:-journal|-wal|-shm)?$/;
/**
 * A copy has its name while SQLite writes it. One of a process that may live is debris after this
 * time.
 */
const DEBRIS_MS = 3_600_000;

/** A fresh one beside the database. */
export function copyName(path: string): string {
  const mark = processMark();
  return `${path}${COPY_MARK}${mark === undefined ? '' : `${mark}-`}${randomUUID()}`;
}

/**
 * Removes copies of surely dead processes, and those too old to be under way. Never throws:
 * leftovers harm nobody.
 */
export function removeOldCopies(path: string): void {
  const directory = dirname(path);
  const start = basename(path) + COPY_MARK;
  for (const name of namesIn(directory)) {
    const [id, mark] = (name.startsWith(start) && COPY_ID.exec(name.slice(start.length))) || [];
    if (id === undefined) continue;
    const file = join(directory, name);
    try {
      const changed = statSync(file).mtimeMs;
      if ((mark !== undefined && isMarkOfDead(mark)) || changed < Date.now() - DEBRIS_MS) rmSync(file);
    } catch {
      // Gone meanwhile, or not ours to remove.
    }
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
