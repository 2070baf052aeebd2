/** Names for files to keep, of which one second may make several. Node only. */
import { closeSync, openSync } from 'node:fs';

/**
 * Takes `name`, or the first free of `name-2`, `name-3` …, with an empty file that a rename then
 * replaces. Nobody else can take it.
 */
export function reserveName(name: string): string {
  for (let i = 1; ; i += 1) {
    const free = i === 1 ? name : `${name}-${i}`;
    try {
      closeSync(openSync(free, 'wx', 0o600));
      return free;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
  }
}
