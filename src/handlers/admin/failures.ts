/** Updates that could not be answered: why, how many, and what to do with them. */
import { InlineKeyboard } from 'grammy';
import { encodeAction } from '../../bot/callback-data.ts';
import type { BotContext } from '../../bot/context.ts';
import type { Feature } from '../../bot/feature.ts';
import { type Screen, show } from '../../bot/show.ts';
import { dropFailures, type FailureLine, failureLines, retryFailures } from '../../db/updates.ts';
import { join } from '../../text/html.ts';
import { AdminRoutes, whenPressed } from './routes.ts';

/** Reasons on one screen. */
const MOST_LINES = 15;

const lines = whenPressed(['failures'], () => failureLines(MOST_LINES));

const routes = new AdminRoutes()
  .press('failures', async (ctx) => {
    await Promise.all([ctx.answerPress(), show(ctx, failuresScreen(ctx.turn.got(lines) ?? [], ctx))]);
  })
  .press('failuresRetry', async (ctx) => {
    const question = failureLines(MOST_LINES);
    const [, left] = await ctx.turn.commit(retryFailures(ctx.now), question);
    const screen = failuresScreen(question.parse(left?.rows ?? []), ctx);
    await Promise.all([ctx.answerPress(ctx.t.admin.system.failuresRetried()), show(ctx, screen)]);
  })
  .press('failuresDrop', async (ctx) => {
    const question = failureLines(MOST_LINES);
    const [, left] = await ctx.turn.commit(dropFailures(), question);
    await Promise.all([ctx.answerPress(), show(ctx, failuresScreen(question.parse(left?.rows ?? []), ctx))]);
  });

export const failuresFeature: Feature = {
  name: 'admin failures',
  composer: routes.composer,
  prefetches: [lines],
};

function failuresScreen(found: readonly FailureLine[], ctx: BotContext): Screen {
  const { system } = ctx.t.admin;
  const keyboard = new InlineKeyboard();
  if (found.length > 0)
    keyboard
      .text(system.failuresRetry(), encodeAction({ kind: 'failuresRetry' }))
      .row()
      .text(system.failuresDrop(), encodeAction({ kind: 'failuresDrop' }))
      .row();
  keyboard.text(system.panel(), encodeAction({ kind: 'panel' }));
  if (found.length === 0) return { text: system.failuresEmpty(), keyboard };
  const shown = found.map(({ count, waiting, error, lastAt }) =>
    system.failureLine(count, waiting > 0, ctx.t.trouble(error), ctx.time(lastAt)),
  );
  return { text: system.failuresText(join(shown, '\n')), keyboard };
}
