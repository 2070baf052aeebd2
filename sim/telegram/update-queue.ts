import type { Update } from 'grammy/types';
import { UPDATE_TTL } from './api-limits.ts';

export type UpdateKind = Exclude<keyof Update, 'update_id'>;

/** Kinds that come only when `allowed_updates` names them (Bot API, getUpdates and setWebhook). */
const ON_REQUEST = new Set<string>(['chat_member', 'message_reaction', 'message_reaction_count']);

/** An update waiting to be confirmed. */
export interface Queued {
  readonly update: Update;
  /** Updates of one lane come one after the other; telegram-bot-api calls it webhook_queue_id. */
  readonly lane: string;
  /** Unix milliseconds. */
  readonly expires: number;
  attempts: number;
  /** Seconds the bot asked to wait before the next try. */
  retryAfter?: number;
}

/** Updates not yet confirmed by the bot, oldest first. */
export class UpdateQueue {
  readonly #clock: () => Date;
  #queue: Queued[] = [];
  #nextId = 700_000_001;
  /** What setWebhook or getUpdates asked for; undefined is the default set. */
  allowed: UpdateKind[] | undefined;
  #listeners = new Set<() => void>();

  constructor(clock: () => Date) {
    this.#clock = clock;
  }

  push(update: Omit<Update, 'update_id'>): void {
    const kind = kindOf(update);
    if (this.allowed ? !this.allowed.includes(kind) : ON_REQUEST.has(kind)) return;
    const ttl = kind in UPDATE_TTL ? UPDATE_TTL[kind as keyof typeof UPDATE_TTL] : UPDATE_TTL.message;
    this.#queue.push({
      update: { update_id: this.#nextId, ...update },
      lane: laneOf(update),
      expires: this.#clock().getTime() + ttl * 1000,
      attempts: 0,
    });
    this.#nextId += 1;
    for (const listener of [...this.#listeners]) listener();
  }

  /** What a later life needs: the next id, and what is not confirmed yet. */
  get state(): { nextId: number; queue: readonly Queued[] } {
    return { nextId: this.#nextId, queue: this.pending() };
  }

  restore({ nextId, queue }: UpdateQueue['state']): void {
    this.#nextId = nextId;
    this.#queue = [...queue];
  }

  /** Updates still to be delivered; expired ones are dropped first. */
  pending(): readonly Queued[] {
    const now = this.#clock().getTime();
    this.#queue = this.#queue.filter((queued) => queued.expires > now);
    return this.#queue;
  }

  remove(queued: Queued): void {
    this.#queue = this.#queue.filter((other) => other !== queued);
  }

  /** getUpdates with an offset confirms all before it; a negative one keeps only the last ones. */
  confirm(offset: number): void {
    if (offset < 0) this.#queue = this.#queue.slice(offset);
    else this.#queue = this.#queue.filter((queued) => queued.update.update_id >= offset);
    for (const listener of [...this.#listeners]) listener();
  }

  clear(): void {
    this.#queue = [];
  }

  /** Calls back on every push and confirmation until the returned function is called. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

function kindOf(update: Omit<Update, 'update_id'>): UpdateKind {
  const kind = Object.keys(update).find((key) => key !== 'update_id');
  if (kind === undefined) throw new Error('an update needs content');
  return kind as UpdateKind;
}

/**
 * The lane of an update, as telegram-bot-api assigns it: messages by chat, queries and membership
 * by person. So a button press may overtake a message of the same chat.
 */
function laneOf(update: Omit<Update, 'update_id'>): string {
  const kind = kindOf(update);
  const message =
    update.message ?? update.edited_message ?? update.channel_post ?? update.edited_channel_post;
  if (message) return `chat ${message.chat.id}`;
  if (update.my_chat_member) return `my_chat_member ${update.my_chat_member.chat.id}`;
  if (update.chat_member) return `member ${update.chat_member.new_chat_member.user.id}`;
  if (update.chat_join_request) return `member ${update.chat_join_request.from.id}`;
  const from = update.callback_query?.from ?? update.inline_query?.from ?? update.chosen_inline_result?.from;
  return `${kind} ${from?.id ?? 0}`;
}
