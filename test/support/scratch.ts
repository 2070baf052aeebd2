/**
 * Where the files of a test run are: in memory where the machine has the room (most tests wait for
 * a disk to say that a commit is safe, which none of them looks at), else in the system's own
 * directory. What compiling our sources costs is paid by the first process that loads them, not by
 * each.
 */
import { chmodSync, mkdtempSync, readdirSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { isOfDeadProcess, PROCESS_MARK } from '../../src/lib/disk/process-mark.ts';

const CACHE = fileURLToPath(new URL('../../node_modules/.cache/compiled', import.meta.url));
const MEMORY = '/dev/shm';
/** Several times what a run was seen to hold at once. */
const ROOM = 2 ** 30;
const NAME = /^anime-tests-([0-9a-f]{8}-\d+)-/;

export default function setup(): () => void {
  process.env['NODE_COMPILE_CACHE'] ??= CACHE;
  const parent = hasRoom() ? MEMORY : tmpdir();
  for (const name of readdirSync(parent)) if (isLeft(name)) remove(join(parent, name));
  const directory = mkdtempSync(join(parent, `anime-tests-${PROCESS_MARK}-`));
  // As the system's own: some tests are another user for a while.
  chmodSync(directory, 0o1777);
  // os.tmpdir() asks for them at every call: POSIX, Windows. Workers inherit them.
  for (const name of ['TMPDIR', 'TEMP', 'TMP']) process.env[name] = directory;
  return () => remove(directory);
}

/** A directory somebody chose stays chosen. */
function hasRoom(): boolean {
  if (process.env['TMPDIR'] !== undefined) return false;
  try {
    const { bavail, bsize } = statfsSync(MEMORY);
    return bavail * bsize > ROOM && process.availableMemory() > 4 * ROOM;
  } catch {
    return false;
  }
}

/** What a run that was killed left. */
function isLeft(name: string): boolean {
  const [, mark] = NAME.exec(name) ?? [];
  return mark !== undefined && isOfDeadProcess(mark);
}

function remove(path: string): void {
  rmSync(path, { recursive: true, force: true, maxRetries: 10 });
}
