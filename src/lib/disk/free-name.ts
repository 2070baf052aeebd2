/** Names for what must be kept, of which several may be made in one second. Node only. */
import { closeSync, openSync } from 'node:fs';

/** Takes `name`, or `name-2`, `name-3` … where it is taken, by an empty file that a rename then replaces. Nobody else can have it. */
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
