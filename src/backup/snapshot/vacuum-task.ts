/** A process for one {@link vacuumInto}: started by embedded.ts with path, copy and busy timeout; tells its parent what went wrong. */
import { vacuumInto } from './vacuum.ts';

const [path = '', copy = '', busyTimeoutMs] = process.argv.slice(2);
try {
  vacuumInto(path, copy, Number(busyTimeoutMs));
} catch (error) {
  if (!(error instanceof Error)) throw error;
  process.send?.({ message: error.message, code: 'code' in error ? error.code : undefined });
  process.exitCode = 1;
}
process.disconnect?.();
