/** The bucket as a directory on this machine. Node only (node:fs). */
import { constants, existsSync, type Stats } from 'node:fs';
import * as nodeFs from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { syncDirectory } from '../../lib/disk/directories.ts';
import type { HeadLastWriter } from '../model/model.ts';
import {
  type DirectoryTools,
  type FileSystem,
  isMissing,
  isTemporary,
  keyOfTemporary,
  placeFault,
  translateFsError,
} from './directory-files.ts';
import { DirectoryUpload } from './directory-upload.ts';
import { pageOf, type Store, type StoredObject, type WrittenObject } from './types.ts';

export interface DirectoryOptions {
  readonly fs?: FileSystem;
}

/** One read from disk: so large that system calls do not count, small beside the memory limit. */
const READ_BYTES = 256 * 1024;

/**
 * An object is a regular file: behind a link may be any file of this machine. A pipe would keep the
 * opening waiting.
 */
const OPEN_FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/**
 * Opens the directory, which is made at the first write. Keys are paths below it (`backups/x`).
 * Objects appear by link or rename after fsync of file and directory: a power cut leaves either the
 * whole object or a temporary name that {@link Store.sweep} removes.
 */
export function createDirectoryStore(root: string, options: DirectoryOptions = {}): Store {
  const tools: DirectoryTools = {
    root,
    fs: options.fs ?? nodeFs,
    path: (key) => join(root, ...segmentsOf(key)),
  };
  return {
    kind: 'directory',
    description: `directory ${root}`,
    pathOf: tools.path,
    isAbsent: () => !existsSync(root),
    async create(key, { headLength }): Promise<HeadLastWriter<WrittenObject>> {
      return DirectoryUpload.open(tools, key, headLength, 'createOnly');
    },
    async put(key, body, { createOnly = false } = {}) {
      const upload = await DirectoryUpload.open(tools, key, 0, createOnly ? 'createOnly' : 'replace');
      try {
        await upload.write(body);
        await upload.close(new Uint8Array(0));
      } catch (error) {
        await upload.abort(error);
        throw error;
      }
    },
    get: (key) => get(tools, key),
    async head(key) {
      const stats = await statFile(tools, key);
      return stats && { key, bytes: stats.size, modified: stats.mtime };
    },
    blocked: (prefix) => blocked(tools, prefix),
    list: async (prefix, page) => pageOf(await list(tools, prefix, page?.after), page?.after),
    async delete(keys) {
      const gone: string[] = [];
      const remaining: string[] = [];
      for (const key of keys) ((await deleteOne(tools, key)) ? gone : remaining).push(key);
      return { gone, remaining };
    },
    sweep: (prefix, olderThan) => sweep(tools, prefix, olderThan),
    signedUrl: async () => undefined,
  };
}

function segmentsOf(key: string): string[] {
  const segments = key.split('/');
  const bad = segments.some(
    (segment) =>
      segment === '' || segment === '.' || segment === '..' || /[\\\0]/.test(segment) || isTemporary(segment),
  );
  if (bad) throw new RangeError(`not a key: ${JSON.stringify(key)}`);
  return segments;
}

async function statFile(tools: DirectoryTools, key: string): Promise<Stats | undefined> {
  try {
    const stats = await tools.fs.lstat(tools.path(key));
    return stats.isFile() ? stats : undefined;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw await translateFsError(tools, error, `looking at ${JSON.stringify(key)}`);
  }
}

