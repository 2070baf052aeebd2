/** A head-last writer to a file on disk: it has its name only when it is whole. Node only. */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { link, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { syncDirectory } from '../../lib/disk/directories.ts';
import { isLinkless } from '../../lib/disk/linkless.ts';
import { isOfDeadProcess, PROCESS_MARK } from '../../lib/disk/process-mark.ts';
import { naming, writeAll } from '../../lib/disk/write-all.ts';
import type { HeadLastWriter } from '../model/model.ts';
import { ObjectExists } from './types.ts';

/**
 * Opens `path` through a temporary name beside it, which no other writer has; what writers that
 * died left of the same file is removed. With `replace` an existing file gives way when the new one
 * is whole; otherwise it is refused, at once and again at the end.
 */
export async function createFileWriter(
  path: string,
  options: { readonly headLength: number; readonly replace: boolean },
): Promise<HeadLastWriter> {
  const temporary = `${path}.${PROCESS_MARK}-${randomBytes(4).toString('hex')}.part`;
  if (!options.replace && existsSync(path)) throw alreadyThere(path);
  await removeDead(path);
  const file = await naming(path, () => open(temporary, 'wx', 0o600));
  let position = options.headLength;
  /** A new file that has its name, although `close` may still fail. */
  let hasAppeared = false;
  let isClosed = false;
  return {
    async write(chunk) {
      await naming(path, () => writeAll(file, chunk, position));
      position += chunk.byteLength;
    },
    async close(head) {
      if (position > options.headLength && head.byteLength !== options.headLength)
        throw new RangeError(`the head of ${path} has ${head.byteLength} bytes, not ${options.headLength}`);
      await naming(path, async () => {
        await writeAll(file, head, 0);
        await file.sync();
        await file.close();
      });
      if (options.replace) await rename(temporary, path);
      else {
        await appear(temporary, path);
        hasAppeared = true;
      }
      await rm(temporary, { force: true });
      await syncDirectory(dirname(path));
      isClosed = true;
    },
    async abort() {
      if (isClosed) return;
      await Promise.allSettled([file.close()]);
      const traces = hasAppeared ? [temporary, path] : [temporary];
      await Promise.allSettled(traces.map((trace) => rm(trace, { force: true })));
    },
  };
}

const TEMPORARY = /^\.([0-9a-f]{8}-\d+)-[0-9a-f]{8}\.part$/;

async function removeDead(path: string): Promise<void> {
  const [directory, name] = [dirname(path), basename(path)];
  // A directory that is not there is told by the opening.
  for (const other of await readdir(directory).catch(() => [])) {
    const [, mark] = (other.startsWith(name) && TEMPORARY.exec(other.slice(name.length))) || [];
    if (mark !== undefined && isOfDeadProcess(mark)) await rm(join(directory, other), { force: true });
  }
}

/**
 * A link is refused when the name exists; a rename would replace it, and is for disks that cannot
 * link (a USB stick).
 */
async function appear(temporary: string, path: string): Promise<void> {
  try {
    await link(temporary, path);
  } catch (cause) {
    if (existsSync(path)) throw alreadyThere(path);
    if (!isLinkless(cause)) throw cause;
    await rename(temporary, path);
  }
}

function alreadyThere(path: string): ObjectExists {
  return new ObjectExists(`${path} exists and is left as it is: --yes replaces it`);
}
