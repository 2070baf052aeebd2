/**
 * Another bot that was started from a copy of the database, with the same bucket: the same history
 * up to then, and the same numbers after it.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { runBackup } from '../../src/backup/run/run.ts';
import { FILE, openFileHost } from './fault-hosts.ts';
import type { Scene } from './fault-scene.ts';
import type { GoodBackups } from './good-backups.ts';
import { keepShipping } from './ship-operation.ts';
import type { ShippedHistory } from './shipped-history.ts';

/** Its commits have numbers of their own. */
const COMMITS = 1_000_000;

export class Twin {
  readonly #scene: Scene;
  readonly #history: ShippedHistory;

  private constructor(scene: Scene, history: ShippedHistory) {
    this.#scene = scene;
    this.#history = history;
  }

  /** `called`: names its directory. */
  static async of(scene: Scene, history: ShippedHistory, called = 'twin'): Promise<Twin> {
    const directory = join(scene.directory, called);
    mkdirSync(directory);
    // Another process opens and closes the file: this one would lose its locks (copy-task.ts).
    for (const suffix of ['', '-wal'])
      if (existsSync(scene.host.path + suffix))
        execFileSync('cp', [scene.host.path + suffix, join(directory, FILE + suffix)]);
    const host = await openFileHost(undefined, directory, scene.time);
    const twin = scene.copyOn(host, directory, COMMITS);
    const own = new Twin(twin, history.beside(twin));
    await own.#history.witness();
    return own;
  }

  async commit(): Promise<void> {
    await this.#scene.commit();
    await this.#history.witness();
  }

  /** Its name, when it was made. */
  async backUp(): Promise<string | undefined> {
    const scheduledAt = this.#scene.clock.now();
    const outcome = await runBackup(await this.#scene.context(undefined, 'twin'), {
      trigger: 'schedule',
      scheduledAt,
    });
    this.#scene.story.push(`  the twin's backup: ${outcome.kind}`);
    return outcome.kind === 'done' ? outcome.name : undefined;
  }

  async ship(): Promise<void> {
    await this.#scene.expireLease();
    await keepShipping(this.#scene, this.#history, { holder: 'twin' });
    await this.#history.witness();
  }

  async check(good: GoodBackups): Promise<void> {
    await this.#history.checkCover(good);
  }

  async close(): Promise<void> {
    const found = await this.#scene.host.close();
    if (found !== 'ok') throw new Error(`SQLite says of the other database: ${found}`);
  }
}
