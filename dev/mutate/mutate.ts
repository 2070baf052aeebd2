/**
 * Breaks the code that matters and reports what no test noticed. Run it before each release;
 * docs/mutation-report.md has the last report.
 *
 *   npm run mutate                             named faults, then 6 random ones in each file that matters
 *   npm run mutate -- --named                     the named faults only
 *   npm run mutate -- --each 20 --seed 7 --only retention
 */
import { availableParallelism } from 'node:os';
import { script } from '../../src/cli/script.ts';
import { NAMED } from './named.ts';
import { type Mutant, mutantsOf } from './operators.ts';
import { MutantTree } from './run-mutant.ts';
import { TARGETS } from './targets.ts';

interface Trial {
  readonly file: string;
  readonly tests: readonly string[];
  readonly mutant: Mutant;
  readonly what: string;
}

const values = script('mutate', 'Breaks the code that matters and reports what no test noticed.')
  .option('--named', 'the named faults only', false)
  .option('--each <count>', 'random faults in each file that matters', '6')
  .option('--seed <number>', 'of the random faults', '1')
  .option('--only <text>', 'faults whose file or words hold it', '')
  .option('--workers <count>', 'at once', String(availableParallelism()))
  .parse()
  .opts<{ named: boolean; each: string; seed: string; only: string; workers: string }>();

const trees = Array.from({ length: Number(values.workers) }, () => new MutantTree());
try {
  const [tree] = trees;
  if (tree === undefined) throw new RangeError('--workers: at least 1');
  const trials = [...named(tree), ...(values.named ? [] : random(tree))].filter(
    ({ file, what }) => file.includes(values.only) || what.includes(values.only),
  );
  const survivors = await runAll(trials);
  console.log(`\n${trials.length} mutants, ${survivors.length} not noticed`);
  for (const { file, what, tests } of survivors) console.log(`- ${file}: ${what} (${tests.join(' ')})`);
  process.exitCode = survivors.length === 0 ? 0 : 1;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
} finally {
  for (const tree of trees) tree.close();
}

function named(tree: MutantTree): Trial[] {
  return NAMED.map(({ file, find, replacement, tests, fault }) => {
    const source = tree.read(file);
    const start = source.indexOf(find);
    if (start === -1 || source.indexOf(find, start + 1) !== -1)
      throw new Error(`${file} does not hold exactly one ${JSON.stringify(find)}: adapt dev/mutate/named.ts`);
    return { file, tests, mutant: { start, end: start + find.length, replacement }, what: fault };
  });
}

function random(tree: MutantTree): Trial[] {
  const next = generator(Number(values.seed));
  return TARGETS.flatMap(({ file, tests }) => {
    const source = tree.read(file);
    const all = mutantsOf(file, source).map((mutant) => ({
      file,
      tests,
      mutant,
      what: describe(source, mutant),
    }));
    return Array.from({ length: Math.min(Number(values.each), all.length) }, () =>
      all.splice(Math.floor(next() * all.length), 1),
    ).flat();
  });
}

/** Line, the old text and the new text. */
function describe(source: string, { start, end, replacement }: Mutant): string {
  const line = source.slice(0, start).split('\n').length;
  const old = source.slice(start, end).replaceAll(/\s+/g, ' ');
  return `${line}: ${old.length > 60 ? `${old.slice(0, 57)}...` : old} -> ${replacement}`;
}

async function runAll(trials: readonly Trial[]): Promise<Trial[]> {
  const survivors: Trial[] = [];
  const queue = trials.entries();
  await Promise.all(
    trees.map(async (tree) => {
      for (const [i, trial] of queue) {
        const isNoticed = await tree.isNoticed(trial.file, trial.mutant, trial.tests);
        if (!isNoticed) survivors.push(trial);
        console.log(
          `${i + 1}/${trials.length} ${isNoticed ? 'noticed ' : 'SURVIVED'} ${trial.file}: ${trial.what}`,
        );
      }
    }),
  );
  return survivors;
}

/** Deterministic: mulberry32. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
