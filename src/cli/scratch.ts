/** Unpacked backups hold people's data: nothing of them may lie about after a command, however it ends. Node only. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';

/**
 * Gives this process a temporary directory of its own, below the system's, that goes when the process exits: what an ordinary end
 * removes by itself anyway, and what an end in the middle (Ctrl-C, a crash) would leave.
 */
export function useOwnScratch(): void {
  const directory = mkdtempSync(join(tmpdir(), 'anime-backup-'));
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  // os.tmpdir() asks for them at every call: POSIX, Windows.
  for (const name of ['TMPDIR', 'TEMP', 'TMP']) process.env[name] = directory;
}
