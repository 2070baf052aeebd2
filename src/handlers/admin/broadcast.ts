/** Broadcasts: a message, whom to, a preview with the number, and only then the sending, which the tick does. */

import type { BotContext } from '../../bot/context.ts';
import type { Feature } from '../../bot/feature.ts';
import { show } from '../../bot/show.ts';
import { answered, ask } from '../../db/asks.ts';
import { auditIfChanged } from '../../db/audit-log.ts';
import {
  AUDIENCES,
  type Broadcast,
  beginBroadcast,
  broadcastById,
  chooseAudience,
  keepBroadcast,
  keepBroadcastMessage,
  progressShown,
  recentBroadcasts,
  steerBroadcast,
} from '../../db/broadcasts.ts';
import { groups } from '../../db/groups.ts';
import {
  audienceScreen,
  confirmScreen,
  listScreen,
  pickScreen,
  progressScreen,
  STEERS,
} from './broadcast-screens.ts';
import { copyTo, openButtons } from './copy-message.ts';
import { stopButton } from './edit-screens.ts';
import { AdminRoutes, askedQuestion, whenAsked, whenPressed } from './routes.ts';
import { readSendFailure } from './telegram-errors.ts';

const SHOWN = 6;
const recent = whenAsked('broadcast', ['broadcasts'], () => recentBroadcasts(SHOWN));
const pickable = whenPressed(['broadcastPick'], () => groups());
const named = whenPressed(['broadcast', 'broadcastSteer'], ({ broadcast }) => broadcastById(broadcast));

const AUDITS = {
  paused: 'broadcast-paused',
  running: 'broadcast-resumed',
  cancelled: 'broadcast-cancelled',
} as const;

const routes = new AdminRoutes()
  .command('broadcast', (ctx) => show(ctx, listScreen(ctx.turn.got(recent) ?? [], ctx)))
  .press('broadcasts', (ctx) => reply(ctx, listScreen(ctx.turn.got(recent) ?? [], ctx)))
  .press('broadcastNew', async (ctx, admin) => {
    await ctx.turn.commit(...ask(admin.id, 'broadcast', {}, ctx.now));
    await reply(ctx, { text: ctx.t.admin.sending.askBroadcast(), keyboard: stopButton(ctx.t) });
  })
  .answer('broadcast', async (ctx, admin, { message }) => {
    const album = message.media_group_id ?? null;
    const kept = {
      album,
      replyMarkup: album === null ? openButtons(message.reply_markup) : null,
    };
    const results = await ctx.turn.commit(
      keepBroadcast(admin.id, kept, ctx.now),
      keepBroadcastMessage(admin.id, album, message.message_id),
      // The other messages of an album are on their way: the question stays open until the audience is chosen.
      ...(album === null ? answered(admin.id) : []),
    );
    const row = results[0]?.rows[0];
    // One screen for an album: the message that began it shows it.
    if (row !== undefined && (album === null || row.int('messages') === 0))
      await show(ctx, audienceScreen(row.int('id'), ctx.t));
  })
  .press('broadcastPick', (ctx, _admin, { broadcast }) =>
    reply(ctx, pickScreen(broadcast, ctx.turn.got(pickable) ?? [], ctx.t)),
  )
  .press('broadcastTo', async (ctx, admin, { broadcast: id, audience, group }) => {
    const question = broadcastById(id);
    const chosen = AUDIENCES[audience] ?? 'users';
    const results = await ctx.turn.commit(
      ...answered(admin.id),
      chooseAudience(id, admin.id, chosen, chosen === 'group' ? group : null),
      question,
    );
    const broadcast = question.parse(results.at(-1)?.rows ?? []);
    if (broadcast === undefined || broadcast.requestedBy !== admin.id || broadcast.state !== 'draft')
      return ctx.answerPress(ctx.t.admin.sending.tooLate(), { alert: true });
    if (broadcast.total === 0) return ctx.answerPress(ctx.t.admin.sending.nobody(), { alert: true });
    try {
      await copyTo(ctx.api, admin.id, broadcast);
    } catch (error) {
      // Deleted by the admin meanwhile, or of a kind that can not be copied.
      const failure = readSendFailure(error);
      if (failure.kind !== 'sourceless' && failure.kind !== 'refused') throw error;
      return ctx.answerPress(ctx.t.admin.sending.noCopy(), { alert: true });
    }
    await ctx.answerPress();
    return show(ctx, confirmScreen(broadcast, ctx.t), { isNew: true });
  })
  .press('broadcastGo', async (ctx, admin, { broadcast: id }) => {
    const question = broadcastById(id);
    const message = ctx.callbackQuery?.message?.message_id;
    const results = await ctx.turn.commit(
      beginBroadcast(id, admin.id, ctx.now),
      auditIfChanged(admin.id, 'broadcast-started', String(id), ctx.now),
      ...(message === undefined ? [] : [progressShown(id, message)]),
      question,
    );
    const broadcast = question.parse(results.at(-1)?.rows ?? []);
    if (broadcast === undefined) return ctx.answerPress(ctx.t.admin.sending.gone(), { alert: true });
    return reply(ctx, progressScreen(broadcast, ctx.t, broadcast.state === 'running'));
  })
  .press('broadcast', (ctx) => withBroadcast(ctx, (found) => reply(ctx, progressScreen(found, ctx.t))))
  .press('broadcastSteer', (ctx, admin, { to }) =>
    withBroadcast(ctx, async ({ id }) => {
      const target = STEERS[to] ?? 'paused';
      const question = broadcastById(id);
      const results = await ctx.turn.commit(
        ...answered(admin.id),
        steerBroadcast(id, target, ctx.now),
        auditIfChanged(admin.id, AUDITS[target], String(id), ctx.now),
        question,
      );
      const after = question.parse(results.at(-1)?.rows ?? []);
      if (after === undefined) return ctx.answerPress(ctx.t.admin.sending.gone(), { alert: true });
      if (after.state !== target) await ctx.answerPress(ctx.t.admin.sending.tooLate(), { alert: true });
      return reply(ctx, progressScreen(after, ctx.t));
    }),
  );

export const broadcastFeature: Feature = {
  name: 'admin broadcast',
  composer: routes.composer,
  prefetches: [recent, pickable, named, askedQuestion],
};

async function withBroadcast(
  ctx: BotContext,
  act: (broadcast: Broadcast) => Promise<unknown>,
): Promise<unknown> {
  const found = ctx.turn.got(named);
  return found === undefined ? ctx.answerPress(ctx.t.admin.sending.gone(), { alert: true }) : act(found);
}

async function reply(ctx: BotContext, screen: Parameters<typeof show>[1]): Promise<void> {
  await Promise.all([ctx.answerPress(), show(ctx, screen)]);
}
