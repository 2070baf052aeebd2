/** One seed's stage: a host with its database, a bucket, a clock, and what must be true of them. */

import { type ChangeState, changeState } from '../../src/backup/catalog/change-state.ts';
import type { ShipContext } from '../../src/backup/changes/shipping.ts';
import type { KeyPair } from '../../src/backup/envelope/keys.ts';
import type { BackupContext } from '../../src/backup/run/context.ts';
import { type Database, one, type Query, type Statement, sql } from '../../src/db/database.ts';
import type { Random } from '../backup/sqlite/random-values.ts';
import type { TestClock } from '../support/backup-world.ts';
import { createMemoryStore, type MemoryStore } from '../support/memory-store.ts';
import { shippingOf } from '../support/shipping.ts';
import type { Chaos } from './chaos.ts';
import { type Contents, pointOf, SEQUENCES_SQL, type State, stateOf } from './contents.ts';
import type { DatabaseTime } from './database-time.ts';
import { CALM_SLICE_BYTES, chaoticStore } from './edges.ts';
import type { Host, Reached } from './fault-hosts.ts';

export const PREFIX = 'b/';

export interface SceneOptions {
  readonly host: Host;
  readonly time: DatabaseTime;
  readonly contentsSql: string;
  readonly random: Random;
  readonly directory: string;
  /** Backups are encrypted for this key. */
  readonly key: KeyPair | undefined;
  readonly retentionDays: number;
  /** The database remembers what it has stored, and the second copy takes nothing else. */
  readonly remembersFiles: boolean;
  /** Commits that the database has behind it. */
  readonly committed?: number;
  /** What the bucket holds at first. */
  readonly objects?: MemoryStore['objects'];
  /** Another database that uses the same bucket. */
  readonly beside?: Scene;
}

export class Scene {
  readonly story: string[];
  readonly clock: TestClock;
  readonly time: DatabaseTime;
  readonly store: MemoryStore;
  readonly host: Host;
  readonly random: Random;
  readonly directory: string;
  readonly contentsSql: string;
  /** Everything the living database was ever seen to hold between two operations. */
  readonly states: Set<State>;
  readonly retentionDays: number;
  /** How many days change files are kept. */
  readonly changeDays: number;
  readonly remembersFiles: boolean;
  readonly #options: SceneOptions;
  /** Grows with every commit. */
  #committed: number;

  constructor(options: SceneOptions) {
    this.#options = options;
    const { beside, time } = options;
    this.time = time;
    this.clock = time.clock;
    this.story = beside?.story ?? [];
    this.states = beside?.states ?? new Set();
    this.store = beside?.store ?? createMemoryStore(this.clock.now, CALM_SLICE_BYTES);
    this.host = options.host;
    this.random = options.random;
    this.directory = options.directory;
    this.contentsSql = options.contentsSql;
    this.#committed = options.committed ?? 0;
    this.retentionDays = options.retentionDays;
    this.remembersFiles = options.remembersFiles;
    this.changeDays = Math.min(14, options.retentionDays);
    for (const [key, object] of options.objects ?? []) this.store.objects.set(key, object);
  }

  /** Another database with the same bucket. */
  copyOn(host: Host, directory: string, committed: number): Scene {
    const { objects: _, ...options } = this.#options;
    return new Scene({ ...options, host, directory, committed, beside: this });
  }

  get keys(): BackupContext['keys'] {
    const { key } = this.#options;
    return key && { identities: [key.identity], passphrases: [] };
  }

