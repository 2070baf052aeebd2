/**
 * How fast messages go to many chats: evenly, and never more than {@link MOST} in any second. It
 * holds numbers only, so one may serve a host for ever.
 */

/** docs/spec/bot.md "Admin" 6; Telegram's own limit is about 30 (docs/platform-facts.md). */
const MOST = 25;
const WINDOW_MS = 1_000;
/** Between two messages. */
const EVEN_MS: number = WINDOW_MS / MOST;
/** After a longer silence nothing is caught up with. */
const IDLE_MS = 2_000;

export class Pace {
  /** When the last messages began, ms since 1970: at most {@link MOST} of them, oldest first. */
  #starts: number[] = [];

  /**
   * Between the recipients of one slice. What was recorded before it took time; so much closer
   * together they begin that slices and records together keep the pace, however far the network.
   * @param recipients in the slice
   * @param messages for each of them
   */
  gapMs(nowMs: number, recipients: number, messages: number): number {
    const even = EVEN_MS * messages;
    const silence = nowMs - (this.#starts.at(-1) ?? 0);
    if (recipients < 2 || silence > IDLE_MS) return even;
    return Math.min(even, Math.max(0, (even * recipients - silence) / (recipients - 1)));
  }

  /** Takes the next turn; returns how long to wait for it, ms. */
  take(nowMs: number, messages: number, gapMs: number): number {
    // A clock that was put back must stop nobody.
    this.#starts = this.#starts.filter((at) => at <= nowMs + WINDOW_MS * messages);
    const previous = this.#starts.at(-1) ?? 0;
    const crowded = this.#starts.at(-1 - Math.max(0, MOST - messages)) ?? 0;
    const start = Math.max(nowMs, previous + gapMs, crowded + WINDOW_MS);
    this.#starts.push(...Array.from({ length: Math.min(messages, MOST) }, () => start));
    this.#starts = this.#starts.slice(-MOST);
    return start - nowMs;
  }
}
