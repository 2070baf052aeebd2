/**
 * One seed: a bot's database, a bucket, and some operations in a row, each with its own trouble; what spec/backup.md promises is checked
 * after each of them.
 */
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BackupContext } from '../../src/backup/context.ts';
import { readLegacyDocument } from '../../src/backup/document/legacy.ts';
import { importRecords } from '../../src/backup/import.ts';
import { type BackupEntry, listBackups } from '../../src/backup/list.ts';
import { parseKey } from '../../src/backup/names.ts';
import { fileCalls } from '../../src/backup/restore/file-calls.ts';
import { fetchSource } from '../../src/backup/restore/source.ts';
import { restore } from '../../src/backup/restore.ts';
import { runBackup } from '../../src/backup/run.ts';
import { openEmbeddedSnapshotSource } from '../../src/backup/snapshot/embedded.ts';
import { createBackupLedger } from '../../src/db/backup-runs.ts';
import { type Database, sql } from '../../src/db/database.ts';
import { openEmbeddedDatabase } from '../../src/db/embedded.ts';
import { createRandom, type Random } from '../backup/sqlite/random-values.ts';
import { type TestClock, testClock } from '../support/backup-world.ts';
import { faultyLedger, faultySource, faultyStore } from '../support/faults.ts';
import { createMemoryStore, type MemoryStore } from '../support/memory-store.ts';
import { Chaos, chaoticDatabase, chaoticFiles, cuttingStore } from './chaos.ts';

const PREFIX = 'b/';
/** Calls of an undisturbed operation, about: troubles are strewn over so many. */
const CALLS = { backup: 95, restore: 120, import: 16 } as const;

type Operation = 'backup' | 'duplicate' | 'together' | 'restore' | 'import';
const OPERATIONS: readonly Operation[] = ['backup', 'backup', 'duplicate', 'together', 'restore', 'import'];

