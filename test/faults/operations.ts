/**
 * What a seed does, each with its own trouble: backups, restores, imports, copies, shipping, and
 * what others do beside them.
 */
import type { BackupContext } from '../../src/backup/run/context.ts';
import { runBackup } from '../../src/backup/run/run.ts';
import { Chaos, type Focus } from './chaos.ts';
import type { Scene } from './fault-scene.ts';
import type { GoodBackups } from './good-backups.ts';
import { type ImportFile, importFile, importInto, requireImported } from './import-operation.ts';
import { mustBe, type Right, restoreSomething } from './restore-operation.ts';
import type { SecondBucket } from './second-bucket.ts';
import { keepShipping, shipAll } from './ship-operation.ts';
import type { ShippedHistory } from './shipped-history.ts';
import { Twin } from './twin.ts';

/** Calls of an undisturbed operation, about; dozens of like calls counted as few. */
const CALLS = {
  file: { backup: 45, restore: 80, import: 12, copy: 60, ship: 20 },
  server: { backup: 45, restore: 110, import: 12, copy: 60, ship: 25 },
} as const;

export type Operation =
  | 'backup'
  | 'duplicate'
  | 'together'
  | 'twin'
  | 'restore'
  | 'import'
  | 'copy'
  | 'ship'
  | 'fork';
export const OPERATIONS: readonly Operation[] = [
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
  'ship',
  'ship',
  'ship',
  'fork',
];

/** The calls that everything hangs on: each the one moment of its operation, or nearly. */
function focusOf(operation: Operation): readonly Focus[] {
  const put: Focus = [/^put /, 0.5];
  if (operation === 'restore')
    return [[/SWAP|^rename/, 0.6], [/INTO restoring_|restoring_control/, 0.1], put];
  if (operation === 'copy')
    return [put, [/^(create|close) /, 0.3], [/^get /, 0.3], [/manifest/, 0.4], [/^list /, 0.5]];
  if (operation === 'ship' || operation === 'fork')
    return [
      [/^(put|get|list) .*changes/, 0.3],
      [/^write|change_state/, 0.3],
    ];
  if (operation === 'import') return [[/MERGE|SET state/, 0.6]];
  return [put, [/^delete /, 0.4], [/renew|SET expires_ms/, 0.4]];
}

/** What a seed's promises are held against. */
export interface Promises {
  readonly scene: Scene;
  readonly good: GoodBackups;
  readonly second: SecondBucket;
  readonly history: ShippedHistory;
}

export class Operations {
  readonly #seed: number;
  readonly #promises: Promises;
  readonly #scene: Scene;
  readonly #good: GoodBackups;
  readonly #second: SecondBucket;
  readonly #history: ShippedHistory;
  /** Another bot that runs from a copy of the database. */
  twin: Twin | undefined;
  /** Deployments that only backed up beside it. */
  #beside = 0;
  hasRestored = false;
  /** A clock went forth or back. */
  hasJumped = false;

  constructor(seed: number, promises: Promises) {
    const { scene, good, second, history } = promises;
    this.#seed = seed;
    this.#promises = promises;
    this.#scene = scene;
    this.#good = good;
    this.#second = second;
    this.#history = history;
  }

