/** Unpacked backups hold people's data: none stays after a command, however it ends. Node only. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { isOfDeadProcess, PROCESS_MARK } from '../../lib/disk/process-mark.ts';

const NAME = /^anime-backup-([0-9a-f]{8}-\d+)-\w{6}$/;

/**
 * Gives this process a temporary directory of its own, below the system's. The process removes it
 * at its exit, so a sudden end (Ctrl-C, a crash) leaves nothing. First removes what killed
 * processes left.
 */
export function useOwnScratch(): void {
  const parent = tmpdir();
  for (const name of leftIn(parent)) remove(join(parent, name));
  const directory = mkdtempSync(join(parent, `anime-backup-${PROCESS_MARK}-`));
  process.once('exit', () => remove(directory));
  // os.tmpdir() reads them at every call: POSIX, Windows.
  for (const name of ['TMPDIR', 'TEMP', 'TMP']) process.env[name] = directory;
}

/** Names of what dead processes left. A directory that we cannot list is not ours to clean. */
function leftIn(parent: string): string[] {
  try {
    return readdirSync(parent).filter((name) => {
      const [, mark] = NAME.exec(name) ?? [];
      return mark !== undefined && isOfDeadProcess(mark);
    });
  } catch {
    return [];
  }
}

/** Another user's stays: its owner's next command removes it. */
function remove(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    // No reason to stop a command.
  }
}
