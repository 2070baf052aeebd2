/** What a process does when its parent is dead and another process has taken the parent's place. */
import { rmSync } from 'node:fs';
import process from 'node:process';
import type { Watch } from './protocol.ts';

/** Removes what nobody else knows of; false while somebody waits. */
export function removeOrphaned({ parent, debris }: Watch): boolean {
  if (process.ppid === parent) return false;
  for (const path of debris) rmSync(path, { recursive: true, force: true });
  return true;
}
