import type { Update } from 'grammy/types';
import { ApiError } from './api-errors.ts';
import type { DeliverOptions, DeliveryReport, UpdateHandler } from './delivery.ts';
import { post, type Webhook, waitOf } from './post-update.ts';
import { seeded } from './random.ts';
import type { Queued, UpdateQueue } from './update-queue.ts';

export interface ReceiverOptions {
  updates: UpdateQueue;
  clock: () => Date;
  /** Waits between retries; without it tests wait for nothing. */
  sleep?: ((ms: number) => Promise<void>) | undefined;
  /** Absent: over the network. */
  fetch?: typeof fetch | undefined;
  /** The receiver of another bot at the same Telegram: people's actions wait for both. */
  beside?: Receiver | undefined;
}

/** Longest pause between two tries, ms (telegram-bot-api: 60 s, randomised up to twice that). */
const RETRY_MAX = 60_000;
/** Longest pause a webhook may ask for by Retry-After, ms (the same place). */
const RETRY_AFTER_MAX = 3_600_000;
/** How long to wait for a polling bot that stays away, ms. */
const POLLER_AWAY = 5_000;

/** Brings updates to the bot: to a function, to a webhook, or to a long poll. */
export class Receiver {
  readonly #options: ReceiverOptions;
  readonly #lanes = new Map<string, Promise<boolean>>();
  #handler: UpdateHandler | undefined;
  #pollers = 0;
  /** Ends the waiting long poll with the reason that a second one or a webhook gives. */
  #endPoll: ((reason: string) => void) | undefined;
  readonly #firstPoll = Promise.withResolvers<void>();
  #hasPolled = false;
  #held = 0;
  #isServing = false;
  webhook: Webhook | undefined;
  lastError: { date: number; message: string } | undefined;
  /** Every update that was confirmed, oldest first. */
  readonly delivered: Update[] = [];
  readonly #circle: Set<Receiver>;

  constructor(options: ReceiverOptions) {
    this.#options = options;
    this.#circle = options.beside ? options.beside.#circle : new Set();
    this.#circle.add(this);
  }

  connect(handler: UpdateHandler | undefined): void {
    this.#handler = handler;
  }

  setWebhook(webhook: Webhook): void {
    this.#endPoll?.('setWebhook request');
    this.webhook = webhook;
    this.lastError = undefined;
    this.#wake();
  }

  deleteWebhook(): void {
    this.webhook = undefined;
    this.lastError = undefined;
  }

  /** Resolves when a bot has begun to poll. */
  polling(): Promise<void> {
    return this.#firstPoll.promise;
  }

  /** Holds updates back while `act` runs, so that several are pending at once. */
  async hold<T>(act: () => Promise<T>): Promise<T> {
    this.#held += 1;
    try {
      return await act();
    } finally {
      this.#held -= 1;
    }
  }

