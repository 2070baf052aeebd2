/** Broadcasts: a message, whom to, a preview with the number, then the sending by the tick. */
import { feature } from '../../bot/feature.ts';
import { readSendFailure } from '../../bot/telegram-errors.ts';
import { answered } from '../../db/admin-questions.ts';
import { auditIfChanged } from '../../db/audit-log.ts';
import {
  AUDIENCES,
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
import { putQuestion } from './edit-screens.ts';

const SHOWN = 6;
const AUDITS = {
  paused: 'broadcast-paused',
  running: 'broadcast-resumed',
  cancelled: 'broadcast-cancelled',
} as const;

export const broadcastFeature = feature('admins')
  .on('broadcasts', { reads: () => [recentBroadcasts(SHOWN)] }, (ctx, _, [found]) => listScreen(found, ctx))
  .on('broadcastNew', (ctx) => putQuestion(ctx, 'broadcast', ctx.t.admin.sending.askBroadcast()))
  .answer('broadcast', async (ctx, message) => {
    const { id: adminId } = ctx.viewer;
    const album = message.media_group_id ?? null;
    const kept = {
      album,
      replyMarkup: album === null ? openButtons(message.reply_markup) : null,
    };
    const [{ rows }] = await ctx.turn.commit(
      keepBroadcast(adminId, kept, ctx.now),
      keepBroadcastMessage(adminId, album, message.message_id),
      // The rest of an album is on its way: the question stays open until an audience is chosen.
      album === null ? answered(adminId) : [],
    );
    const [row] = rows;
    // One screen for an album: the message that began it shows it.
    const isFirst = row !== undefined && (album === null || row.int('messages') === 0);
    return isFirst ? audienceScreen(row.int('id'), ctx.t) : undefined;
  })
  .on('broadcastPick', { reads: () => [groups()] }, ({ t }, { broadcast }, [found]) =>
    pickScreen(broadcast, found, t),
  )
  .on('broadcastTo', async (ctx, { broadcast: id, audience, group }) => {
    const { id: adminId } = ctx.viewer;
    const chosen = AUDIENCES[audience] ?? 'users';
    const { sending } = ctx.t.admin;
    const [, , broadcast] = await ctx.turn.commit(
      answered(adminId),
      chooseAudience(id, adminId, chosen, chosen === 'group' ? group : null),
      broadcastById(id),
    );
    if (broadcast === undefined || broadcast.requestedBy !== adminId || broadcast.state !== 'draft')
      return { alert: sending.tooLate() };
    if (broadcast.total === 0) return { alert: sending.nobody() };
    try {
      await copyTo(ctx.api, adminId, broadcast);
    } catch (error) {
      // Deleted by the admin meanwhile, or of a kind that cannot be copied.
      const failure = readSendFailure(error);
      if (failure.kind !== 'sourceless' && failure.kind !== 'refused') throw error;
      return { alert: sending.noCopy() };
    }
    return { ...confirmScreen(broadcast, ctx.t), isNew: true };
  })
  .on('broadcastGo', async (ctx, { broadcast: id }) => {
    const message = ctx.callbackQuery?.message?.message_id;
    const [, , , broadcast] = await ctx.turn.commit(
      beginBroadcast(id, ctx.viewer.id, ctx.now),
      auditIfChanged(ctx.viewer.id, 'broadcast-started', String(id), ctx.now),
      message === undefined ? [] : [progressShown(id, message)],
      broadcastById(id),
    );
    if (broadcast === undefined) return { alert: ctx.t.admin.sending.gone() };
    return progressScreen(broadcast, ctx.t, broadcast.state === 'running');
  })
  .on(
    'broadcast',
    { reads: ({ broadcast }) => [broadcastById(broadcast)], gone: (t) => t.admin.sending.gone() },
    ({ t }, _, [broadcast]) => progressScreen(broadcast, t),
  )
  .on(
    'broadcastSteer',
    { reads: ({ broadcast }) => [broadcastById(broadcast)], gone: (t) => t.admin.sending.gone() },
    async (ctx, { to }, [{ id }]) => {
      const target = STEERS[to] ?? 'paused';
      const { sending } = ctx.t.admin;
      const [, , , after] = await ctx.turn.commit(
        answered(ctx.viewer.id),
        steerBroadcast(id, target, ctx.now),
        auditIfChanged(ctx.viewer.id, AUDITS[target], String(id), ctx.now),
        broadcastById(id),
      );
      if (after === undefined) return { alert: sending.gone() };
      return {
        ...progressScreen(after, ctx.t),
        alert: after.state === target ? undefined : sending.tooLate(),
      };
    },
  );
