/**
 * Sending to many: how long one recipient is waited for, and how trouble with one is told from trouble with Telegram. News, broadcasts
 * and posts share it. Telegram words a chat's flood and the bot's alike, so several recipients in a row tell.
 */
import { pauseAfter, RECIPIENT } from './retry.ts';

/** So many recipients in a row who cannot be reached: it is not they. */
const DOWN_AFTER = 3;

/** Attempts at one recipient before it is counted as failed. */
export const MAX_ATTEMPTS: number = RECIPIENT.attempts;
/** No stored pause is believed beyond this. */
export const LONGEST_PAUSE_MS: number = RECIPIENT.mostMs;

/**
 * When a recipient is tried again, ms since 1970. The others do not wait for it.
 * @param attempts that failed before this one
 * @param seconds that Telegram named, 0 where it named none
 */
export function retryTime(now: Date, attempts: number, seconds: number): number {
  const pause = Math.max(seconds * 1000, pauseAfter(RECIPIENT, attempts + 1));
  return now.getTime() + Math.min(pause, LONGEST_PAUSE_MS);
}

/** The recipients of one tick, in the order in which they are tried. */
export class Streak {
  #waits: number[] = [];

  /** @param waitSeconds of a recipient who has to wait; left out for one who was reached or refused for good */
  add(waitSeconds?: number): void {
    this.#waits = waitSeconds === undefined ? [] : [...this.#waits, waitSeconds];
  }

  /** Telegram takes nothing at all: the rest is a later tick's. */
  get isDown(): boolean {
    return this.#waits.length >= DOWN_AFTER;
  }

  /** The shortest wait of those in it: a chat's own flood may be longer than the bot's. */
  get waitMs(): number {
    return Math.min(LONGEST_PAUSE_MS, 1000 * Math.min(...this.#waits));
  }
}
