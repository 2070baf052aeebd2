/**
 * What a handler gets: grammY's context, the turn, the viewer, and the services. Built once per
 * update in `receive.ts`.
 */
import { type Api, Context } from 'grammy';
import type { Update, UserFromGetMe } from 'grammy/types';
import type { Rate } from '../db/users.ts';
import type { Texts } from '../locales/index.ts';
import type { LocaleName } from '../settings/config.ts';
import { cutText } from '../text/html.ts';
import { DEFAULT_TIME_ZONE, localTime } from '../text/times.ts';
import type { Incoming } from './incoming.ts';
import type { Services } from './services.ts';
import type { Turn } from './turn.ts';

export interface Viewer {
  readonly id: number;
  readonly locale: LocaleName;
  readonly isNew: boolean;
  /** From ADMIN_IDS (`owner`) or the admins table. */
  readonly role: 'owner' | 'admin' | undefined;
  readonly rate: Rate;
}

export class BotContext extends Context {
  readonly turn: Turn;
  readonly incoming: Incoming;
  /** Undefined for updates without a person (channel posts). */
  readonly viewer: Viewer | undefined;
  readonly t: Texts;
  readonly now: Date;
  readonly services: Services;
  #answered = false;

  constructor(
    update: Update,
    api: Api,
    me: UserFromGetMe,
    parts: {
      turn: Turn;
      incoming: Incoming;
      viewer: Viewer | undefined;
      texts: Texts;
      now: Date;
      services: Services;
    },
  ) {
    super(update, api, me);
    this.turn = parts.turn;
    this.incoming = parts.incoming;
    this.viewer = parts.viewer;
    this.t = parts.texts;
    this.now = parts.now;
    this.services = parts.services;
  }

  /** The zone in which people read times. */
  get timeZone(): string {
    return this.services.timeZone ?? DEFAULT_TIME_ZONE;
  }

  /** A time of the database, or a moment, as people read it. */
  time(at: string | Date): string {
    return localTime(at, this.timeZone);
  }

  /**
   * Answers the pressed button, at most once: Telegram refuses a second answer. Never fails
   * (cosmetic-calls.ts).
   */
  async answerPress(
    text?: string,
    options: { readonly alert?: boolean; readonly url?: string } = {},
  ): Promise<void> {
    if (this.callbackQuery === undefined || this.#answered) return;
    this.#answered = true;
    await this.answerCallbackQuery({
      // Telegram's limit for callback answers: 200 characters.
      ...(text === undefined ? {} : { text: cutText(text, 200).text }),
      ...(options.alert === true ? { show_alert: true } : {}),
      ...(options.url === undefined ? {} : { url: options.url }),
    });
  }
}
