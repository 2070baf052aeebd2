/**
 * More than 30 updates a minute from one viewer: told once, then ignored until the minute is over
 * (docs/spec/bot.md "Viewer" 11).
 */
import type { Update } from 'grammy/types';
import { hasChanged } from '../db/database.ts';
import { holdingSince, isHolding } from '../db/time.ts';
import { claimRateTelling, RATE_WINDOW_SECONDS } from '../db/users.ts';
import type { Viewer } from './context.ts';
import { type Stage, step } from './step.ts';

/** Updates in one window that are answered. */
const LIMIT = 30;

/**
 * What is asked beyond the limit is neither read nor written: a mark of an update without effects
 * is worth nothing. What Telegram tells of the viewer (a membership, a request to join) is heard
 * all the same.
 */
export function isIgnored(update: Update, viewer: Viewer | undefined, now: Date): boolean {
  const { message, callback_query: press, inline_query: inline } = update;
  if (viewer === undefined || !isOver(viewer, now)) return false;
  if (message === undefined && press === undefined && inline === undefined) return false;
  const canBeTold = press !== undefined || message?.chat.type === 'private';
  return viewer.rate.isTold || !canBeTold;
}

/**
 * The counter is a row (it rides in the turn's batches), so it holds across isolates. Admins send
 * parts by the hundred: no limit.
 */
export const rateLimit: Stage = () =>
  step([], async (ctx, _, next) => {
    const { viewer } = ctx;
    if (viewer === undefined || !isOver(viewer, ctx.now)) return next();
    ctx.turn.handler = 'rate-limit';
    const [claim] = await ctx.turn.commit(claimRateTelling(viewer.id));
    if (!hasChanged(claim)) return;
    if (ctx.callbackQuery !== undefined) return { alert: ctx.t.viewer.slowDown() };
    await ctx.reply(ctx.t.viewer.slowDown());
  });

function isOver({ rate, role }: Viewer, now: Date): boolean {
  const window = holdingSince(now, RATE_WINDOW_SECONDS * 1000);
  return role === undefined && rate.count >= LIMIT && isHolding(new Date(rate.since * 1000), window);
}
