/** Makes missing directories and durable entries, knows places where none can be. Node only. */
import { lstatSync, mkdirSync, readlinkSync, statfsSync, statSync } from 'node:fs';
import { mkdir as nodeMkdir, open as nodeOpen } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { giveDirectory } from './ownership.ts';

type Mkdir = (path: string, options: { readonly mode: number }) => Promise<unknown>;

/**
 * Makes a directory and its missing parents, for this user alone; those made by root go to the
 * owner of the one above. Does not use mkdir's `recursive`: Node tries for ever where the system
 * denies a directory that is there (`mkdir /proc/x`). Returns the first one made.
 */
export async function makeDirectory(path: string, mkdir: Mkdir = nodeMkdir): Promise<string | undefined> {
  const missing = missingOf(path);
  for (const directory of missing) {
    await mkdir(directory, { mode: 0o700 }).then(() => giveDirectory(directory), bearOthers(directory));
  }
  return missing[0];
}

/** Makes a directory's entries durable. Windows cannot open one, and orders its journal itself. */
export async function syncDirectory(path: string, open: typeof nodeOpen = nodeOpen): Promise<void> {
  if (process.platform === 'win32') return;
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** {@link makeDirectory}, synchronous. */
export function makeDirectorySync(path: string): void {
  for (const directory of missingOf(path))
    try {
      mkdirSync(directory, { mode: 0o700 });
      giveDirectory(directory);
    } catch (error) {
      bearOthers(directory)(error);
    }
}

/**
 * The system's own file systems, by their number (linux/magic.h): proc, sysfs, cgroup, cgroup2,
 * devpts, debugfs, tracefs, securityfs, bpf.
 */
const NO_FILES = new Set([
  0x9fa0, 0x62656572, 0x27e0eb, 0x63677270, 0x1cd1, 0x64626720, 0x74726163, 0x73636673, 0xcafe4a11,
]);

/**
 * Why no file can be in the directory that is, or would be, at `path`; undefined when nothing
 * speaks against it.
 */
export function unfitPlace(path: string): string | undefined {
  const place = nearest(path);
  if (!isDirectory(place)) return `${place} is no directory, so nothing can be kept in ${path}`;
  if (!NO_FILES.has(statfsSync(place).type)) return undefined;
  return `${place} is the system's own and takes no files: choose a directory on a disk`;
}

/**
 * The link on the way to `path`, or at its end, that leads nowhere, for people: so looks a place on
 * a disk that is not mounted. Undefined where there is none; a place that merely is not there yet
 * has none.
 */
export function brokenLink(path: string): string | undefined {
  const place = nearest(path);
  for (let at = resolve(path); at !== place; at = dirname(at)) {
    const link = lstatSync(at, { throwIfNoEntry: false });
    if (link?.isSymbolicLink() === true) return `${at} is a link to ${readlinkSync(at)}, which is not there`;
  }
  return undefined;
}

/** What to do about a {@link brokenLink}. */
export const MOUNT = 'mount the disk that it leads to, or mend the link';

/** Outermost first; none when something is there. */
function missingOf(path: string): string[] {
  const place = nearest(path);
  const missing: string[] = [];
  for (let at = resolve(path); at !== place; at = dirname(at)) missing.unshift(at);
  // The attempt itself tells what is in the way.
  return missing.length === 0 && !isDirectory(place) ? [place] : missing;
}

/** The directory, or the existing part of the way to it. */
export function nearest(path: string): string {
  let at = resolve(path);
  while (at !== dirname(at) && !isThere(at)) at = dirname(at);
  return at;
}

function isThere(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    // Nothing can be below a file. What we cannot look at counts as there.
    return !(error instanceof Error && 'code' in error && error.code === 'ENOTDIR');
  }
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/** Another process may make the same directory at the same time. */
function bearOthers(directory: string): (error: unknown) => void {
  return (error) => {
    const isTaken = error instanceof Error && 'code' in error && error.code === 'EEXIST';
    if (!isTaken || !isDirectory(directory)) throw error;
  };
}
