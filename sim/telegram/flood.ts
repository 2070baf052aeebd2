import { tooManyRequests } from './api-errors.ts';
import { FLOOD } from './api-limits.ts';
import type { ChatState } from './state.ts';

/** Telegram tolerates short bursts in one chat; what it forbids is keeping the pace up. */
const BURST_SECONDS = 5;

/** Message rates as the FAQ states them, counted on an injected clock. */
export class Flood {
  readonly #clock: () => Date;
  readonly #sent = new Map<string, number[]>();

  constructor(clock: () => Date) {
    this.#clock = clock;
  }

  /** Counts `messages` to a chat, or refuses them all with 429 and the seconds to wait. */
  take(chat: ChatState, messages: number): void {
    const isGroup = chat.kind !== 'private';
    const rules: [string, number, number][] = [
      ['*', FLOOD.overallPerSecond, 1000],
      [`chat ${chat.id}`, FLOOD.chatPerSecond * BURST_SECONDS, BURST_SECONDS * 1000],
      ...(isGroup
        ? [[`group ${chat.id}`, FLOOD.groupPerMinute, 60_000] satisfies [string, number, number]]
        : []),
    ];
    const now = this.#clock().getTime();
    const waits = rules.map(([key, limit, window]) => this.#wait(key, limit, window, now, messages));
    const wait = Math.max(...waits);
    if (wait > 0) throw tooManyRequests(Math.ceil(wait / 1000));
    for (const [key] of rules) {
      this.#sent.set(key, [...(this.#sent.get(key) ?? []), ...Array.from({ length: messages }, () => now)]);
    }
  }

  /** Milliseconds until `messages` more fit into the window. */
  #wait(key: string, limit: number, window: number, now: number, messages: number): number {
    const recent = (this.#sent.get(key) ?? []).filter((at) => at > now - window);
    this.#sent.set(key, recent);
    const excess = recent.length + messages - limit;
    if (excess <= 0) return 0;
    const blocking = recent[Math.min(excess, recent.length) - 1];
    return blocking === undefined ? 0 : blocking + window - now;
  }
}
