/**
 * `npm run bench` runs every bench in a small size; `npm run bench -- update writers` runs those
 * two. For larger sizes call the file itself: its first lines say how. Each backs a figure of
 * docs/limits.md.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Arguments that keep one run within a minute on two cores. */
const BENCHES: Readonly<Record<string, readonly string[]>> = {
  update: ['300'],
  'sqlite-writer': ['128'],
  'backup-run': ['30'],
  'worker-backup': ['30'],
  writers: ['30'],
  broadcast: ['20'],
  restore: [],
  move: ['400'],
};

const named = process.argv.slice(2);
const unknown = named.filter((name) => BENCHES[name] === undefined);
if (unknown.length > 0) {
  console.error(`no bench ${unknown.join(', ')}; there are: ${Object.keys(BENCHES).join(', ')}`);
  process.exit(2);
}
for (const name of named.length > 0 ? named : Object.keys(BENCHES)) {
  const file = fileURLToPath(new URL(`${name}.ts`, import.meta.url));
  console.log(`\n== ${name}`);
  const { status } = spawnSync(process.execPath, [file, ...(BENCHES[name] ?? [])], { stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}
