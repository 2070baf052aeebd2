/**
 * Messages to one chat at the pace that Telegram allows. A slot is written down before its message
 * goes: so a killed host and its successor together never send more.
 */
import { keepPace } from '../db/chat-pace.ts';
import type { Statement } from '../db/database.ts';
import { nextSlot, withSlot } from '../lib/chat-pace.ts';
import type { JobContext } from './job.ts';

export class PacedChat {
  readonly #context: Pick<JobContext, 'now' | 'sleep' | 'deadline'>;
  readonly #chatId: number;
  #slots: readonly number[];
  #next = 0;

  /** @param slots {@link paceOf} the chat */
  constructor(
    context: Pick<JobContext, 'now' | 'sleep' | 'deadline'>,
    chatId: number,
    slots: readonly number[],
  ) {
    this.#context = context;
    this.#chatId = chatId;
    this.#slots = slots;
  }

  /** Takes the next slot, by the statement; undefined when it comes after the deadline. */
  reserve(): Statement | undefined {
    const nowMs = this.#context.now().getTime();
    const slot = nextSlot(this.#slots, nowMs);
    if (slot >= this.#context.deadline.getTime()) return undefined;
    this.#next = slot;
    this.#slots = withSlot(this.#slots, slot, nowMs);
    return keepPace(this.#chatId, this.#slots);
  }

  /** Waits for the slot that was taken last. */
  async slot(): Promise<void> {
    const left = this.#next - this.#context.now().getTime();
    if (left > 0) await this.#context.sleep(left);
  }
}
