/** What a process does when whoever waits for it is dead: another process has taken that one's place. */
import { rmSync } from 'node:fs';
import process from 'node:process';
import type { Watch } from './protocol.ts';

/** Removes what nobody else knows of; false while somebody waits. */
export function removeOrphaned({ parent, debris }: Watch): boolean {
  if (process.ppid === parent) return false;
  for (const path of debris) rmSync(path, { recursive: true, force: true });
  return true;
}
