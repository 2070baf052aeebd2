/**
 * Names of files by the process that makes them, so that the next process can tell what a dead one
 * left. Node only.
 */
import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import process from 'node:process';

/** Process ids mean nothing on another machine (a shared disk, containers). */
const MACHINE = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);
const MARK = /^([0-9a-f]{8})-(\d+)$/;

/** Of this process: eight hex digits of the machine, a dash, the process id. */
export const PROCESS_MARK = `${MACHINE}-${process.pid}`;

/** Whether `mark` belongs to a process of this machine that is gone. */
export function isOfDeadProcess(mark: string): boolean {
  const [, machine, pid] = MARK.exec(mark) ?? [];
  return machine === MACHINE && !isAlive(Number(pid));
}

/** Signal 0 asks; another user's process answers EPERM. */
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH');
  }
}
