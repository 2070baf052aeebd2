/** Unpacked backups hold people's data: nothing of them may lie about after a command, however it ends. Node only. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { isOfDeadProcess, PROCESS_MARK } from '../backup/process-mark.ts';

const NAME = /^anime-backup-([0-9a-f]{8}-\d+)-\w{6}$/;

/**
 * Gives this process a temporary directory of its own, below the system's, that goes when the process exits: what an ordinary end
 * removes by itself anyway, and what an end in the middle (Ctrl-C, a crash) would leave. What processes that were killed left goes first.
 */
export function useOwnScratch(): void {
  const parent = tmpdir();
  for (const name of readdirSync(parent)) {
    const [, mark] = NAME.exec(name) ?? [];
    if (mark !== undefined && isOfDeadProcess(mark))
      rmSync(join(parent, name), { recursive: true, force: true });
  }
  const directory = mkdtempSync(join(parent, `anime-backup-${PROCESS_MARK}-`));
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  // os.tmpdir() asks for them at every call: POSIX, Windows.
  for (const name of ['TMPDIR', 'TEMP', 'TMP']) process.env[name] = directory;
}
