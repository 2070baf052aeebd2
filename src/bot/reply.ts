/**
 * What a handler gives back, and how it reaches the person: the press is answered while the screen
 * is shown.
 */
import type { BotContext } from './context.ts';
import { type Screen, show } from './show.ts';

/** Said over the pressed button: whoever pressed nothing is told nothing. */
interface Said {
  readonly said?: string | undefined;
  /** Has to be closed by hand. */
  readonly alert?: string | undefined;
}

export type Answer = Said | (Said & Screen);

// biome-ignore lint/suspicious/noConfusingVoidType: a handler that shows nothing need not say so.
export type Result = Answer | undefined | void;

export async function reply(ctx: BotContext, answer: Answer): Promise<void> {
  await Promise.all([
    ctx.answerPress(answer.alert ?? answer.said, { alert: answer.alert !== undefined }),
    'text' in answer ? show(ctx, answer) : undefined,
  ]);
}
