/**
 * Long polling for hosts without a public address. grammY's own loop confirms an update before its
 * handling is known to have worked. Here the offset is that of the oldest unfinished update, so
 * none is lost when the database is away, and no chat waits for another.
 */
import { type Api, GrammyError, HttpError } from 'grammy';
import type { Update } from 'grammy/types';
import { chatOf } from '../../bot/incoming.ts';
import type { Delivery, Outcome } from '../../bot/outcome.ts';
import { ALLOWED_UPDATES } from '../../bot/telegram.ts';
import { isUpdate } from '../../bot/update-shape.ts';
import { least } from '../../lib/extremes.ts';
import { describeError, type Log } from '../../lib/log.ts';
import { untilStopped } from '../../lib/retry.ts';
import { Slots } from '../../lib/slots.ts';
import { UNREACHABLE } from '../../lib/surprise.ts';
import { isTokenRefused, TOKEN_REFUSED } from '../../lib/token-refused.ts';

export interface PollingOptions {
  readonly api: Api;
  readonly receive: (update: Update, delivery: Delivery) => Promise<Outcome>;
  readonly log: Log;
  readonly sleep: (milliseconds: number) => Promise<void>;
  readonly signal: AbortSignal;
  /** Telegram answered: the bot hears. */
  readonly onAnswer?: () => void;
  readonly onFailure?: (error: unknown) => void;
}

/** How long Telegram holds a request without updates, seconds. */
const HOLD_SECONDS = 15;
/** The pause after a refused token, ms: Telegram seldom knows such a token again. */
const REFUSED_MS = 60_000;
/** Before the next question while updates are handled: Telegram repeats those, adds new ones. */
const PEEK_MS = 300;
/** Telegram gives 100 from the oldest unfinished one on: beyond this, new ones go unseen. */
const MOST_UNFINISHED = 80;
/** Ids that are remembered as told. */
const MOST_STRANGE = 1_000;
/** Updates handled at once, each of another chat. */
const MOST_AT_ONCE = 24;

/** Polls until the signal aborts, and finishes what it handles then. */
export async function poll(options: PollingOptions): Promise<void> {
  const { api, log, signal } = options;
  const stopped = aborted(signal);
  const queues = new ChatQueues(options);
  const ask = async (): Promise<Numbered[]> => {
    const question = {
      offset: queues.nextOffset(),
      timeout: HOLD_SECONDS,
      allowed_updates: ALLOWED_UPDATES,
    };
    // An abandoned answer confirms nothing: the offset did not move.
    const answer: unknown = await Promise.race([api.getUpdates(question), stopped]);
    return numbered(answer);
  };
  /** Of the last failure: a trouble that goes on is told once. */
  let told: string | undefined;
  const onFailure = async (error: unknown, pauseMs: number): Promise<void> => {
    options.onFailure?.(error);
    const words = describeError(error);
    const isRefused = isTokenRefused(error);
    const remedy = isRefused ? TOKEN_REFUSED : error instanceof HttpError ? UNREACHABLE : undefined;
    const level = words === told ? 'debug' : isRefused ? 'error' : 'warn';
    told = words;
    log[level]('polling failed', { ...(remedy && { remedy }), error: words, retry_in_ms: pauseMs });
    if (error instanceof GrammyError && error.error_code === 409) await freeFromWebhook(options);
  };
  for (;;) {
    const asked = await untilStopped({ ...options, onFailure, leastMs }, ask);
    if (asked === undefined) break;
    if (told !== undefined) log.info('polling works again');
    told = undefined;
    queues.take(asked);
    options.onAnswer?.();
    do await Promise.race([queues.idle(), options.sleep(PEEK_MS)]);
    while (queues.unfinished >= MOST_UNFINISHED && !signal.aborted);
  }
  await queues.idle();
}

/** 409: a webhook is set, which Telegram prefers, or another program polls with the token. */
async function freeFromWebhook({ api, log }: PollingOptions): Promise<void> {
  await api
    .deleteWebhook()
    .catch((error: unknown) => log.warn('webhook not removed', { error: describeError(error) }));
}

const leastMs = (error: unknown): number => (isTokenRefused(error) ? REFUSED_MS : 0);

/** @throws where no update of the answer has a number: asking again at once would not end */
function numbered(answer: unknown): Numbered[] {
  if (!Array.isArray(answer)) throw new Error('getUpdates was not answered with a list');
  const updates = answer.filter(isNumbered);
  if (updates.length < answer.length && updates.length === 0)
    throw new Error('getUpdates gave no update of the shape that Telegram documents');
  return updates;
}

interface Numbered {
  readonly update_id: number;
}

function isNumbered(value: unknown): value is Numbered {
  return (
    typeof value === 'object' &&
    value !== null &&
    'update_id' in value &&
    Number.isSafeInteger(value.update_id)
  );
}

function aborted(signal: AbortSignal): Promise<[]> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve([]), { once: true }));
}

/** One chat's updates in their order, different chats at once, as Telegram does with webhooks. */
class ChatQueues {
  /** The queue of a chat's updates. */
  readonly #tails = new Map<number, Promise<void>>();
  readonly #unfinished = new Set<number>();
  /** Finished, but Telegram gives it again while an older one is not. */
  readonly #finished = new Set<number>();
  /** Told of, and no update. */
  readonly #strange = new Set<number>();
  readonly #slots = new Slots(MOST_AT_ONCE);
  readonly #options: PollingOptions;
  #last = -1;

  constructor(options: PollingOptions) {
    this.#options = options;
  }

  get unfinished(): number {
    return this.#unfinished.size;
  }

  /** The oldest unfinished update's id; asking with it confirms all before it. */
  nextOffset(): number {
    if (this.#unfinished.size > 0) return least(this.#unfinished);
    this.#finished.clear();
    return this.#last + 1;
  }

  /** New ones join their chat's queue; repeated ones are there already. */
  take(updates: readonly Numbered[]): void {
    for (const update of updates) {
      const { update_id: id } = update;
      this.#last = id;
      if (!isUpdate(update)) {
        // Telegram sends nothing else; what stands in for it may. The offset leaves it behind; a
        // server that gives it again and again is told of once.
        if (!this.#strange.has(id)) this.#options.log.error('not an update', { update_id: id });
        if (this.#strange.size >= MOST_STRANGE) this.#strange.clear();
        this.#strange.add(id);
        continue;
      }
      if (this.#unfinished.has(id) || this.#finished.has(id)) continue;
      this.#unfinished.add(id);
      const queue = chatOf(update) ?? id;
      const tail = (this.#tails.get(queue) ?? Promise.resolve()).then(() => this.#handle(update));
      this.#tails.set(queue, tail);
      void tail.then(() => {
        if (this.#tails.get(queue) === tail) this.#tails.delete(queue);
      });
    }
  }

  /** Resolves when all updates are finished or given up. */
  async idle(): Promise<void> {
    while (this.#tails.size > 0) await Promise.all(this.#tails.values());
  }

  /** Never rejects. An update that is given up when polling stops stays unconfirmed. */
  async #handle(update: Update): Promise<void> {
    const { receive, sleep, signal } = this.#options;
    const isDone = await untilStopped({ sleep, signal }, async () => {
      const outcome = await this.#inTurn(() => receive(update, 'polling'));
      if (outcome === 'again') throw new Error('the update could not be kept');
      return true;
    });
    if (isDone !== true) return;
    this.#unfinished.delete(update.update_id);
    this.#finished.add(update.update_id);
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const release = await this.#slots.acquire();
    try {
      return await work();
    } finally {
      release();
    }
  }
}