/** Rejects with what was broken, and where the seed stood. `template` is a database file of today's schema. */
export async function simulate(seed: number, template: string): Promise<void> {
  const directory = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'fault-run-'));
  const run = new Simulation(seed, directory);
  try {
    copyFileSync(template, run.path);
    await run.all();
  } catch (error) {
    throw new Error(`seed ${seed} broke a promise after:\n  ${run.story.join('\n  ')}`, { cause: error });
  } finally {
    run.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

class Simulation {
  readonly path: string;
  readonly story: string[] = [];
  readonly #random: Random;
  readonly #clock: TestClock = testClock();
  readonly #store: MemoryStore;
  #db: Database | undefined;
  /** The last value that a commit was acknowledged for. */
  #committed = 0;
  #hasRestored = false;
  /** Backups once seen as verified: name -> value of the counter in it. */
  readonly #good = new Map<string, number>();

  constructor(seed: number, directory: string) {
    this.path = join(directory, 'bot.db');
    this.#random = createRandom(seed);
    this.#store = createMemoryStore(this.#clock.now);
  }

  async all(): Promise<void> {
    await this.#commit();
    await this.#undisturbedBackup();
    const operations = 2 + this.#random.int(2);
    for (let i = 0; i < operations; i += 1) {
      await this.#commit();
      const operation = this.#random.pick(OPERATIONS);
      const chaos = new Chaos(
        this.#random,
        this.#clock,
        operation === 'restore' || operation === 'import' ? CALLS[operation] : CALLS.backup,
      );
      this.story.push(
        `${operation} with ${[...chaos.plan].map(([at, what]) => `${what} at call ${at}`).join(', ')}${chaos.cutsBodies ? ', bodies cut' : ''}`,
      );
      const expected = await this.#operate(operation, chaos);
      this.story.push(...chaos.log.filter((line) => line.includes(' <- ')).map((line) => `  ${line}`));
      await this.#checkDatabase(expected);
      await this.#checkBackups();
      this.#clock.advance(60_000);
    }
    // A day later, undisturbed: the debris of all that is gone.
    this.#clock.advance(4 * 86_400_000);
    await this.#commit();
    await this.#undisturbedBackup();
    await this.#checkBackups();
    this.#checkDebris();
    if (this.#hasRestored) await this.#restoreUndisturbed();
  }

  close(): void {
    this.#db?.close();
  }

  async #open(): Promise<Database> {
    this.#db ??= await openEmbeddedDatabase(this.path);
    return this.#db;
  }

  /** A transaction over two tables that must never be seen by half. */
  async #commit(): Promise<void> {
    const value = this.#committed + 1;
    const db = await this.#open();
    await db.write([
      sql("INSERT OR REPLACE INTO counters (metric, period, value) VALUES ('sim', 'all', ?)", value),
      sql(
        'INSERT INTO audit_log (user_id, action, subject, at) VALUES (1, ?, ?, ?)',
        'sim',
        String(value),
        '2026',
      ),
      // A dead holder is waited for; here the time passes at once.
      sql('UPDATE backup_lease SET expires_ms = 0'),
    ]);
    this.#committed = value;
  }

  #context(db: Database, chaos: Chaos | undefined): BackupContext {
    const base: BackupContext = {
      source: openEmbeddedSnapshotSource({ path: this.path }),
      store: this.#store,
      prefix: PREFIX,
      ledger: createBackupLedger(db),
      clock: this.#clock,
      random: () => 0.5,
      holder: 'sim',
      appVersion: '0.1.0',
      libraries: {},
      encryption: undefined,
      keys: undefined,
      retention: { days: 90 },
      gzipLevel: 1,
      timeoutMs: 600_000,
      alert: async () => {},
    };
    if (chaos === undefined) return base;
    return {
      ...base,
      source: faultySource(base.source, chaos),
      store: cuttingStore(faultyStore(base.store, chaos), chaos.cutsBodies),
      ledger: faultyLedger(base.ledger, chaos),
      alert: () => chaos.call('alert', async () => {}),
    };
  }

  /** Returns the counter's values that are right afterwards. */
  async #operate(operation: Operation, chaos: Chaos): Promise<readonly number[]> {
    const db = await this.#open();
    const context = this.#context(db, chaos);
    const at = this.#clock.now();
    const backUp = async (by: BackupContext): Promise<void> => {
      const outcome = await runBackup(by, { trigger: 'schedule', scheduledAt: at });
      if (outcome.kind === 'done' && !chaos.isDead) await this.#mustBeListed(outcome.name);
    };
    switch (operation) {
      case 'backup':
        await backUp(context);
        return [this.#committed];
      case 'duplicate':
        await backUp(context);
        await backUp(this.#context(db, undefined));
        return [this.#committed];
      case 'together':
        await Promise.all([backUp(context), backUp(this.#context(db, undefined))]);
        return [this.#committed];
      case 'restore':
        return this.#restore(context, chaos);
      case 'import':
        return this.#import(db, chaos);
    }
  }

  async #restore(context: BackupContext, chaos: Chaos): Promise<readonly number[]> {
    this.#hasRestored = true;
    const [entry] = this.#random.chance(0.5) ? await this.#verified() : (await this.#verified()).toReversed();
    if (entry === undefined) throw new Error('no backup is left to restore');
    const inBackup = this.#good.get(entry.name) ?? this.#committed;
    const before = this.#committed;
    const closeTarget = (): void => {
      this.#db?.close();
      this.#db = undefined;
    };
    try {
      await restore(
        {
          bucket: context,
          keys: undefined,
          target: { kind: 'file', path: this.path },
          context,
          closeTarget,
          clock: this.#clock,
          random: () => 0.5,
          fetch,
          files: chaoticFiles(fileCalls, chaos),
        },
        { from: { kind: 'backup', entry } },
      );
      closeTarget();
      this.#committed = inBackup;
      return [inBackup];
    } catch (error) {
      this.story.push(`  restore: ${error instanceof Error ? error.message.slice(0, 120) : ''}`);
      closeTarget();
      const found = await this.#counter();
      if (found === inBackup) this.#committed = inBackup;
      return [before, inBackup];
    }
  }

  async #import(db: Database, chaos: Chaos): Promise<readonly number[]> {
    const code = 1000 + this.#random.int(1000);
    const json = JSON.stringify({
      anime: [
        {
          code,
          title: 'imported',
          parts: [
            { part_number: 1, file_id: 'f' },
            { part_number: 2, file_id: 'g' },
          ],
        },
      ],
      users: [{ user_id: code }],
    });
    const attempt = (by: Database): Promise<unknown> =>
      importRecords(by, readLegacyDocument(ReadableStream.from([Buffer.from(json)])), {
        id: `${code}-${chaos.calls}`,
        prefer: 'newer',
        dryRun: false,
      });
    const count = async (): Promise<number> => {
      const [n] = await db.read([
        {
          ...sql(
            'SELECT (SELECT count(*) FROM anime WHERE code = ?) + (SELECT count(*) FROM anime_parts WHERE anime_code = ?) + (SELECT count(*) FROM users WHERE user_id = ?) AS n',
            code,
            code,
            code,
          ),
          parse: ([row]) => row?.int('n') ?? -1,
        },
      ]);
      return n;
    };
    const there = await count();
    const isDone = await attempt(chaoticDatabase(db, chaos)).then(
      () => true,
      () => false,
    );
    const n = await count();
    if (isDone ? n !== 4 : n !== there && n !== 4)
      throw new Error(`an import ${isDone ? 'said to be done' : 'that failed'} left ${n} of 4 rows`);
    await attempt(db);
    if ((await count()) !== 4) throw new Error('the next attempt of an import did not complete it');
    return [this.#committed];
  }

  async #undisturbedBackup(): Promise<void> {
    const context = this.#context(await this.#open(), undefined);
    const outcome = await runBackup(context, { trigger: 'schedule', scheduledAt: this.#clock.now() });
    if (outcome.kind !== 'done')
      throw new Error(`an undisturbed backup is ${outcome.kind}: ${JSON.stringify(outcome)}`);
    if (outcome.problems.length > 0)
      throw new Error(`an undisturbed backup had problems: ${outcome.problems.join('; ')}`);
    this.#clock.advance(60_000);
    await this.#checkBackups();
  }

  async #counter(): Promise<number> {
    const db = await this.#open();
    const [found] = await db.read([
      {
        ...sql(
          "SELECT (SELECT value FROM counters WHERE metric = 'sim') AS value, (SELECT max(CAST(subject AS INTEGER)) FROM audit_log WHERE action = 'sim') AS last",
        ),
        parse: ([row]) => ({ value: row?.int('value') ?? 0, last: row?.int('last') ?? 0 }),
      },
    ]);
    if (found.value !== found.last)
      throw new Error(`half a transaction: counter ${found.value}, log ${found.last}`);
    return found.value;
  }

  async #checkDatabase(expected: readonly number[]): Promise<void> {
    const value = await this.#counter();
    if (!expected.includes(value))
      throw new Error(`the database is at ${value}, acknowledged was ${expected.join(' or ')}`);
  }

  async #verified(): Promise<BackupEntry[]> {
    const { entries } = await listBackups({ store: this.#store, prefix: PREFIX });
    return entries.filter(({ state }) => state === 'verified');
  }

  async #mustBeListed(name: string): Promise<void> {
    if (!(await this.#verified()).some((entry) => entry.name === name))
      throw new Error(`backup ${name} was said to be done and is not listed as verified`);
  }

  /** Everything listed as good restores exactly; nothing good has gone. */
  async #checkBackups(): Promise<void> {
    const entries = await this.#verified();
    for (const name of this.#good.keys())
      if (!entries.some((entry) => entry.name === name)) throw new Error(`the good backup ${name} is gone`);
    for (const entry of entries) {
      if (this.#good.has(entry.name)) continue;
      const directory = mkdtempSync(join(this.path, '..', 'check-'));
      const source = await fetchSource(
        { kind: 'backup', entry },
        { bucket: { store: this.#store, prefix: PREFIX }, keys: undefined, directory },
      );
      if (source.notes.length > 0) throw new Error(source.notes.join('; '));
      const db = await openEmbeddedDatabase(source.path);
      const [found] = await db.read([
        {
          ...sql(
            "SELECT (SELECT value FROM counters WHERE metric = 'sim') AS value, (SELECT max(CAST(subject AS INTEGER)) FROM audit_log WHERE action = 'sim') AS last",
          ),
          parse: ([row]) => ({ value: row?.int('value') ?? 0, last: row?.int('last') ?? 0 }),
        },
      ]);
      db.close();
      rmSync(directory, { recursive: true, force: true });
      if (found.value !== found.last) throw new Error(`backup ${entry.name} holds half a transaction`);
      this.#good.set(entry.name, found.value);
    }
  }

  #checkDebris(): void {
    const names = new Set(this.#good.keys());
    const left = [...this.#store.objects.keys()].filter(
      (key) => !names.has(parseKey(PREFIX, key)?.name ?? ''),
    );
    if (left.length > 0) throw new Error(`debris is left: ${left.join(', ')}`);
    if (this.#store.uploads.size > 0)
      throw new Error(`${this.#store.uploads.size} unfinished uploads are left`);
  }

  /** A restore that died leaves things beside the database; the next one clears them up. */
  async #restoreUndisturbed(): Promise<void> {
    const calm = new Chaos(this.#random, this.#clock, 1);
    calm.plan.clear();
    const db = await this.#open();
    await this.#restore(this.#context(db, undefined), calm);
    const leftovers = [`${this.path}.restoring`, `${this.path}.before-restore.new`].filter(existsSync);
    if (leftovers.length > 0) throw new Error(`${leftovers.join(', ')} is left`);
    if (!existsSync(`${this.path}.before-restore`)) throw new Error('the old file was not kept');
    await this.#checkDatabase([this.#committed]);
  }
}
