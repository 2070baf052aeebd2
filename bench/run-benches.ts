/**
 * `npm run bench`: every bench of this folder in a small size, one after another; `npm run bench -- update snapshot` only those named.
 * Larger sizes and options: call the file itself, its first lines say how.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Arguments that keep one run within a minute on two cores. */
const BENCHES: Readonly<Record<string, readonly string[]>> = {
  update: ['300'],
  viewer: [],
  admin: [],
  snapshot: ['30'],
  'sqlite-writer': ['128'],
  document: ['50'],
  envelope: ['32'],
  'backup-run': ['30'],
  'worker-backup': ['30'],
  writers: ['30'],
  restore: [],
};

const named = process.argv.slice(2);
const unknown = named.filter((name) => BENCHES[name] === undefined);
if (unknown.length > 0) {
  console.error(`no bench ${unknown.join(', ')}; there are: ${Object.keys(BENCHES).join(', ')}`);
  process.exit(2);
}
for (const name of named.length > 0 ? named : Object.keys(BENCHES)) {
  const file = fileURLToPath(new URL(`${name}.ts`, import.meta.url));
  if (!existsSync(file)) continue;
  console.log(`\n== ${name}`);
  const { status } = spawnSync(process.execPath, [file, ...(BENCHES[name] ?? [])], { stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}
