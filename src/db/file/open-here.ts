/**
 * The database files that this process itself has open. Opening and closing such a file by other
 * means ends the locks of its connections (sqlite.org/howtocorrupt.html 2.2), and libsql's binding
 * keeps connections for a while after their close. Node only.
 */
import { readdirSync, readlinkSync } from 'node:fs';
import { DatabaseUnavailable } from '../database.ts';
import type { FileWatch } from './in-place.ts';

const open = new Map<string, number>();
const watches = new Map<string, FileWatch>();
/** Closed, but not yet seen free: a connection may linger. */
const lingering = new Set<string>();

/** `file`: its real path. */
export function isOpenHere(file: string): boolean {
  return open.has(file);
}

/** Whether a connection of this process has the file open, or still may. */
export function mayBeOpenHere(file: string): boolean {
  return isOpenHere(file) || lingering.has(file) || hasDescriptor(file);
}

export function noteOpened(file: string): void {
  open.set(file, (open.get(file) ?? 0) + 1);
}

export function noteClosed(file: string): void {
  const left = (open.get(file) ?? 1) - 1;
  if (left === 0) {
    open.delete(file);
    watches.delete(file);
    lingering.add(file);
  } else open.set(file, left);
}

/** Whoever has the file open watches whether it stays in place. */
export function noteWatched(file: string, watch: FileWatch): void {
  watches.set(file, watch);
}

/**
 * Call before opening the file by its name. @throws DatabaseUnavailable when another file has taken
 * that name since
 */
export function requireInPlace(file: string): void {
  if (watches.get(file)?.look() !== undefined)
    throw new DatabaseUnavailable(`the database file ${file} was replaced while it was open`);
}

/** SQLite itself has said that nobody has the file open. */
export function noteFree(file: string): void {
  lingering.delete(file);
}

/** False where there is no /proc. */
function hasDescriptor(file: string): boolean {
  return filesOf('self').includes(file);
}

/** What a process has open; empty where there is no /proc, or the process is another user's. */
export function filesOf(pid: number | 'self'): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((name) => targetOf(`/proc/${pid}/fd/${name}`) ?? []);
  } catch {
    return [];
  }
}

function targetOf(link: string): string | undefined {
  try {
    return readlinkSync(link);
  } catch {
    // The descriptor of the listing itself.
    return undefined;
  }
}
