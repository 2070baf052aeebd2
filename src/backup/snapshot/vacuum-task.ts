/**
 * A process for one copy of a database: started by embedded.ts with path, copy, busy timeout and its own process id; tells it what went
 * wrong.
 */
import { isRefusedSql, removeCopy, vacuumInto, vacuumOldIntoAlone } from './vacuum.ts';

const [path = '', copy = '', busyTimeoutMs, parent] = process.argv.slice(2);
try {
  try {
    vacuumInto(path, copy, Number(busyTimeoutMs));
  } catch (error) {
    if (!isRefusedSql(error)) throw error;
    removeCopy(copy);
    vacuumOldIntoAlone(path, copy, Number(busyTimeoutMs));
  }
} catch (error) {
  if (!(error instanceof Error)) throw error;
  process.send?.({ message: error.message, code: 'code' in error ? error.code : undefined });
  process.exitCode = 1;
}
// It was killed meanwhile, and nobody else knows of the copy.
if (process.ppid !== Number(parent)) removeCopy(copy);
process.disconnect?.();
