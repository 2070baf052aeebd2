/** Suites of other files, run again in the present one: against another server, say. */
import { describe } from 'vitest';

/** Each in a group of its own, so that no hook of one runs in another. */
export function runAgain(suites: Readonly<Record<string, () => Promise<unknown>>>): void {
  for (const [name, load] of Object.entries(suites)) describe(name, async () => void (await load()));
}
