/** Names, durability and errors of the directory store. Node only (node:fs). */
import type * as nodeFs from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import {
  brokenLink,
  MOUNT,
  makeDirectory as makeMissing,
  syncDirectory,
  unfitPlace,
} from '../../lib/disk/directories.ts';
import { ObjectExists, StoreError } from './types.ts';

/** What the store does to files; a parameter so that tests can fill the disk and break it. */
export interface FileSystem
  extends Pick<typeof nodeFs, 'link' | 'lstat' | 'mkdir' | 'open' | 'readdir' | 'rename' | 'rm'> {
  /** Blocks that are free for us, and their size. */
  statfs(path: string): Promise<{ readonly bavail: number; readonly bsize: number }>;
}

export interface DirectoryTools {
  readonly root: string;
  readonly fs: FileSystem;
  /** The file of a key. @throws RangeError for one that would leave the directory or hide in it */
  readonly path: (key: string) => string;
}

/** `.name.<id>.partial`, beside the file it will become: a rename never crosses file systems. */
export function temporaryName(name: string, id: string): string {
  return `.${name}.${id}.partial`;
}

export function isTemporary(name: string): boolean {
  return name.startsWith('.') && name.endsWith('.partial');
}

/** The key that an unfinished file would have become. */
export function keyOfTemporary(key: string): string {
  const slash = key.lastIndexOf('/') + 1;
  return key.slice(0, slash) + key.slice(slash).replace(/^\.(.*)\.[^.]*\.partial$/, '$1');
}

/** Makes a directory and its missing parents, all durable. */
export async function makeDirectory(fs: FileSystem, path: string): Promise<void> {
  const made = await makeMissing(path, (missing, options) => fs.mkdir(missing, options));
  if (made === undefined) return;
  // Absolute: upwards from a relative path there is `.` and again `.`, for ever.
  const first = resolve(made);
  for (let child = resolve(path); ; child = dirname(child)) {
    await syncDirectory(dirname(child), fs.open);
    if (child === first || dirname(child) === child) return;
  }
}

export function isMissing(error: unknown): boolean {
  return codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR';
}

export function isTaken(error: unknown): boolean {
  return codeOf(error) === 'EEXIST';
}

/** Why the directory itself cannot be there, for people; undefined where it is, or is yet to be. */
export function placeFault(root: string): string | undefined {
  const link = brokenLink(root);
  return link === undefined ? unfitPlace(root) : `${link}: ${MOUNT}`;
}

/** `what` names the operation: `writing "backups/x" after 12,345 bytes`. */
export async function translateFsError(tools: DirectoryTools, error: unknown, what: string): Promise<Error> {
  if (error instanceof StoreError || error instanceof ObjectExists || error instanceof RangeError)
    return error;
  const fault = isMissing(error) || isTaken(error) ? placeFault(tools.root) : undefined;
  if (fault !== undefined)
    return new StoreError(`directory ${tools.root}: ${what} failed: ${fault}`, {
      retryable: false,
      cause: error,
    });
  const code = codeOf(error);
  const reason = code === '' && error instanceof Error ? error.message : code;
  const advice = await adviceFor(tools, code, error);
  return new StoreError(`directory ${tools.root}: ${what} failed: ${reason}${advice}`, {
    isDenied: code === 'EACCES' || code === 'EPERM',
    // Too many open files, or an interrupted call: the next try may find a free descriptor.
    retryable: ['EMFILE', 'ENFILE', 'EAGAIN', 'EINTR', 'EBUSY'].includes(code),
    cause: error,
  });
}

async function adviceFor(tools: DirectoryTools, code: string, error: unknown): Promise<string> {
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return ` (disk full: ${await freeBytes(tools)}); make room there, or shorten the retention`;
  }
  if (code === 'EMFILE' || code === 'ENFILE')
    return '; this process can hold no more files open: raise the limit (ulimit -n; LimitNOFILE= of a service)';
  if (code === 'EROFS') return '; the disk is mounted read-only: mount it writable, or use another place';
  if (code === 'EACCES' || code === 'EPERM')
    return `; give the bot's user the right to ${pathOf(error) ?? tools.root} (chown, chmod)`;
  return '';
}

async function freeBytes(tools: DirectoryTools): Promise<string> {
  try {
    const { bavail, bsize } = await tools.fs.statfs(tools.root);
    return `${(bavail * bsize).toLocaleString('en')} bytes free`;
  } catch (error) {
    return `free space unknown, ${codeOf(error)}`;
  }
}

function pathOf(error: unknown): string | undefined {
  return error instanceof Error && 'path' in error && typeof error.path === 'string' ? error.path : undefined;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
