/**
 * One seed: a bot's database, a bucket, and some operations in a row, each with its own trouble;
 * what docs/spec/backup.md promises is checked after each of them.
 */
import { existsSync, rmSync } from 'node:fs';
import { noLedger } from '../../src/backup/catalog/ledger.ts';
import type { BackupContext } from '../../src/backup/run/context.ts';
import { runBackup } from '../../src/backup/run/run.ts';
import { createRandom } from '../backup/sqlite/random-values.ts';
import { Chaos, type Focus } from './chaos.ts';
import { openFileHost, openServerHost } from './fault-hosts.ts';
import { Scene, type State } from './fault-scene.ts';
import { GoodBackups } from './good-backups.ts';
import { type ImportFile, importFile, importInto, requireImported } from './import-operation.ts';
import { restoreSomething } from './restore-operation.ts';
import { SecondBucket } from './second-bucket.ts';
import { newestOf, scratchDirectory, type Templates } from './templates.ts';

const DAY_MS = 86_400_000;
/** As long as usual: retention has nothing to do in a seed. */
const KEEP_DAYS = 90;
/** Calls of an undisturbed operation, about; dozens of like calls counted as few. */
const CALLS = {
  file: { backup: 45, restore: 80, import: 12, copy: 60 },
  server: { backup: 45, restore: 110, import: 12, copy: 60 },
} as const;

type Operation = 'backup' | 'duplicate' | 'together' | 'twin' | 'restore' | 'import' | 'copy';
const OPERATIONS: readonly Operation[] = [
  'backup',
  'backup',
  'duplicate',
  'together',
  'twin',
  'restore',
  'restore',
  'import',
  'copy',
  'copy',
];

/** The calls that everything hangs on: each the one moment of its operation, or nearly. */
function focusOf(operation: Operation): readonly Focus[] {
  const put: Focus = [/^put /, 0.5];
  if (operation === 'restore')
    return [[/SWAP|^rename/, 0.6], [/INTO restoring_|restoring_control/, 0.1], put];
  if (operation === 'copy')
    return [put, [/^(create|close) /, 0.3], [/^get /, 0.3], [/manifest/, 0.4], [/^list /, 0.5]];
  if (operation === 'import') return [[/MERGE|SET state/, 0.6]];
  return [put, [/^delete /, 0.4], [/renew|SET expires_ms/, 0.4]];
}

/** The story of the seed. Rejects with what was broken, and where the seed stood. */
export async function simulate(seed: number, templates: Templates): Promise<readonly string[]> {
  const directory = scratchDirectory('fault-run-');
  const random = createRandom(seed);
  const template = templates.get(random.chance(0.08) ? 'whole' : 'small', random.chance(0.15));
  const open = random.chance(0.25) ? openServerHost : openFileHost;
  const retentionDays = random.chance(0.2) ? 3 : KEEP_DAYS;
  const host = await open(template.path, directory);
  const bucket = newestOf(template, retentionDays === KEEP_DAYS ? 1 : 1 + random.int(template.good.size));
  const committed = template.good.size;
  const scene = new Scene({ ...template, ...bucket, host, random, directory, retentionDays, committed });
  scene.story.push(
    `a ${host.kind}, ${template.schema} schema, ${template.key === undefined ? 'plain' : 'encrypted'}, ${retentionDays} days kept`,
  );
  let isClosed = false;
  try {
    await new Simulation(seed, scene, new GoodBackups(scene, bucket.good)).all();
    isClosed = true;
    const found = await host.close();
    if (found !== 'ok') throw new Error(`SQLite says of the database: ${found}`);
    return scene.story;
  } catch (error) {
    throw new Error(`seed ${seed} broke a promise after:\n  ${scene.story.join('\n  ')}`, { cause: error });
  } finally {
    if (!isClosed) await host.close();
    rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
  }
}

class Simulation {
  readonly #seed: number;
  readonly #scene: Scene;
  readonly #good: GoodBackups;
  readonly #second: SecondBucket;
  #hasRestored = false;

  constructor(seed: number, scene: Scene, good: GoodBackups) {
    this.#seed = seed;
    this.#scene = scene;
    this.#good = good;
    this.#second = new SecondBucket(scene);
  }

