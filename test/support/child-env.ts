/** The environment of a process that a test starts. */
import process from 'node:process';

const NAMES = ['PATH', 'TMPDIR', 'TEMP', 'TMP', 'NODE_COMPILE_CACHE'];

/** Of the test's own: where programs, scratch and compiled sources are (scratch.ts), no setting. */
export function childEnv(): Record<string, string> {
  return Object.fromEntries(
    NAMES.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}