async function get(tools: DirectoryTools, key: string): ReturnType<Store['get']> {
  const what = `reading ${JSON.stringify(key)}`;
  if ((await statFile(tools, key)) === undefined) return undefined;
  const file = await tools.fs.open(tools.path(key), OPEN_FLAGS).catch(async (error: unknown) => {
    throw await translateFsError(tools, error, what);
  });
  const { size } = await file.stat().catch(async (error: unknown) => {
    await Promise.allSettled([file.close()]);
    throw await translateFsError(tools, error, what);
  });
  let position = 0;
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const buffer = new Uint8Array(Math.min(READ_BYTES, size - position));
          const { bytesRead } =
            size === position ? { bytesRead: 0 } : await file.read(buffer, 0, buffer.length, position);
          if (bytesRead === 0 && position < size)
            throw new Error(`the file ends at byte ${position} of ${size}`);
          position += bytesRead;
          if (bytesRead > 0) controller.enqueue(buffer.subarray(0, bytesRead));
          if (position < size) return;
          await file.close();
          controller.close();
        } catch (error) {
          await file.close();
          controller.error(await translateFsError(tools, error, what));
        }
      },
      cancel: () => file.close(),
    },
    { highWaterMark: 0 },
  );
  return { bytes: size, body };
}

async function list(tools: DirectoryTools, prefix: string, after?: string): Promise<StoredObject[]> {
  const objects: StoredObject[] = [];
  for await (const { key, name, stats } of walk(tools, prefix, after)) {
    if (!isTemporary(name) && key.startsWith(prefix))
      objects.push({ key, bytes: stats.size, modified: stats.mtime });
  }
  return objects.sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** In the directory of the prefix alone: a run's names have no other. */
async function blocked(tools: DirectoryTools, prefix: string): Promise<string[]> {
  const above = prefix.slice(0, prefix.lastIndexOf('/') + 1);
  const start = above === '' ? tools.root : tools.path(above.replace(/\/$/, ''));
  try {
    const entries = await tools.fs.readdir(start, { withFileTypes: true });
    return entries
      .filter((entry) => !entry.isFile())
      .map(({ name }) => `${above}${name}`)
      .filter((key) => key.startsWith(prefix));
  } catch (error) {
    if (isMissing(error)) return [];
    throw await translateFsError(tools, error, `listing ${JSON.stringify(prefix)}`);
  }
}

async function sweep(tools: DirectoryTools, prefix: string, olderThan: Date): Promise<number> {
  let count = 0;
  for await (const { key, name, stats } of walk(tools, prefix)) {
    if (!isTemporary(name) || !keyOfTemporary(key).startsWith(prefix) || stats.mtime >= olderThan) continue;
    await tools.fs.rm(join(tools.root, ...key.split('/')), { force: true }).catch(async (error: unknown) => {
      throw await translateFsError(tools, error, `removal of ${JSON.stringify(key)}`);
    });
    count++;
  }
  return count;
}

/**
 * Every file that may be below the prefix, temporaries included; one that vanishes meanwhile is
 * left out.
 */
async function* walk(
  tools: DirectoryTools,
  prefix: string,
  after = '',
): AsyncGenerator<{ key: string; name: string; stats: Stats }> {
  const directory = prefix.slice(0, prefix.lastIndexOf('/') + 1).replace(/\/$/, '');
  const start = directory === '' ? tools.root : tools.path(directory);
  try {
    const entries = await tools.fs.readdir(start, { recursive: true, withFileTypes: true });
    for (const entry of entries) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      const key = path.slice(join(tools.root, sep).length).split(sep).join('/');
      // Change files are many, and each look at one is a call of the system.
      if (!isTemporary(entry.name) && (!key.startsWith(prefix) || key <= after)) continue;
      const stats = await tools.fs.lstat(path).catch((error: unknown) => {
        if (isMissing(error)) return undefined;
        throw error;
      });
      if (stats?.isFile() === true) yield { key, name: entry.name, stats };
    }
  } catch (error) {
    if (isMissing(error) && placeFault(tools.root) === undefined) return;
    throw await translateFsError(tools, error, `listing ${JSON.stringify(prefix)}`);
  }
}

async function deleteOne(tools: DirectoryTools, key: string): Promise<boolean> {
  const path = tools.path(key);
  try {
    await tools.fs.rm(path, { force: true });
    await syncDirectory(dirname(path), tools.fs.open);
    return (await statFile(tools, key)) === undefined;
  } catch (error) {
    // Without its directory there is no key, nor an entry to make durable.
    if (isMissing(error)) return true;
    throw await translateFsError(tools, error, `removal of ${JSON.stringify(key)} from ${dirname(path)}`);
  }
}
