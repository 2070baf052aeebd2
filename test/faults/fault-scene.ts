/** One seed's stage: a host with its database, a bucket, a clock, and what must be true of them. */

import { createHash } from 'node:crypto';
import type { KeyPair } from '../../src/backup/envelope/keys.ts';
import type { BackupContext } from '../../src/backup/run/context.ts';
import { type Database, one, sql } from '../../src/db/database.ts';
import type { Random } from '../backup/sqlite/random-values.ts';
import { type TestClock, testClock } from '../support/backup-world.ts';
import { createMemoryStore, type MemoryStore } from '../support/memory-store.ts';
import type { Chaos } from './chaos.ts';
import { chaoticStore } from './edges.ts';
import type { Host, Reached } from './fault-hosts.ts';

export const PREFIX = 'b/';

export interface SceneOptions {
  readonly host: Host;
  readonly contentsSql: string;
  readonly random: Random;
  readonly directory: string;
  /** Backups are encrypted for this key. */
  readonly key: KeyPair | undefined;
  readonly retentionDays: number;
  /** Commits that the database has behind it. */
  readonly committed?: number;
  /** What the bucket holds at first. */
  readonly objects?: MemoryStore['objects'];
}

/** What a database holds, as one word: equal exactly when the contents are. */
export type State = string;

export class Scene {
  readonly story: string[] = [];
  readonly clock: TestClock = testClock();
  readonly store: MemoryStore = createMemoryStore(this.clock.now);
  readonly host: Host;
  readonly random: Random;
  readonly directory: string;
  readonly contentsSql: string;
  /** Everything the living database was ever seen to hold between two operations. */
  readonly states = new Set<State>();
  readonly retentionDays: number;
  readonly #options: SceneOptions;
  /** Grows with every commit. */
  #committed: number;

  constructor(options: SceneOptions) {
    this.#options = options;
    this.host = options.host;
    this.random = options.random;
    this.directory = options.directory;
    this.contentsSql = options.contentsSql;
    this.#committed = options.committed ?? 0;
    this.retentionDays = options.retentionDays;
    for (const [key, object] of options.objects ?? []) this.store.objects.set(key, object);
  }

  get keys(): BackupContext['keys'] {
    const { key } = this.#options;
    return key && { identities: [key.identity], passphrases: [] };
  }

  async context(chaos?: Chaos, holder = 'sim'): Promise<BackupContext & { readonly reached: Reached }> {
    const reached = await this.host.reach(chaos);
    const { key } = this.#options;
    const tell = async (): Promise<void> => {};
    return {
      reached,
      source: reached.source,
      store: chaos === undefined ? this.store : chaoticStore(this.store, chaos),
      prefix: PREFIX,
      ledger: reached.ledger,
      clock: this.clock,
      random: () => 0.5,
      holder,
      appVersion: '0.1.0',
      libraries: {},
      encryption: key && { kind: 'recipients', recipients: [key.recipient] },
      keys: this.keys,
      retention: { days: this.retentionDays },
      gzipLevel: 1,
      timeoutMs: 600_000,
      alert:
        chaos === undefined
          ? tell
          : () => chaos.side('admins', (what) => new Error(`${what}: no answer`)).call('alert', tell),
    };
  }

  async database(): Promise<Database> {
    return this.host.direct();
  }

  /**
   * A transaction over several tables that must never be seen by half; acknowledged when this
   * resolves.
   */
  async commit(): Promise<void> {
    const db = await this.database();
    this.#committed += 1;
    const value = String(this.#committed);
    const code = 1 + this.random.int(9);
    await db.write([
      sql("INSERT OR REPLACE INTO counters (metric, period, value) VALUES ('sim', 'all', ?)", Number(value)),
      sql("INSERT INTO audit_log (user_id, action, subject, at) VALUES (1, 'sim', ?, '2026')", value),
      sql("INSERT OR IGNORE INTO anime (code, title) VALUES (?, 'Naruto')", code),
      sql('UPDATE anime SET description = ? WHERE code = ?', `O‘tkir ${value}`, code),
      sql(
        'INSERT OR REPLACE INTO anime_parts (anime_code, part_number, file_id) VALUES (?, 1, ?)',
        code,
        `f${value}`,
      ),
      sql('INSERT OR IGNORE INTO users (user_id, username) VALUES (?, ?)', 9_007_199_254_740_993n, value),
    ]);
    await this.expireLease();
    this.states.add(await this.state());
  }

  /** A dead holder is waited for; here the time passes at once. */
  async expireLease(): Promise<void> {
    await (await this.database()).write([sql('UPDATE backup_lease SET expires_ms = 0')]);
  }

  async state(): Promise<State> {
    const db = await this.database();
    const [rows] = await db.read([
      {
        ...sql(this.contentsSql),
        parse: (found) => found.map((row) => `${row.text('name')}\n${row.text('contents')}`),
      },
    ]);
    return stateOf(rows);
  }

  /**
   * Tables that a restore (`restoring_`) or an import (`importing_`) has left beside the living
   * ones.
   */
  async sideTables(prefix: 'restoring_' | 'importing_'): Promise<number> {
    const [found] = await (await this.database()).read([
      one(sql('SELECT count(*) AS n FROM sqlite_schema WHERE name GLOB ?', `${prefix}*`), (row) =>
        row.int('n'),
      ),
    ]);
    return found ?? 0;
  }
}

/** `tables`: name and contents of each, in the query's order. */
export function stateOf(tables: readonly string[]): State {
  return createHash('sha256').update(tables.join('\n\n')).digest('hex').slice(0, 16);
}