  /** Ends every action of a person: delivers, unless updates are held back or delivered anyway. */
  async deliverPending(): Promise<void> {
    const due = [...this.#circle].filter((one) => one.#held === 0 && !one.#isServing);
    await Promise.all(due.map((one) => one.deliver()));
  }

  /** From now on every lane delivers by itself, with Telegram's pauses; no action waits for it. */
  serve(): void {
    this.#isServing = true;
    this.#options.updates.onChange(() => this.#wake());
  }

  #wake(): void {
    if (!this.#isServing || !this.#isConnected) return;
    const report: DeliveryReport = { delivered: 0, failures: [], delays: [], pending: 0 };
    for (const { lane } of this.#options.updates.pending()) {
      if (this.#lanes.size >= (this.webhook?.maxConnections ?? 40)) return;
      if (this.#lanes.has(lane)) continue;
      void this.#startLane(lane, Number.POSITIVE_INFINITY, report).then(() => this.#wake());
    }
  }

  get #isConnected(): boolean {
    return this.#handler !== undefined || this.webhook !== undefined;
  }

  /** Delivers until nothing is pending that can be delivered. */
  async deliver(options: DeliverOptions = {}): Promise<DeliveryReport> {
    const report: DeliveryReport = { delivered: 0, failures: [], delays: [], pending: 0 };
    if (this.#isConnected) {
      if (options.parallel) await this.#burst(options, report);
      await this.#drain(options.attempts ?? 4, report);
    } else if (this.#hasPolled) {
      await this.#pollerDone();
    }
    report.pending = this.#options.updates.pending().length;
    return report;
  }

  /** Sends the last confirmed updates once more, as Telegram does when it lost the answer. */
  async redeliver(count = 1): Promise<number[]> {
    const again = this.delivered.slice(-count);
    return await Promise.all(again.map(async (update) => (await this.#send(update)).status));
  }

  /** Runs lanes side by side, as many as there are connections, until all are empty or stuck. */
  async #drain(attempts: number, report: DeliveryReport): Promise<void> {
    const stuck = new Set<string>();
    const running = new Map<string, Promise<void>>();
    for (;;) {
      for (const { lane } of this.#options.updates.pending()) {
        if (running.size >= (this.webhook?.maxConnections ?? 40)) break;
        if (stuck.has(lane) || running.has(lane)) continue;
        const work = this.#lanes.get(lane) ?? this.#startLane(lane, attempts, report);
        const ended = work.then((isEmpty) => {
          running.delete(lane);
          if (!isEmpty) stuck.add(lane);
        });
        running.set(lane, ended);
      }
      if (running.size === 0) return;
      await Promise.race(running.values());
    }
  }

  #startLane(lane: string, attempts: number, report: DeliveryReport): Promise<boolean> {
    const running = this.#runLane(lane, attempts, report).finally(() => this.#lanes.delete(lane));
    this.#lanes.set(lane, running);
    return running;
  }

  /** Delivers one lane in order. False when its first update kept failing. */
  async #runLane(lane: string, attempts: number, report: DeliveryReport): Promise<boolean> {
    for (;;) {
      const next = this.#options.updates.pending().find((queued) => queued.lane === lane);
      if (next === undefined) return true;
      for (let tries = 0; !(await this.#attempt(next, report)); ) {
        tries += 1;
        if (tries >= attempts || !this.#isConnected) return false;
        if (!this.#options.updates.pending().includes(next)) break;
        // The first retry at once, then 2, 4, 8 … seconds (telegram-bot-api, on_update_error).
        const own = next.attempts < 2 ? 0 : Math.min(RETRY_MAX, 2 ** (next.attempts - 1) * 1000);
        const asked = Math.min(RETRY_AFTER_MAX, (next.retryAfter ?? 0) * 1000);
        const delay = asked > 0 ? asked : own;
        report.delays.push(delay);
        await this.#options.sleep?.(delay);
      }
    }
  }

  async #burst(
    { parallel, shuffle = 0, duplicate = 0 }: DeliverOptions,
    report: DeliveryReport,
  ): Promise<void> {
    const random = seeded(shuffle);
    const pending = [...this.#options.updates.pending()];
    const twice = random.shuffle(pending).slice(0, duplicate);
    const work = shuffle === 0 ? [...pending, ...twice] : random.shuffle([...pending, ...twice]);
    const width = typeof parallel === 'number' ? parallel : (this.webhook?.maxConnections ?? 40);
    const runner = async (): Promise<void> => {
      for (let next = work.shift(); next; next = work.shift()) await this.#attempt(next, report);
    };
    await Promise.all(Array.from({ length: Math.min(width, work.length) }, runner));
  }

  async #attempt(queued: Queued, report: DeliveryReport): Promise<boolean> {
    queued.attempts += 1;
    const { status, reason, retryAfter = 0 } = await this.#send(queued.update);
    queued.retryAfter = retryAfter;
    if (status >= 200 && status <= 299) {
      if (this.#options.updates.pending().includes(queued)) {
        this.#options.updates.remove(queued);
        this.delivered.push(queued.update);
        report.delivered += 1;
      }
      return true;
    }
    this.lastError = { date: Math.floor(this.#options.clock().getTime() / 1000), message: reason };
    report.failures.push({ updateId: queued.update.update_id, reason });
    return false;
  }

  async #send(update: Update): Promise<{ status: number; reason: string; retryAfter?: number }> {
    // The bot gets its own copy: nothing it does to the update reaches the stand-in.
    const copy = structuredClone(update);
    if (this.#handler === undefined) {
      if (!this.webhook) return { status: 0, reason: 'no webhook' };
      return await post(this.webhook, copy, this.#options.fetch);
    }
    try {
      const answer = await this.#handler(copy);
      const status = typeof answer === 'number' ? answer : (answer?.status ?? 200);
      const retryAfter = answer instanceof Response ? waitOf(answer) : 0;
      return { status, reason: `Wrong response from the webhook: ${status}`, retryAfter };
    } catch (cause) {
      return { status: 500, reason: cause instanceof Error ? cause.message : String(cause) };
    }
  }

  /** One getUpdates call: confirms, then waits for updates until `timeout` seconds are over. */
  async poll(request: {
    offset: number;
    limit: number;
    timeout: number;
    signal: AbortSignal;
  }): Promise<Update[]> {
    const { updates } = this.#options;
    this.#hasPolled = true;
    this.#firstPoll.resolve();
    this.#endPoll?.('other getUpdates request; make sure that only one bot instance is running');
    this.#pollers += 1;
    try {
      if (request.offset !== 0) {
        const before = updates.pending().map(({ update }) => update);
        updates.confirm(request.offset);
        const left = new Set(updates.pending().map(({ update }) => update));
        this.delivered.push(...before.filter((update) => !left.has(update)));
      }
      const ready = (): Update[] =>
        updates
          .pending()
          .slice(0, request.limit)
          .map(({ update }) => update);
      if (ready().length === 0 && request.timeout > 0)
        await this.#arrival(request.timeout * 1000, request.signal);
      return structuredClone(ready());
    } finally {
      this.#pollers -= 1;
    }
  }

  /** Waits for an update; refused when another poll or a webhook takes over. */
  async #arrival(timeout: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, timeout);
    const stop = this.#options.updates.onChange(() => {
      if (this.#options.updates.pending().length > 0) resolve();
    });
    const end = (reason: string): void => reject(new ApiError(409, `Conflict: terminated by ${reason}`));
    const hangUp = (): void => resolve();
    signal.addEventListener('abort', hangUp);
    this.#endPoll = end;
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      stop();
      signal.removeEventListener('abort', hangUp);
      if (this.#endPoll === end) this.#endPoll = undefined;
    }
  }

  /** Waits until a polling bot has confirmed everything, or has gone away. */
  async #pollerDone(): Promise<void> {
    const { updates } = this.#options;
    while (updates.pending().length > 0) {
      const moved = await new Promise<boolean>((resolve) => {
        const timer = setTimeout(() => done(this.#pollers > 0), POLLER_AWAY);
        const stop = updates.onChange(() => done(true));
        const done = (value: boolean): void => {
          clearTimeout(timer);
          stop();
          resolve(value);
        };
      });
      if (!moved) return;
    }
  }
}