  async all(): Promise<void> {
    const scene = this.#scene;
    // The template's backup has the first second.
    scene.clock.advance(60_000);
    const operations = 2 + scene.random.int(2);
    for (let i = 0; i < operations; i += 1) {
      await scene.commit();
      await this.#operate(scene.random.pick(OPERATIONS), i);
      await this.#good.check();
      await this.#second.check();
      if (scene.random.chance(0.5)) await this.#second.copy();
      await this.#second.check();
      scene.clock.advance(
        scene.random.chance(scene.retentionDays === KEEP_DAYS ? 0.1 : 0.5) ? DAY_MS : 60_000,
      );
    }
    // Some days later, undisturbed: the debris of all that is gone.
    scene.clock.advance(4 * DAY_MS);
    await scene.commit();
    await this.#undisturbedBackup();
    this.#good.checkDebris();
    await this.#second.check();
    await this.#second.mustCatchUp();
    if (scene.retentionDays !== KEEP_DAYS) await this.#weekLater();
    if (this.#hasRestored && (scene.random.chance(0.2) || (await this.#restoreLeftovers()) > 0))
      await this.#restoreUndisturbed();
  }

  /** What retention took of the first bucket goes from the second one, in trouble of its own. */
  async #weekLater(): Promise<void> {
    const scene = this.#scene;
    for (let day = 0; day < 3; day += 1) {
      scene.clock.advance(4 * DAY_MS);
      await scene.commit();
      await this.#undisturbedBackup();
      await this.#operate('copy', 100 + day);
      await this.#good.check();
      await this.#second.check();
      await this.#second.copy();
      await this.#second.check();
    }
    await this.#second.mustCatchUp();
  }

  async #operate(operation: Operation, number: number): Promise<void> {
    const scene = this.#scene;
    const before = await scene.state();
    const calls = CALLS[scene.host.kind];
    const chaos = new Chaos({
      name: `${this.#seed}.${number}`,
      clock: scene.clock,
      troubles: 1 + scene.random.int(3),
      focus: scene.random.chance(0.4) ? scene.random.pick(focusOf(operation)) : undefined,
      calls:
        operation === 'restore' || operation === 'import' || operation === 'copy'
          ? calls[operation]
          : calls.backup,
      meanwhile: this.#rival(operation),
    });
    scene.story.push(operation);
    let right: readonly State[] = [before];
    try {
      if (operation === 'restore') {
        this.#hasRestored = true;
        right = (await restoreSomething(scene, this.#good, chaos)).right;
      } else if (operation === 'import') {
        await this.#import(chaos);
        right = [await scene.state()];
        scene.states.add(await scene.state());
      } else if (operation === 'copy') await this.#copy(chaos);
      else await this.#backUp(operation, chaos);
    } finally {
      await chaos.settle();
      this.#second.jumped(chaos.hits);
      scene.story.push(...chaos.hits.map((hit) => `  ${hit}`));
    }
    // Not even the lease is proof against a put that stalls: the next run sweeps what comes of it.
    if (!chaos.hits.some((hit) => /manifest.* <- stall/.test(hit))) await this.#good.requireNoneDamaged();
    const state = await scene.state();
    if (!right.includes(state)) throw new Error('the database does not hold what was acknowledged');
  }

  /** What another process does while this one stalls, having waited for its lease to end. */
  #rival(operation: Operation): (() => Promise<void>) | undefined {
    const scene = this.#scene;
    // A file has one program that may restore into it.
    if (operation === 'restore' && scene.host.kind === 'file') return undefined;
    return async () => {
      scene.story.push('  another process takes over');
      await scene.expireLease();
      if (operation === 'import') return importInto(await scene.database(), importFile(scene), 'rival');
      const at = new Date(scene.clock.now().getTime() + 1000 * scene.random.int(2));
      const outcome = await runBackup(await scene.context(undefined, 'rival'), {
        trigger: 'schedule',
        scheduledAt: at,
      });
      if (outcome.kind === 'done') await this.#good.mustBeListed(outcome.name);
      else scene.story.push(`  its backup: ${outcome.kind}`);
    };
  }

