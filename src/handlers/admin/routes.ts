/**
 * Which admin's update goes where. Everybody else falls through to the viewers' handlers, so that an admin command is to him what any
 * unknown command is.
 */
import { Composer } from 'grammy';
import type { Message } from 'grammy/types';
import type { Action } from '../../bot/callback-data.ts';
import type { BotContext, Viewer } from '../../bot/context.ts';
import type { Incoming } from '../../bot/incoming.ts';
import { type Prefetch, prefetch } from '../../bot/turn.ts';
import { type Ask, openAsk, type Question } from '../../db/asks.ts';
import type { Query } from '../../db/database.ts';

type ActionOf<K extends Action['kind']> = Extract<Action, { kind: K }>;

/** The pressed button's action, if it is one of these kinds. */
export function pressed<K extends Action['kind']>(
  incoming: Incoming,
  ...kinds: readonly K[]
): ActionOf<K> | undefined {
  if (incoming.kind !== 'press') return undefined;
  const { action } = incoming;
  return kinds.some((kind) => kind === action?.kind) ? (action as ActionOf<K>) : undefined;
}

/** A question asked of the database when a button of one of these kinds is pressed. */
export function whenPressed<K extends Action['kind'], T>(
  kinds: readonly K[],
  question: (action: ActionOf<K>, userId: number, now: Date) => Query<T>,
): Prefetch<T> {
  return prefetch((incoming, { userId, now }) => {
    const action = pressed(incoming, ...kinds);
    return action === undefined || userId === undefined ? undefined : question(action, userId, now);
  });
}

/** The same for commands and for the buttons that open the same screen. */
export function whenAsked<T>(
  command: string,
  kinds: readonly Action['kind'][],
  question: (userId: number, now: Date) => Query<T>,
): Prefetch<T> {
  return prefetch((incoming, { userId, now }) => {
    const isAsked =
      (incoming.kind === 'command' && incoming.name === command) || pressed(incoming, ...kinds) !== undefined;
    return isAsked && userId !== undefined ? question(userId, now) : undefined;
  });
}

/** Messages that may be the answer to a question, or part of a draft. */
export function isContent(incoming: Incoming): boolean {
  return incoming.kind === 'text' || incoming.kind === 'code' || incoming.kind === 'attachment';
}

/** The question the bot has asked this person, if any. */
export const askedQuestion = prefetch((incoming, { userId }) =>
  userId !== undefined && (isContent(incoming) || (incoming.kind === 'command' && incoming.name === 'cancel'))
    ? openAsk(userId)
    : undefined,
);

/** An admin in his private chat with the bot. */
function asAdmin(ctx: BotContext, roles: readonly Viewer['role'][]): Viewer | undefined {
  return ctx.viewer?.role !== undefined &&
    roles.includes(ctx.viewer.role) &&
    (ctx.chat === undefined || ctx.chat.type === 'private')
    ? ctx.viewer
    : undefined;
}

/** Composes one admin feature. */
export class AdminRoutes {
  readonly composer = new Composer<BotContext>();
  #roles: readonly Viewer['role'][] = ['owner', 'admin'];

  /** What follows is for owners alone. */
  owners(): this {
    this.#roles = ['owner'];
    return this;
  }

  /** @param handle `argument` is what follows the command */
  command(
    name: string,
    handle: (ctx: BotContext, admin: Viewer, argument: string) => Promise<unknown>,
  ): this {
    this.#on(`/${name}`, ({ incoming }) =>
      incoming.kind === 'command' && incoming.name === name ? incoming.argument : undefined,
    )(handle);
    return this;
  }

  press<K extends Action['kind']>(
    kind: K,
    handle: (ctx: BotContext, admin: Viewer, action: ActionOf<K>) => Promise<unknown>,
  ): this {
    this.#on(kind, ({ incoming }) => pressed(incoming, kind))(handle);
    return this;
  }

  /** The next message after a question. `message` is never a command. */
  answer(
    question: Question,
    handle: (
      ctx: BotContext,
      admin: Viewer,
      given: { readonly ask: Ask; readonly message: Message },
    ) => Promise<unknown>,
  ): this {
    this.#on(`answer ${question}`, (ctx) => {
      const ask = ctx.turn.got(askedQuestion);
      return ask?.question === question && isContent(ctx.incoming) && ctx.message !== undefined
        ? { ask, message: ctx.message }
        : undefined;
    })(handle);
    return this;
  }

  /** Anything else: `find` says whether the update is one for this feature. */
  on<T>(
    name: string,
    find: (ctx: BotContext) => T | undefined,
    handle: (ctx: BotContext, admin: Viewer, found: T) => Promise<unknown>,
  ): this {
    this.#on(name, find)(handle);
    return this;
  }

  #on<T>(name: string, find: (ctx: BotContext) => T | undefined) {
    const roles = this.#roles;
    return (handle: (ctx: BotContext, admin: Viewer, found: T) => Promise<unknown>): void => {
      this.composer.use(async (ctx, next) => {
        const admin = asAdmin(ctx, roles);
        const found = admin === undefined ? undefined : find(ctx);
        if (admin === undefined || found === undefined) return next();
        ctx.turn.handler = `admin ${name}`;
        await handle(ctx, admin, found);
        return undefined;
      });
    };
  }
}
