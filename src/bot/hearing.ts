/**
 * Whether updates can arrive at all. A bot that Telegram brings nothing looks well in every other
 * way; one that nobody writes to is well, so silence alone proves nothing: what Telegram says of
 * the webhook does, or that it answers the poll.
 */
import { type Api, GrammyError } from 'grammy';
import type { Statement } from '../db/database.ts';
import { recordWebhook } from '../db/hearing.ts';
import { describeError } from '../lib/log.ts';
import { isTokenRefused, TOKEN_REFUSED } from '../lib/token-refused.ts';
import { ALLOWED_UPDATES } from './telegram.ts';

export interface Hearing {
  /** Undefined: polling. */
  readonly webhook?: {
    /** Where updates are to arrive; left out: where the last deploy said (Worker). */
    readonly url?: string | undefined;
    readonly secret: string;
  };
  /** What stands in the way, as far as this process knows by itself. */
  readonly trouble: (now: Date) => string | undefined;
  /** 409 since it was last asked for: others poll with the same token. */
  readonly conflicts?: () => number;
}

/** A poll is held for 15 s, and tried again within 30 s. */
const POLL_SILENCE_MS = 120_000;

/** What a polling host hears. */
export class PollHearing implements Hearing {
  #answeredAt: number;
  #conflicts = 0;
  #last = 'no answer';
  #isRefused = false;

  constructor(now: Date) {
    this.#answeredAt = now.getTime();
  }

  answered(now: Date): void {
    this.#answeredAt = now.getTime();
    this.#isRefused = false;
  }

  failed(error: unknown): void {
    this.#isRefused = isTokenRefused(error);
    this.#last = this.#isRefused ? TOKEN_REFUSED : describeError(error);
    if (error instanceof GrammyError && error.error_code === 409) this.#conflicts += 1;
  }

  conflicts(): number {
    const count = this.#conflicts;
    this.#conflicts = 0;
    return count;
  }

  trouble(now: Date): string | undefined {
    return this.#isRefused || now.getTime() - this.#answeredAt > POLL_SILENCE_MS ? this.#last : undefined;
  }
}

/** Sets the webhook; its address is what `heard` gives from now on, once the statement has run. */
export async function setWebhook(api: Api, url: string, secret: string): Promise<Statement> {
  await api.setWebhook(url, { secret_token: secret, allowed_updates: ALLOWED_UPDATES });
  return recordWebhook(url);
}
