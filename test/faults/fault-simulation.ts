/**
 * One seed: a bot's database, a bucket, and some operations in a row, each with its own trouble;
 * what docs/spec/backup.md and changes.md promise is checked after each of them.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { runBackup } from '../../src/backup/run/run.ts';
import { createRandom } from '../backup/sqlite/random-values.ts';
import { DatabaseTime } from './database-time.ts';
import { openFileHost, openServerHost } from './fault-hosts.ts';
import { Scene } from './fault-scene.ts';
import { GoodBackups } from './good-backups.ts';
import { lookBack } from './look-back.ts';
import { OPERATIONS, Operations, type Promises } from './operations.ts';
import { mustBe, restoreSomething } from './restore-operation.ts';
import { SecondBucket } from './second-bucket.ts';
import { keepShipping } from './ship-operation.ts';
import { ShippedHistory } from './shipped-history.ts';
import { newestOf, type Templates } from './templates.ts';

const DAY_MS = 86_400_000;
/** As long as usual: retention has nothing to do in a seed. */
const KEEP_DAYS = 90;

/** The story of the seed. Rejects with what was broken, and where the seed stood. */
export async function simulate(seed: number, templates: Templates): Promise<readonly string[]> {
  const directory = mkdtempSync(join(templates.directory, 'run-'));
  const random = createRandom(seed);
  const template = templates.get(random.chance(0.15));
  const open = random.chance(0.25) ? openServerHost : openFileHost;
  const retentionDays = random.chance(0.2) ? 3 : KEEP_DAYS;
  const time = new DatabaseTime(String(seed));
  const host = await open(template.path, directory, time);
  const bucket = newestOf(template, retentionDays === KEEP_DAYS ? 1 : 1 + random.int(template.good.size));
  const committed = template.good.size;
  const scene = new Scene({
    ...template,
    ...bucket,
    host,
    time,
    random,
    directory,
    retentionDays,
    // The others stored with an earlier version.
    remembersFiles: seed % 5 !== 0,
    committed,
  });
  scene.story.push(
    `a ${host.kind}, ${template.key === undefined ? 'plain' : 'encrypted'}, ${retentionDays} days kept`,
  );
  let isClosed = false;
  const history = new ShippedHistory(scene, template.history);
  const good = new GoodBackups(scene, bucket.good);
  const promises = { scene, good, history, second: new SecondBucket(scene) };
  const operations = new Operations(seed, promises);
  try {
    await new Simulation(operations, promises).all();
    isClosed = true;
    const found = await host.close();
    if (found !== 'ok') throw new Error(`SQLite says of the database: ${found}`);
    return scene.story;
  } catch (error) {
    throw new Error(`seed ${seed} broke a promise after:\n  ${scene.story.join('\n  ')}`, { cause: error });
  } finally {
    if (!isClosed) await host.close();
    await operations.twin?.close();
    rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
  }
}

class Simulation {
  readonly #operations: Operations;
  readonly #promises: Promises;
  readonly #scene: Scene;
  readonly #good: GoodBackups;
  readonly #second: SecondBucket;
  readonly #history: ShippedHistory;

  constructor(operations: Operations, promises: Promises) {
    const { scene, good, second, history } = promises;
    this.#operations = operations;
    this.#promises = promises;
    this.#scene = scene;
    this.#good = good;
    this.#second = second;
    this.#history = history;
  }

  async all(): Promise<void> {
    const scene = this.#scene;
    // The template's backup has the first second.
    scene.clock.advance(60_000);
    const operations = 2 + scene.random.int(2);
    for (let i = 0; i < operations; i += 1) {
      await this.#operations.commit();
      await this.#operations.run(scene.random.pick(OPERATIONS), i);
      await this.#operations.check();
      if (scene.random.chance(0.5)) await this.#second.copy();
      await this.#second.check();
      scene.clock.advance(
        scene.random.chance(scene.retentionDays === KEEP_DAYS ? 0.1 : 0.5) ? DAY_MS : 60_000,
      );
    }
    // Some days later, undisturbed: the debris of all that is gone.
    scene.clock.advance(4 * DAY_MS);
    await this.#operations.commit();
    await this.#shipUndisturbed();
    await this.#undisturbedBackup();
    this.#good.checkDebris();
    await this.#operations.check();
    await this.#second.mustCatchUp(this.#history.acknowledged);
    await lookBack(this.#promises, this.#operations);
    if (scene.retentionDays !== KEEP_DAYS) await this.#weekLater();
    if (this.#operations.hasRestored && (scene.random.chance(0.2) || (await this.#restoreLeftovers()) > 0))
      await this.#restoreUndisturbed();
  }

  /** What retention took of the first bucket goes from the second one, in trouble of its own. */
  async #weekLater(): Promise<void> {
    const scene = this.#scene;
    for (let day = 0; day < 3; day += 1) {
      scene.clock.advance(4 * DAY_MS);
      await this.#operations.commit();
      await this.#shipUndisturbed();
      await this.#undisturbedBackup();
      await this.#operations.run('copy', 100 + day);
      await this.#operations.check();
      await this.#second.copy();
      await this.#second.check();
    }
    await this.#second.mustCatchUp(this.#history.acknowledged);
  }

  /** Nothing stands in the way: whatever waits is in the bucket afterwards. */
  async #shipUndisturbed(): Promise<void> {
    const scene = this.#scene;
    await scene.expireLease();
    const { outcome } = await keepShipping(scene, this.#history, {});
    await this.#history.witness();
    const isForked = this.#operations.twin !== undefined && outcome.kind === 'fork';
    if (!isForked && outcome.kind !== 'idle' && outcome.kind !== 'shipped')
      throw new Error(`shipping that nothing disturbs ends with ${outcome.kind}`);
    await this.#operations.check();
    scene.clock.advance(60_000);
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
    const { right } = await restoreSomething(this.#promises, undefined);
    mustBe(await scene.look(), right);
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
