/**
 * /backups, back in time: an admin names a moment, sees what has changed since, and gets the file
 * of the database as it was (docs/spec/changes.md). Nothing is restored from here.
 */
import { type AdminContext, feature } from '../../bot/feature.ts';
import { normaliseDigits } from '../../bot/incoming.ts';
import type { Answer } from '../../bot/reply.ts';
import type { Screen } from '../../bot/show.ts';
import { answered, ask } from '../../db/admin-questions.ts';
import { html } from '../../text/html.ts';
import { readMoment } from '../../text/moment.ts';
import { withNote } from './edit-screens.ts';
import { leaveUpdate } from './work/leave.ts';
import { type AskedMoment, askedMoment, momentQuestion, stopButton } from './work/moment.ts';
import { stopWork } from './work/stop.ts';

const MINUTE_MS = 60_000;

export const momentFeature = feature('admins')
  .on('moment', async (ctx) => {
    const { services, t } = ctx;
    // With recipients the bot opens no backup; a Worker has no disk and no background.
    if (services.moments === undefined)
      return { text: t.admin.moment.elsewhere(services.background !== undefined) };
    await ctx.turn.commit(ask(ctx.viewer.id, 'moment', {}, ctx.now));
    return question(ctx);
  })
  .on('momentAgo', (ctx, { minutes }) => begin(ctx, new Date(ctx.now.getTime() - minutes * MINUTE_MS)))
  .on('momentLook', (ctx, { at }) => begin(ctx, new Date(at)))
  .answer('moment', (ctx, message) => {
    const at = readMoment(normaliseDigits(message.text ?? ''), ctx.now, ctx.timeZone);
    const { moment } = ctx.t.admin;
    if (at === undefined) return withNote(moment.noTime(), question(ctx));
    return at > ctx.now ? withNote(moment.ahead(), question(ctx)) : begin(ctx, at);
  })
  .on('momentSend', async (ctx, { at }) => {
    const { moment } = ctx.t.admin;
    if (Number.isNaN(new Date(at).getTime())) return { text: moment.noTime() };
    const meanwhile = { text: moment.finding(), keyboard: stopButton(ctx.t) };
    const detail = { ...askedMoment(new Date(at), ctx.timeZone), isSend: true };
    return (await leaveUpdate(ctx, { kind: 'moment', detail, meanwhile })) ? {} : { alert: moment.busy() };
  })
  .on('momentStop', (ctx) => {
    const { moment } = ctx.t.admin;
    return stopWork(ctx, { stopped: moment.stopped(), notRunning: moment.notRunning() });
  });

const question = ({ t, timeZone }: AdminContext): Screen => momentQuestion(t, timeZone);

/** Outside of the update: it may take minutes. */
async function begin(ctx: AdminContext, at: Date): Promise<Answer> {
  const { moment } = ctx.t.admin;
  if (Number.isNaN(at.getTime())) return { text: moment.noTime() };
  const messageId = ctx.callbackQuery?.message?.message_id;
  const detail: AskedMoment = askedMoment(at, ctx.timeZone);
  const isBegun = await leaveUpdate(ctx, {
    kind: 'moment',
    detail: { ...detail },
    meanwhile: { text: moment.finding(), keyboard: stopButton(ctx.t) },
    ...(messageId === undefined ? {} : { messageId }),
    statements: answered(ctx.viewer.id),
  });
  if (isBegun) return {};
  return messageId === undefined ? { text: html`${moment.busy()}` } : { alert: moment.busy() };
}
