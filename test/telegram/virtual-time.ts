/**
 * Time that passes only when nobody has anything to do: timers fire in their order, an hour takes
 * as long as its work. The global timers are replaced while it is installed, for libraries wait
 * with those (grammY's time-outs, the pauses of its retries).
 */

/** A real wait longer than this is a wait for a timer: the work has begun to sleep itself. */
const STALL_MS = 250;
/** Turns of the event loop without work before time may pass. */
const QUIET_TURNS = 3;

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

const real = {
  setTimeout: globalThis.setTimeout,
  clearTimeout: globalThis.clearTimeout,
  timeout: AbortSignal.timeout,
};

export class VirtualTime {
  #now: number;
  #order = 0;
  #working = 0;
  #idle = Promise.withResolvers<void>();
  readonly #timers = new Map<Handle, Timer>();

  constructor(start: Date) {
    this.#now = start.getTime();
  }

  readonly now = (): Date => new Date(this.#now);

  readonly sleep = (ms: number): Promise<void> =>
    new Promise((resolve) => void this.#set(resolve, Number.isFinite(ms) ? ms : 0));

  /** Replaces the global timers until the returned function is called. */
  install(): () => void {
    const set = (run: (...args: unknown[]) => void, ms = 0, ...args: unknown[]): Handle =>
      this.#set(() => run(...args), ms);
    const clear = (handle: unknown): void => {
      if (handle instanceof Handle) this.#timers.delete(handle);
      else if (handle !== undefined) real.clearTimeout(handle as NodeJS.Timeout);
    };
    Object.assign(globalThis, { setTimeout: set, clearTimeout: clear });
    AbortSignal.timeout = (ms) => {
      const controller = new AbortController();
      this.#set(() => controller.abort(new DOMException('timed out', 'TimeoutError')), ms);
      return controller.signal;
    };
    return () => {
      Object.assign(globalThis, { setTimeout: real.setTimeout, clearTimeout: real.clearTimeout });
      AbortSignal.timeout = real.timeout;
    };
  }

  /** Time stands still until real work (a disk, a process) is done. */
  async working<T>(work: () => Promise<T>): Promise<T> {
    this.#working += 1;
    try {
      return await work();
    } finally {
      this.#working -= 1;
      if (this.#working === 0) {
        this.#idle.resolve();
        this.#idle = Promise.withResolvers();
      }
    }
  }

  /** Lets everything happen that is due up to then. */
  async runUntil(moment: number): Promise<void> {
    for (;;) {
      await this.#settle();
      const next = this.#next();
      if (next === undefined || next[1].at > moment) break;
      this.#timers.delete(next[0]);
      this.#now = Math.max(this.#now, next[1].at);
      next[1].run();
    }
    this.#now = Math.max(this.#now, moment);
  }

  #set(run: () => void, ms: number): Handle {
    const handle = new Handle();
    this.#order += 1;
    this.#timers.set(handle, { at: this.#now + Math.max(0, ms), order: this.#order, run });
    return handle;
  }

  #next(): [Handle, Timer] | undefined {
    let next: [Handle, Timer] | undefined;
    for (const entry of this.#timers) {
      const [, { at, order }] = entry;
      if (next === undefined || at < next[1].at || (at === next[1].at && order < next[1].order)) next = entry;
    }
    return next;
  }

  async #settle(): Promise<void> {
    for (let quiet = 0; quiet < QUIET_TURNS; quiet += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      if (this.#working === 0) continue;
      quiet = -1;
      const stalled = await new Promise<boolean>((resolve) => {
        const timer = real.setTimeout(() => resolve(true), STALL_MS);
        void this.#idle.promise.then(() => {
          real.clearTimeout(timer);
          resolve(false);
        });
      });
      if (stalled) return;
    }
  }
}

/** What `setTimeout` gives; nobody waits for it at the end of the process. */
class Handle {
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
  hasRef(): boolean {
    return false;
  }
}
