/**
 * A database file is used under one name. Its journal and its lock stand beside the name: under a
 * second one (a hard link) two programs would write at once, and a reader would miss what the
 * journal of the other holds. Node only.
 */
import { existsSync, rmSync, statSync } from 'node:fs';
import { realPath } from '../../lib/disk/real-path.ts';
import { mayBeOpenHere } from './open-here.ts';
import { holdAlone } from './sole-use.ts';

/**
 * A mere question must not replay what was not checkpointed. An empty log is what an earlier
 * question left.
 */
const LOGS = ['-wal', '-journal'];
/** Another command may hold the file for a moment. */
const TRIES = 3;

/**
 * That somebody uses the file under another name, in a sentence; the kernel's locks tell. Nobody
 * may use it under this one.
 */
export async function usedElsewhere(path: string): Promise<string | undefined> {
  const file = realPath(path);
  const stats = statSync(file, { throwIfNoEntry: false });
  if (stats?.isFile() !== true || stats.nlink < 2) return undefined;
  if (mayBeOpenHere(file) || LOGS.some((suffix) => sizeOf(file + suffix) > 0)) return undefined;
  const isBare = LOGS.every((suffix) => !existsSync(file + suffix));
  try {
    (await holdAlone(file, TRIES))();
    return undefined;
  } catch (error) {
    if (isBare && sizeOf(`${file}-wal`) === 0)
      for (const suffix of ['-wal', '-shm']) rmSync(file + suffix, { force: true });
    // Other faults of the file are told when it is opened.
    return error instanceof Error && /locked|WAL mode/.test(error.message)
      ? `database ${path} has a second name (a hard link), and is in use under it: stop what uses it, or give this one a copy of its own`
      : undefined;
  }
}

function sizeOf(name: string): number {
  return statSync(name, { throwIfNoEntry: false })?.size ?? 0;
}