  async context(chaos?: Chaos, holder = 'sim'): Promise<BackupContext & { readonly reached: Reached }> {
    const reached = await this.host.reach(chaos);
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
      encryption: this.#encryption,
      keys: this.keys,
      retention: { days: this.retentionDays },
      changeDays: this.changeDays,
      gzipLevel: 1,
      timeoutMs: 600_000,
      alert:
        chaos === undefined
          ? tell
          : () => chaos.side('admins', (what) => new Error(`${what}: no answer`)).call('alert', tell),
    };
  }

  get #encryption(): BackupContext['encryption'] {
    const { key } = this.#options;
    return key && { kind: 'recipients', recipients: [key.recipient] };
  }

  /** What ships the change log, in a process that has just begun. */
  async shipping(chaos?: Chaos, change: Partial<ShipContext> = {}): Promise<ShipContext> {
    const { db, schema } = await this.host.reach(chaos);
    const store = chaos === undefined ? this.store : chaoticStore(this.store, chaos);
    return shippingOf(
      { db, source: { schema }, store },
      {
        prefix: PREFIX,
        encryption: this.#encryption,
        keys: this.keys,
        holder: 'sim',
        now: this.clock.now,
        isCopied: this.remembersFiles,
        ...change,
      },
    );
  }

  async database(): Promise<Database> {
    return this.host.direct();
  }

  /**
   * A transaction over several tables that must never be seen by half; acknowledged when this
   * resolves.
   */
  async commit(): Promise<void> {
    await this.change();
    await this.expireLease();
  }

  /** The same while something is under way. */
  async change(): Promise<void> {
    const db = await this.database();
    this.#committed += 1;
    const value = String(this.#committed);
    const code = 1 + this.random.int(9);
    await db.write([
      sql(
        `INSERT INTO counters (metric, period, value) VALUES ('sim', 'all', ?)
         ON CONFLICT DO UPDATE SET value = excluded.value`,
        Number(value),
      ),
      sql("INSERT INTO audit_log (user_id, action, subject, at) VALUES (1, 'sim', ?, '2026')", value),
      sql("INSERT OR IGNORE INTO anime (code, title) VALUES (?, 'Naruto')", code),
      sql('UPDATE anime SET description = ? WHERE code = ?', `O‘tkir ${value}`, code),
      sql(
        `INSERT INTO anime_parts (anime_code, part_number, file_id) VALUES (?, 1, ?)
         ON CONFLICT DO UPDATE SET file_id = excluded.file_id`,
        code,
        `f${value}`,
      ),
      sql('INSERT OR IGNORE INTO users (user_id, username) VALUES (?, ?)', 9_007_199_254_740_993n, value),
      ...this.#more(code),
    ]);
  }

  /** What a replay may get wrong: rows that go, come back, and swap what is theirs alone. */
  #more(code: number): Statement[] {
    const other = 1 + this.random.int(9);
    switch (this.random.int(4)) {
      case 0:
        return [sql('DELETE FROM anime WHERE code = ?', other)];
      case 1:
        return other === code
          ? []
          : [
              sql('UPDATE anime SET code = -1 WHERE code = ?', code),
              sql('UPDATE anime SET code = ? WHERE code = ?', code, other),
              sql('UPDATE anime SET code = ? WHERE code = -1', other),
            ];
      case 2:
        return [
          sql('DELETE FROM audit_log WHERE rowid % 3 = ?', this.random.int(3)),
          sql("DELETE FROM counters WHERE metric = 'SIM'"),
          sql("UPDATE counters SET metric = 'SIM' WHERE metric = 'sim'"),
        ];
      default:
        return [sql('UPDATE OR IGNORE users SET user_id = -user_id')];
    }
  }

  /** A dead holder is waited for; here the time passes at once. */
  async expireLease(): Promise<void> {
    // In the server's own process a second connection would block the one whose lock it waits for.
    const { db } = await this.host.reach(undefined);
    await db.write([sql('UPDATE backup_lease SET expires_ms = 0'), sql('DELETE FROM job_leases')]);
  }

  async state(): Promise<State> {
    return (await this.look()).state;
  }

  /** What the database holds now, and where its change log stands, in one transaction. */
  async look(): Promise<Look> {
    const db = await this.database();
    const rows = (text: string): Query<Contents> => ({
      ...sql(text),
      parse: (found) => found.map((row) => ({ name: row.text('name'), contents: row.text('contents') })),
    });
    const count = (text: string) => one(sql(`SELECT (${text}) AS n`), (row) => row.intOrNull('n') ?? 0);
    const [contents, sequences, log, last, waiting] = await db.read([
      rows(this.contentsSql),
      rows(SEQUENCES_SQL),
      changeState,
      count("SELECT seq FROM sqlite_sequence WHERE name = 'change_log'"),
      count('SELECT count(*) FROM change_log WHERE seq > (SELECT shipped_seq FROM change_state)'),
    ]);
    const state = stateOf(contents);
    return { state, point: pointOf(contents, sequences), log, last: last ?? 0, waiting: waiting ?? 0 };
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

export interface Look {
  readonly state: State;
  readonly point: State;
  readonly log: ChangeState | undefined;
  /** The number of the last entry that the change log ever had. */
  readonly last: number;
  /** Entries that no file and no backup is known to hold. */
  readonly waiting: number;
}
