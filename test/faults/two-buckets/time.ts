/** The time of a seed, and what its host takes for it: the clock of a host jumps. */
import type { TestClock } from '../../support/backup-world.ts';

export class SeedTime {
  /** Ms since 1970, as the buckets of others have it. */
  true: number;
  /** How far the host's clock is ahead, and the furthest it ever was, either way. */
  skew = 0;
  mostSkew = 0;
  readonly clock: TestClock;

  constructor(start: number) {
    this.true = start;
    this.clock = {
      now: () => new Date(this.true + this.skew),
      advance: (ms) => {
        this.true += ms;
      },
      set: (time) => {
        this.true = time.getTime() - this.skew;
      },
      // A time-out never comes by itself.
      sleep: (ms, signal) => {
        if (ms < 30_000) {
          this.true += ms;
          return Promise.resolve();
        }
        return new Promise((resolve) => signal?.addEventListener('abort', () => resolve()));
      },
    };
  }

  jump(ms: number): void {
    this.skew += ms;
    this.mostSkew = Math.max(this.mostSkew, Math.abs(this.skew));
  }
}
