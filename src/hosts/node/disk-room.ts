/** Whether directories take writes: on a full or read-only disk reading goes on. Node only. */
import { access, constants, rm, statfs, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { brokenLink } from '../../lib/disk/directories.ts';
import { Silence, within } from '../../lib/silence.ts';
import { placesOnDisk } from '../../settings/buckets.ts';
import type { Config } from '../../settings/config.ts';

/** `stuck`: no answer within {@link PATIENCE_MS}, as of a network mount whose server is away. */
export type DiskState = 'ok' | 'full' | 'read-only' | 'unwritable' | 'stuck';

/** Questions to a disk. Errors carry the code of the system call. */
export interface DiskProbe {
  /** Bytes free for us; rejects with ENOENT where there is no such directory. */
  free(directory: string): Promise<number>;
  /** Writes a little and removes it. */
  write(directory: string): Promise<void>;
  /** Rejects when an existing file may not be written to. */
  file(path: string): Promise<void>;
}

/** Below this a small transaction may fail: its pages go to the log and to the file. */
const LEAST_FREE_BYTES = 1_048_576;
const PROBE_BYTES = 4_096;
const PATIENCE_MS = 5_000;

export const diskProbe: DiskProbe = {
  async free(directory) {
    const link = brokenLink(directory);
    if (link !== undefined) throw new Error(link);
    const { bavail, bsize } = await statfs(directory);
    return bavail * bsize;
  },
  async write(directory) {
    // The bucket takes it for an unfinished file: never listed, and swept if it stays.
    const path = join(directory, `.health.${process.pid}.partial`);
    try {
      await writeFile(path, new Uint8Array(PROBE_BYTES), { mode: 0o600, flush: true });
    } finally {
      await rm(path, { force: true }).catch(() => {});
    }
  },
  file: (path) => access(path, constants.W_OK),
};

export interface Places {
  /** Need not exist yet: then the nearest existing parent counts. */
  readonly directories: readonly string[];
  /** Files that are written in place. Opening one would end a database's locks, so nothing does. */
  readonly files: readonly string[];
}

/** The first trouble found. Never rejects. */
export async function checkDisks(
  { directories, files }: Places,
  probe: DiskProbe = diskProbe,
  patienceMs = PATIENCE_MS,
): Promise<DiskState> {
  const asked = [
    ...directories.map((directory) => checkDirectory(directory, probe)),
    ...files.map(async (path): Promise<DiskState> => {
      await probe.file(path);
      return 'ok';
    }),
  ];
  const states = await Promise.all(asked.map((state) => within(patienceMs, () => state).catch(stateOf)));
  return states.find((state) => state !== 'ok') ?? 'ok';
}

async function checkDirectory(directory: string, probe: DiskProbe): Promise<DiskState> {
  try {
    if ((await probe.free(directory)) < LEAST_FREE_BYTES) return 'full';
    await probe.write(directory);
    return 'ok';
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' || dirname(directory) === directory) throw error;
    return checkDirectory(dirname(directory), probe);
  }
}

function stateOf(error: unknown): DiskState {
  if (error instanceof Silence) return 'stuck';
  const code = codeOf(error);
  if (code === 'ENOENT') return 'ok';
  if (code === 'ENOSPC' || code === 'EDQUOT') return 'full';
  return code === 'EROFS' ? 'read-only' : 'unwritable';
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

/** Of the settings: where the database and the bucket are. */
export function placesOf({ database, bucket }: Config): Places {
  const file = database.kind === 'file' ? [database.path] : [];
  return { directories: [...file.map((path) => dirname(path)), ...placesOnDisk(bucket)], files: file };
}
