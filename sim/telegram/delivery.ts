/** How updates are handed to the bot, and what came of it. */
import type { Update } from 'grammy/types';

/** Takes updates inside the process; a throw or a status outside 200 to 299 is a failure. */
export type UpdateHandler = (update: Update) => Promise<Response | number | undefined> | Promise<void>;

export interface DeliverOptions {
  /** Everything pending at once, lanes ignored, as a burst comes; a number limits it. */
  parallel?: boolean | number;
  /** With `parallel`: the order is shuffled by this seed. */
  shuffle?: number;
  /** With `parallel`: this many updates, picked by the seed, are sent twice. */
  duplicate?: number;
  /** Tries per update in this call before its lane is left for the next one. Default 4. */
  attempts?: number;
}

export interface DeliveryReport {
  delivered: number;
  failures: { updateId: number; reason: string }[];
  /** Milliseconds Telegram would have waited before each retry. */
  delays: number[];
  /** Updates not confirmed when the call ended. */
  pending: number;
}
