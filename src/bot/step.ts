/**
 * The way of an update is a row of stages. A stage looks at the update and gives the step it wants
 * to take: what it has to know, and what it does once it knows. All steps are asked in one read
 * batch.
 */
import { Composer, type Middleware, type NextFunction } from 'grammy';
import type { Query } from '../db/database.ts';
import type { BotContext } from './context.ts';
import type { Incoming } from './incoming.ts';
import { type Result, reply } from './reply.ts';

/** Who asks, as far as it is known before anything was read. */
export interface Who {
  /** 0 for updates without a person. */
  readonly id: number;
  readonly now: Date;
  /** A message, or a button under one, in a private chat with the bot. */
  readonly isPrivate: boolean;
}

/** An undefined one need not be asked, and is answered with undefined. */
export type Questions = readonly (Query<unknown> | undefined)[];
type AnswerTo<X> = X extends Query<infer T> ? T : undefined;
export type Answers<Q extends Questions> = { readonly [K in keyof Q]: AnswerTo<Q[K]> };

export interface Step {
  readonly reads: Questions;
  /** @param answers one for each of `reads`, in their order */
  readonly act: (answers: readonly unknown[]) => Middleware<BotContext>;
}

/** Undefined for an update that is none of the stage's business. */
export type Stage = (incoming: Incoming, who: Who) => Step | undefined;

/** `act` calls `next` for what is not its own after all; what it returns is shown. */
export function step<const Q extends Questions>(
  reads: Q,
  act: (ctx: BotContext, answers: Answers<Q>, next: NextFunction) => Promise<Result>,
): Step {
  return {
    reads,
    act: (answers) => async (ctx, next) => {
      const answer = await act(ctx, answers as Answers<Q>, next);
      if (answer !== undefined) await reply(ctx, answer);
    },
  };
}

/** Steps as one piece of grammY, once their questions are answered. */
export function compose(steps: readonly Step[], answers: readonly unknown[]): Composer<BotContext> {
  let i = 0;
  return new Composer(
    ...steps.map(({ reads, act }) =>
      act(reads.map((question) => (question === undefined ? undefined : answers[i++]))),
    ),
  );
}