  async run(operation: Operation, number: number): Promise<void> {
    const scene = this.#scene;
    const before = { state: this.#history.now.state };
    const calls = CALLS[scene.host.kind];
    const isShipping = operation === 'ship' || operation === 'fork';
    const chaos = new Chaos({
      name: `${this.#seed}.${number}`,
      clock: scene.clock,
      troubles: 1 + scene.random.int(3),
      focus: scene.random.chance(0.4) ? scene.random.pick(focusOf(operation)) : undefined,
      calls: isShipping
        ? calls.ship
        : operation in calls
          ? calls[operation as keyof typeof calls]
          : calls.backup,
      meanwhile: this.#rival(operation),
      beside: isShipping
        ? async () => {
            await scene.change();
            await this.#history.witness();
          }
        : undefined,
    });
    scene.story.push(operation);
    let right: readonly Right[] | undefined = [before];
    try {
      if (operation === 'restore') {
        this.hasRestored = true;
        right = (await restoreSomething(this.#promises, chaos)).right;
      } else if (operation === 'import') {
        await this.#import(chaos);
        right = undefined;
      } else if (operation === 'copy') await this.#copy(chaos);
      else if (isShipping) {
        await this.#ship(operation, chaos);
        right = undefined;
      } else await this.#backUp(operation, chaos);
    } finally {
      await chaos.end();
      this.#second.hit(chaos.hits);
      this.hasJumped ||= chaos.has('clock');
      scene.story.push(...chaos.hits.map((hit) => `  ${hit}`));
    }
    // Not even the lease is proof against a put that stalls: the next run sweeps what comes of it.
    if (!chaos.hits.some((hit) => /manifest.* <- stall/.test(hit))) await this.#good.requireNoneDamaged();
    const look = await scene.look();
    if (right !== undefined) mustBe(look, right);
    await this.#history.witness((await this.#history.adopt(look)) ? undefined : look);
  }

  async #ship(operation: Operation, chaos: Chaos): Promise<void> {
    const scene = this.#scene;
    const { random } = scene;
    // The bucket was away for long.
    if (random.chance(0.15)) for (let i = 0; i < 12; i += 1) await this.commit();
    const entries = random.chance(0.4) ? { entries: 1 + random.int(8) } : {};
    // Where only the public key is at hand, no shipper can open what it has stored.
    const keys = random.chance(0.5) ? { keys: undefined } : {};
    if ('keys' in keys && scene.keys !== undefined) scene.story.push('  without a key at hand');
    const disturbed = async (): Promise<void> => {
      try {
        const { base, outcome } = await keepShipping(scene, this.#history, { chaos, ...entries, ...keys });
        if (base !== undefined) await this.#good.mustBeListed(base);
        if (outcome.kind === 'fork' && this.twin === undefined)
          throw new Error('a fork, and there is no other database');
      } catch (error) {
        if (error instanceof Error && error.message.includes('no other database')) throw error;
        scene.story.push(`  shipping: ${String(error).slice(0, 160)}`);
      }
    };
    if (operation === 'ship' && this.twin === undefined) return disturbed();
    this.twin ??= await Twin.of(scene, this.#history);
    const { twin } = this;
    if (random.chance(0.5)) await twin.commit();
    if (random.chance(0.3)) await twin.backUp();
    if (random.chance(0.5)) await Promise.all([disturbed(), twin.ship()]);
    else {
      await disturbed();
      await twin.ship();
    }
    await this.#good.check();
    await twin.check(this.#good);
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
      if (operation === 'ship' || operation === 'fork') {
        await shipAll(scene, await scene.shipping(undefined, { holder: 'rival' }));
        return;
      }
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
        return this.#backUpBeside(() => backUp(disturbed, false));
      default:
        return backUp(disturbed, true);
    }
  }

  /** Of another deployment with the same bucket: a database, a record and a lease of its own. */
  async #backUpBeside(own: () => Promise<void>): Promise<void> {
    this.#beside += 1;
    const other = await Twin.of(this.#scene, this.#history, `beside-${this.#beside}`);
    try {
      const [, name] = await Promise.all([own(), other.backUp()]);
      if (name !== undefined) await this.#good.mustBeListed(name);
    } finally {
      await other.close();
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
    await chaos.end();
    await requireImported(scene, file, left);
    await importInto(await scene.database(), file, 'second');
    await requireImported(scene, file, 'all');
    if ((await scene.sideTables('importing_')) > 0) throw new Error('an import left its tables behind');
  }

  async commit(): Promise<void> {
    await this.#scene.commit();
    await this.#history.witness();
  }

  async check(): Promise<void> {
    await this.#good.check();
    await this.#history.check(this.#good);
    await this.#second.check();
  }
}
