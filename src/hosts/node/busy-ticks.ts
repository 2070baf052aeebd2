/** Ticks that use up their time: their work goes on at once, not when the next minute begins. */

export interface BusyTicks {
  readonly tick: () => Promise<void>;
  readonly now: () => Date;
  /** How long a tick may last. */
  readonly seconds: number;
  readonly isStopped: () => boolean;
}

/** One tick, and further ones while the last had no time left. */
export async function tickWhileBusy({ tick, now, seconds, isStopped }: BusyTicks): Promise<void> {
  let tookMs: number;
  do {
    if (isStopped()) return;
    const started = now().getTime();
    await tick();
    tookMs = now().getTime() - started;
  } while (tookMs >= 1000 * seconds);
}
