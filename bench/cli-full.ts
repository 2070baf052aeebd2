/**
 * `full` and `verify` of the CLI as whole processes, on the sets of data-sets.ts, beside peers that
 * make the same two files and prove nothing: `sqlite3 VACUUM INTO` + gzip + `sqlite3 .dump | gzip`,
 * one after the other (where sqlite3 and gzip are installed). In turn, so that a busy machine is
 * busy for both; medians of the ratios of pairs.
 *
 *   npx node bench/cli-full.ts                           all sets, scale 1, 3 pairs
 *   npx node bench/cli-full.ts --scale 10 --pairs 1 --set compressible
 */
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { DATA_SETS, type DataSet, isDataSet, makeDataSet } from './data-sets.ts';
import { median, record, short } from './measures.ts';
import { isInstalled, type WholeRun, wholeRun } from './whole-process.ts';

const { values } = parseArgs({
  options: {
    set: { type: 'string' },
    scale: { type: 'string', default: '1' },
    pairs: { type: 'string', default: '3' },
  },
});
const scale = Number(values.scale);
const pairs = Number(values.pairs);
const sets = values.set === undefined ? Object.keys(DATA_SETS) : [values.set];
const CLI = join(import.meta.dirname, '../src/cli/main.ts');
/** As `npm run backup` does. */
const FIRST = join(import.meta.dirname, '../src/node-version.cjs');
const FLAGS = ['--max-semi-space-size=2'];
const PEER = `sqlite3 "$1" "VACUUM INTO '$2'" && gzip "-$3" "$2" && sqlite3 "$1" .dump | gzip "-$3" > "$2.sql.gz"`;

const directory = mkdtempSync(join(tmpdir(), 'bench-cli-'));
const hasPeer = isInstalled('sqlite3') && isInstalled('gzip');
if (!hasPeer) console.log('no peer: sqlite3 or gzip is not installed');
try {
  await startup();
  for (const set of sets) {
    if (!isDataSet(set))
      throw new Error(`no data set ${set}; there are ${Object.keys(DATA_SETS).join(', ')}`);
    await measure(set);
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}

async function measure(set: DataSet): Promise<void> {
  const file = join(directory, 'bot.db');
  const megabytes = makeDataSet(set, file, scale) / 1e6;
  console.log(`${set}: ${short(megabytes)} MB (${DATA_SETS[set]})`);
  const bucket = join(directory, 'bucket');
  const cli = (...args: readonly string[]): Promise<WholeRun> => run(file, bucket, args);
  const fulls: WholeRun[] = [];
  const verifies: WholeRun[] = [];
  const slow: WholeRun[] = [];
  const fast: WholeRun[] = [];
  for (let pair = 0; pair < pairs; pair += 1) {
    if (pairs > 1) console.log(`  pair ${pair + 1} of ${pairs}`);
    // The bot knows the directory by its mark, which stays.
    if (pair > 0)
      for (const name of readdirSync(bucket)) if (/^anime_b/.test(name)) rmSync(join(bucket, name));
    fulls.push(await cli('full', '--json', '--yes'));
    if (hasPeer) slow.push(await peer(file, 6));
    verifies.push(await cli('verify', '--json'));
    if (hasPeer) fast.push(await peer(file, 1));
  }
  const of = { of: set, scale };
  const ratio = (to: readonly WholeRun[], of: 'seconds' | 'cpuSeconds', runs = fulls): number =>
    median(runs.map((each, at) => each[of] / (to[at]?.[of] ?? Number.NaN)));
  const middle = (runs: readonly WholeRun[], what: 'seconds' | 'cpuSeconds' | 'peakMB'): number =>
    median(runs.map((each) => each[what]));
  record({ what: 'full', ...of, value: middle(fulls, 'seconds'), unit: 's' });
  record({ what: 'full, CPU', ...of, value: middle(fulls, 'cpuSeconds'), unit: 's' });
  record({ what: 'full, peak memory', ...of, value: middle(fulls, 'peakMB'), unit: 'MB', goal: 150 });
  if (hasPeer) {
    record({ what: 'full / gzip -6', ...of, value: ratio(slow, 'seconds'), unit: 'ratio', goal: 0.7 });
    record({ what: 'full / gzip -6, CPU', ...of, value: ratio(slow, 'cpuSeconds'), unit: 'ratio' });
    record({ what: 'full / gzip -1', ...of, value: ratio(fast, 'seconds'), unit: 'ratio', goal: 1 });
    record({ what: 'full / gzip -1, CPU', ...of, value: ratio(fast, 'cpuSeconds'), unit: 'ratio' });
  }
  record({ what: 'verify', ...of, value: middle(verifies, 'seconds'), unit: 's' });
  record({ what: 'verify, CPU', ...of, value: middle(verifies, 'cpuSeconds'), unit: 's' });
  record({ what: 'verify, peak memory', ...of, value: middle(verifies, 'peakMB'), unit: 'MB' });
  record({ what: 'verify / full', ...of, value: ratio(fulls, 'seconds', verifies), unit: 'ratio', goal: 1 });
  for (const path of [file, `${file}-wal`, `${file}-shm`, bucket])
    rmSync(path, { recursive: true, force: true });
}

/** The second start: the first fills Node's compile cache, for its processes too. */
async function startup(): Promise<void> {
  const file = join(directory, 'small.db');
  makeDataSet('compressible', file, 0.05);
  const bucket = join(directory, 'bucket');
  await run(file, bucket, ['full', '--json', '--yes']);
  await run(file, bucket, ['verify', '--json']);
  for (const args of [['--help'], ['list', '--json']]) {
    await run(file, bucket, args);
    const ratios: number[] = [];
    const seconds: number[] = [];
    for (let pair = 0; pair < pairs; pair += 1) {
      const ours = await run(file, bucket, args);
      const bare = await wholeRun([process.execPath, '-e', '0']);
      seconds.push(ours.cpuSeconds);
      ratios.push(ours.cpuSeconds / bare.cpuSeconds);
    }
    const what = args[0] ?? '';
    record({ what: 'start, CPU', of: what, value: median(seconds), unit: 's' });
    record({ what: 'start / node -e 0, CPU', of: what, value: median(ratios), unit: 'ratio' });
  }
  rmSync(bucket, { recursive: true });
}

function run(file: string, bucket: string, args: readonly string[]): Promise<WholeRun> {
  const env = {
    DATABASE_URL: `file:${file}`,
    BACKUP_DIR: bucket,
    NODE_COMPILE_CACHE: join(directory, 'compiled'),
  };
  return wholeRun([process.execPath, '-r', FIRST, ...FLAGS, CLI, ...args], { env, cwd: directory });
}

async function peer(file: string, level: number): Promise<WholeRun> {
  const made = join(directory, 'peer');
  mkdirSync(made);
  const found = await wholeRun([
    'bash',
    '--norc',
    '--noprofile',
    '-euo',
    'pipefail',
    '-c',
    PEER,
    'peer',
    file,
    join(made, 'copy.db'),
    `${level}`,
  ]);
  rmSync(made, { recursive: true });
  return found;
}
