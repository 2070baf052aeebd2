/**
 * Sending to many: how long to wait for one recipient, and how to tell that one's trouble from
 * Telegram's. News, broadcasts and posts share it. Telegram words a chat's flood and the bot's
 * alike, so several recipients in a row decide.
 */
import { least } from './extremes.ts';
import { pauseAfter, RECIPIENT } from './retry.ts';

/** After as many unreachable recipients in a row the fault is not theirs. */
const DOWN_AFTER = 3;

/** Attempts at one recipient before it counts as failed. */
export const MAX_ATTEMPTS: number = RECIPIENT.attempts;
/** No stored pause is believed beyond this. */
export const LONGEST_PAUSE_MS: number = RECIPIENT.mostMs;

/**
 * When to try a recipient again, ms since 1970. The others do not wait for it
 * (a wait of up to 5 s is taken inside the call: src/bot/telegram.ts).
 * @param attempts that failed before this one
 * @param seconds that Telegram named, 0 where it named none
 */
export function retryTime(now: Date, attempts: number, seconds: number): number {
  const pause = Math.max(seconds * 1000, pauseAfter(RECIPIENT, attempts + 1));
  return now.getTime() + Math.min(pause, LONGEST_PAUSE_MS);
}

/** The recipients of one tick, in the order of the attempts. */
export class Streak {
  #waits: number[] = [];

  /**
   * @param waitSeconds of a recipient who has to wait; absent for one who was reached or refused
   * for good
   */
  add(waitSeconds?: number): void {
    this.#waits = waitSeconds === undefined ? [] : [...this.#waits, waitSeconds];
  }

  /** The last one could not be reached: the next tells whose fault that is. */
  get isDoubtful(): boolean {
    return this.#waits.length > 0;
  }

  /** Telegram refuses everything: a later tick does the rest. */
  get isDown(): boolean {
    return this.#waits.length >= DOWN_AFTER;
  }

  /** The shortest wait among them: a chat's own flood may be longer than the bot's. */
  get waitMs(): number {
    return Math.min(LONGEST_PAUSE_MS, 1000 * least(this.#waits));
  }
}
