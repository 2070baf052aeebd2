/**
 * What a handler gives back, and how it reaches the person: the press is answered while the screen
 * is shown.
 */
import { html } from '../text/html.ts';
import type { BotContext } from './context.ts';
import { type Screen, show } from './show.ts';

/** Said over the pressed button. */
interface Said {
  /** Nobody hears it who pressed nothing: the screen shows as much. */
  readonly said?: string | undefined;
  /** Has to be closed by hand. It is the answer, so a typed command gets it as a message. */
  readonly alert?: string | undefined;
}

export type Answer = Said | (Said & Screen);

// biome-ignore lint/suspicious/noConfusingVoidType: a handler that shows nothing need not say so.
export type Result = Answer | undefined | void;

export async function reply(ctx: BotContext, answer: Answer): Promise<void> {
  await Promise.all([
    ctx.answerPress(answer.alert ?? answer.said, { alert: answer.alert !== undefined }),
    'text' in answer ? show(ctx, answer) : sayAlert(ctx, answer),
  ]);
}

async function sayAlert(ctx: BotContext, { alert }: Said): Promise<void> {
  if (alert !== undefined && ctx.callbackQuery === undefined) await show(ctx, { text: html`${alert}` });
}
