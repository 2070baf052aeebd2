/** CPU of another process. Linux only. */
import { readFileSync } from 'node:fs';

/** Linux counts process time in hundredths of a second (USER_HZ). */
const TICK_MS = 10;

/** utime + stime of /proc/<pid>/stat (proc(5), fields 14 and 15), ms. */
export function cpuMsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}
