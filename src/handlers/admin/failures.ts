/** Updates that could not be answered: why, how many, and what to do with them. */
import type { BotContext } from '../../bot/context.ts';
import { feature } from '../../bot/feature.ts';
import { Keyboard } from '../../bot/keyboard.ts';
import type { Screen } from '../../bot/show.ts';
import { dropFailures, type FailureLine, failureLines, retryFailures } from '../../db/updates.ts';
import { join } from '../../text/html.ts';

/** Reasons on one screen. */
const MOST_LINES = 15;

export const failuresFeature = feature('admins')
  .on('failures', { reads: () => [failureLines(MOST_LINES)] }, (ctx, _, [lines]) =>
    failuresScreen(lines, ctx),
  )
  .on('failuresRetry', async (ctx) => {
    const [, left] = await ctx.turn.commit(retryFailures(ctx.now), failureLines(MOST_LINES));
    return { ...failuresScreen(left, ctx), said: ctx.t.admin.system.failuresRetried() };
  })
  .on('failuresDrop', async (ctx) => {
    const [, left] = await ctx.turn.commit(dropFailures(), failureLines(MOST_LINES));
    return failuresScreen(left, ctx);
  });

function failuresScreen(found: readonly FailureLine[], ctx: BotContext): Screen {
  const { system } = ctx.t.admin;
  const keyboard = new Keyboard();
  if (found.length > 0)
    keyboard
      .last(system.failuresRetry(), { kind: 'failuresRetry' })
      .last(system.failuresDrop(), { kind: 'failuresDrop' });
  keyboard.button(system.panel(), { kind: 'panel' });
  if (found.length === 0) return { text: system.failuresEmpty(), keyboard };
  const shown = found.map(({ count, waiting, error, lastAt }) =>
    system.failureLine(count, waiting > 0, ctx.t.trouble(error), ctx.time(lastAt)),
  );
  return { text: system.failuresText(join(shown, '\n')), keyboard };
}
