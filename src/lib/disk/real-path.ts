/**
 * A database file by its real name: journals and locks stand beside the file, not beside a link to
 * it. Node only.
 */
import { readlinkSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

/** Links that lead to links; the system follows fewer (path_resolution(7)). */
const MOST_LINKS = 40;

/** Resolves symbolic links; a missing file stands where the links lead. */
export function realPath(path: string, links = MOST_LINKS): string {
  try {
    return realpathSync(path);
  } catch {
    const target = links > 0 ? targetOf(path) : undefined;
    if (target !== undefined) return realPath(resolve(dirname(path), target), links - 1);
    const directory = dirname(path);
    return links === 0 || directory === path
      ? resolve(path)
      : join(realPath(directory, links - 1), basename(path));
  }
}

function targetOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
