/**
 * `npm run bench` runs every bench, prints its measures as ratios to peers, and draws them into
 * docs/performance.md. `npm run bench -- cli-full writers` runs those two and draws them only with
 * `--draw`; `--quick` only shows that it all runs, in seconds; `--growth` adds databases of up to
 * 100 times the size. For other sizes call the file itself: its first lines say how.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { script } from '../src/cli/script.ts';
import type { Measure } from './measures.ts';
import { writeReport } from './report.ts';

/** Arguments of each run. */
const BENCHES: Readonly<Record<string, readonly (readonly string[])[]>> = {
  'cli-full': [
    [],
    ['--scale', '4', '--pairs', '1', '--set', 'compressible'],
    ['--scale', '4', '--pairs', '1', '--set', 'our own'],
  ],
  changes: [[]],
  update: [['300']],
  'node-host': [[], ['--soak', '100000']],
  'sqlite-writer': [['128']],
  'backup-run': [['30']],
  'worker-backup': [['30']],
  writers: [['30']],
  broadcast: [['20']],
  restore: [[]],
  import: [[]],
  move: [['400']],
};
/** `--growth`: an hour and 30 GB of disk more. */
const GROWTH: Readonly<Record<string, readonly (readonly string[])[]>> = {
  'cli-full': ['10', '100'].map((scale) => ['--scale', scale, '--pairs', '1', '--set', 'compressible']),
};
/** Small enough for every push; what needs workerd or Telegram's own time is left out. */
const QUICK: Readonly<Record<string, readonly (readonly string[])[]>> = {
  'cli-full': [['--set', 'compressible', '--scale', '0.002', '--pairs', '1']],
  changes: [['--quick']],
  'node-host': [['300', '--pairs', '1']],
  'backup-run': [['1', '--only', 'remote']],
};
const PAGE = join(import.meta.dirname, '../docs/performance.md');
const PICTURES = join(import.meta.dirname, '../docs/pictures/bench');

const command = script('bench', 'Runs the benches and draws their measures into docs/performance.md.')
  .argument('[bench...]', 'these alone')
  .option('--quick', 'only show that it all runs, in seconds')
  .option('--draw', 'draw what was named, too')
  .option('--growth', 'add databases of up to 100 times the size')
  .parse();
const { quick: isQuick, draw: isDrawn, growth: isGrown } = command.opts<Record<string, boolean>>();
const named = command.args;
const benches = isQuick ? QUICK : BENCHES;
const unknown = named.filter((name) => benches[name] === undefined);
if (unknown.length > 0) {
  console.error(`no bench ${unknown.join(', ')}; there are: ${Object.keys(benches).join(', ')}`);
  process.exit(2);
}
const directory = mkdtempSync(join(tmpdir(), 'bench-'));
try {
  const file = join(directory, 'measures');
  for (const name of named.length > 0 ? named : Object.keys(benches))
    for (const args of [...(benches[name] ?? []), ...((isGrown && GROWTH[name]) || [])])
      run(name, args, file);
  const measures = existsSync(file)
    ? readFileSync(file, 'utf8')
        .trimEnd()
        .split('\n')
        .map((line): Measure => JSON.parse(line))
    : [];
  if (isQuick) {
    // The page stays as it is: these figures say nothing.
    const page = join(directory, 'page.md');
    copyFileSync(PAGE, page);
    writeReport({ page, pictures: join(directory, 'pictures') }, measures);
  } else if ((named.length === 0 || isDrawn) && process.exitCode === undefined)
    writeReport({ page: PAGE, pictures: PICTURES }, measures);
} finally {
  rmSync(directory, { recursive: true });
}

function run(name: string, args: readonly string[], measures: string): void {
  console.log(`\n== ${name} ${args.join(' ')}`);
  const { status } = spawnSync(process.execPath, [join(import.meta.dirname, `${name}.ts`), ...args], {
    stdio: 'inherit',
    env: { ...process.env, BENCH_MEASURES: measures },
  });
  if (status !== 0) process.exitCode = 1;
}
