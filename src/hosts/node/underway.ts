import { setTimeout as sleep } from 'node:timers/promises';

/** What a stopping host waits for. */
export class Underway {
  readonly #work = new Set<Promise<unknown>>();

  add<T>(work: T | Promise<T>): Promise<T> {
    const running = Promise.resolve(work);
    this.#work.add(running);
    const forget = (): boolean => this.#work.delete(running);
    running.then(forget, forget);
    return running;
  }

  /** Resolves with how many are left: 0, or more when the time is over first. */
  async finished(withinMs?: number): Promise<number> {
    const over = withinMs === undefined ? [] : [sleep(withinMs, undefined, { ref: false })];
    await Promise.race([Promise.allSettled(this.#work), ...over]);
    return this.#work.size;
  }
}