  async #backUp(operation: Operation, chaos: Chaos): Promise<void> {
    const scene = this.#scene;
    const at = scene.clock.now();
    const backUp = async (context: BackupContext, isAlone: boolean): Promise<void> => {
      const outcome = await runBackup(context, { trigger: 'schedule', scheduledAt: at });
      if (chaos.isDead && context.holder === 'sim') return;
      if (outcome.kind === 'done') await this.#good.mustBeListed(outcome.name);
      if (outcome.kind === 'failed') {
        scene.story.push(`  failed: ${outcome.reason.slice(0, 160)}`);
        // Whoever took over may have taken the name.
        if (!isAlone || chaos.has('stall') || outcome.name === undefined || outcome.left.length > 0) return;
        await this.#good.mustNotBeListed(outcome.name);
        // The bucket has done nothing wrong: the run cleans up after itself at once.
        if (!chaos.hits.some((hit) => hit.startsWith('bucket'))) this.#good.checkDebris(outcome.name);
      }
    };
    const disturbed = await scene.context(chaos);
    const calm = await scene.context(undefined, 'calm');
    switch (operation) {
      case 'duplicate':
        await backUp(disturbed, true);
        return backUp(calm, true);
      case 'together':
        await Promise.all([backUp(disturbed, false), backUp(calm, false)]);
        return;
      case 'twin':
        // Of another deployment with the same bucket: a ledger and a lease of its own.
        await Promise.all([
          backUp(disturbed, false),
          backUp({ ...calm, ledger: { ...noLedger, schemaVersion: calm.ledger.schemaVersion } }, false),
        ]);
        return;
      default:
        return backUp(disturbed, true);
    }
  }

  /** Alone, beside a backup that is under way, or beside another that copies. */
  async #copy(chaos: Chaos): Promise<void> {
    const scene = this.#scene;
    const kind = scene.random.int(3);
    const beside = async (): Promise<void> => {
      if (kind === 1) await this.#second.copy();
      if (kind !== 2) return;
      const scheduledAt = scene.clock.now();
      const outcome = await runBackup(await scene.context(undefined, 'calm'), {
        trigger: 'schedule',
        scheduledAt,
      });
      if (outcome.kind === 'done') await this.#good.mustBeListed(outcome.name);
    };
    await Promise.all([this.#second.copy(chaos), beside()]);
  }

  async #import(chaos: Chaos): Promise<void> {
    const scene = this.#scene;
    const file: ImportFile = importFile(scene);
    const { db } = await scene.host.reach(chaos);
    const left = await importInto(db, file, 'first').then(
      () => 'all' as const,
      (error: unknown) => {
        const said = error instanceof Error ? error.message : '';
        scene.story.push(`  import: ${said.slice(0, 160)}`);
        return /nothing was/.test(said) && !chaos.isDead ? 'nothing' : 'either';
      },
    );
    await chaos.settle();
    await requireImported(scene, file, left);
    await importInto(await scene.database(), file, 'second');
    await requireImported(scene, file, 'all');
    if ((await scene.sideTables('importing_')) > 0) throw new Error('an import left its tables behind');
  }

  async #undisturbedBackup(): Promise<void> {
    const scene = this.#scene;
    const outcome = await runBackup(await scene.context(), {
      trigger: 'schedule',
      scheduledAt: scene.clock.now(),
    });
    if (outcome.kind !== 'done')
      throw new Error(`an undisturbed backup is ${outcome.kind}: ${JSON.stringify(outcome)}`);
    if (outcome.problems.length > 0)
      throw new Error(`an undisturbed backup had problems: ${outcome.problems.join('; ')}`);
    scene.clock.advance(60_000);
    await this.#good.check();
  }

  /** A restore that died leaves things beside the database; the next one clears them up. */
  async #restoreUndisturbed(): Promise<void> {
    const scene = this.#scene;
    const { right } = await restoreSomething(scene, this.#good, undefined);
    if (!right.includes(await scene.state()))
      throw new Error('an undisturbed restore brought something else');
    if ((await this.#restoreLeftovers()) > 0) throw new Error('a restore left things beside the database');
    const { path, kind } = scene.host;
    if (kind === 'file' && !existsSync(`${path}.before-restore`))
      throw new Error('the old file was not kept');
  }

  async #restoreLeftovers(): Promise<number> {
    const { host } = this.#scene;
    const files = ['.restoring', '.before-restore.new'].filter((suffix) => existsSync(host.path + suffix));
    return files.length + (await this.#scene.sideTables('restoring_'));
  }
}
