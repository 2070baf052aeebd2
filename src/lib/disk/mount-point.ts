/**
 * A file that is mounted by itself (`mount --bind`, `docker -v ./a.db:/app/a.db`) has two paths
 * that nothing tells apart from two files. What SQLite and this program keep beside a database (its
 * journal, its lock) then lies in two places, and two programs write one file at once. Node only.
 */
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** The mounts that this process sees, as proc(5) has them; Linux alone has the file. */
const MOUNTS = '/proc/self/mountinfo';

function readMounts(): string {
  try {
    return readFileSync(MOUNTS, 'utf8');
  } catch {
    return '';
  }
}

/** Whether something is mounted at this very path. `path`: real and absolute. */
export function isMountPoint(path: string, mounts = readMounts()): boolean {
  return mounts.split('\n').some((line) => unescaped(line.split(' ')[4] ?? '') === path);
}

/** For people. */
export function mountedFile(path: string): string {
  return `database ${path} is mounted as a single file: its journal and its lock lie beside it and are not in the mount, so that rows would be lost. Mount its directory instead, as ${dirname(path)}`;
}

/** Spaces, tabs, line breaks and backslashes stand there as octal. */
function unescaped(field: string): string {
  return field.replaceAll(/\\([0-7]{3})/g, (_, code: string) =>
    String.fromCharCode(Number.parseInt(code, 8)),
  );
}
