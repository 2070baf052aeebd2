/** Who may write: one stream at a time; past its limit another takes the lock away. */
import type { Clock } from './server-clock.ts';
import type { Connection } from './sql-connection.ts';

/** How often to look again for a lock held outside this server. */
const FOREIGN_POLL_MS = 5;

export class WriteLock {
  readonly #clock: Clock;
  readonly #limitMs: number;
  #holder: { readonly connection: Connection; readonly since: number } | undefined;
  readonly #waiting: (() => void)[] = [];

  constructor(clock: Clock, limitMs: number) {
    this.#clock = clock;
    this.#limitMs = limitMs;
  }

  /** A statement that writes, or BEGIN IMMEDIATE, succeeded. */
  taken(connection: Connection): void {
    if (!connection.isAutocommit && this.#holder?.connection !== connection) {
      this.#holder = { connection, since: this.#clock.now() };
    }
  }

  /** A step is over, however it ended: its transaction may be, too. */
  note(connection: Connection): void {
    if (connection.isAutocommit) this.forget(connection);
  }

  /** The connection is gone. */
  forget(connection: Connection): void {
    if (this.#holder?.connection === connection) this.#release();
  }

  /** After SQLITE_BUSY: resolves when another try is worth it; false when no stream locks. */
  async wait(): Promise<boolean> {
    const holder = this.#holder;
    if (holder === undefined) {
      await new Promise((resolve) => setTimeout(resolve, FOREIGN_POLL_MS));
      return false;
    }
    const left = holder.since + this.#limitMs - this.#clock.now();
    if (left <= 0) {
      this.#steal(holder.connection);
      return true;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push(resolve);
    const cancel = this.#clock.after(left, () => {
      if (this.#holder === holder) this.#steal(holder.connection);
    });
    await promise;
    cancel();
    return true;
  }

  #steal(from: Connection): void {
    from.rollback();
    from.forcedRollback = true;
    this.#release();
  }

  #release(): void {
    this.#holder = undefined;
    // One after the other: the first to try takes the lock, the others come back here.
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
