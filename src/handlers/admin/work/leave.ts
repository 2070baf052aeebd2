/** Takes long work out of the update that asks: stored with the update's mark, told, begun. */
import type { AdminContext } from '../../../bot/feature.ts';
import { messageOptions, type Screen } from '../../../bot/show.ts';
import { addWork, type WorkKind, workShown } from '../../../db/admin-work.ts';
import type { Statement } from '../../../db/database.ts';
import { describeError } from '../../../lib/log.ts';
import { begin, runWork } from './run.ts';

export interface LongWork {
  readonly kind: Exclude<WorkKind, 'report'>;
  /** `name` is what the admin would name on a computer; the outcome answers `replyTo`. */
  readonly detail: { readonly name: string; readonly replyTo?: number; readonly [key: string]: unknown };
  /** What is shown meanwhile; left out: nothing. */
  readonly meanwhile?: Pick<Screen, 'text' | 'keyboard'>;
  /** Left out: what is shown meanwhile is a new message. */
  readonly messageId?: number;
  readonly statements?: readonly Statement[];
}

/**
 * From the commit on the work is done, whatever happens to this process. False: what keeps it from
 * being begun twice ({@link addWork}) is under way.
 */
export async function leaveUpdate(ctx: AdminContext, work: LongWork): Promise<boolean> {
  const { kind, detail, meanwhile, messageId = null, statements = [] } = work;
  const { services, viewer: admin } = ctx;
  const [added] = await ctx.turn.commit(
    addWork(
      { kind, requestedBy: admin.id, chatId: admin.id, messageId, detail: JSON.stringify(detail) },
      ctx.now,
    ),
    statements,
  );
  const id = added?.rows[0]?.int('id');
  if (id === undefined) return false;
  try {
    if (meanwhile !== undefined) {
      const { markup } = meanwhile.text;
      const options = messageOptions(meanwhile);
      if (messageId !== null) await ctx.api.editMessageText(admin.id, messageId, markup, options);
      else {
        const reply =
          detail.replyTo === undefined ? {} : { reply_parameters: { message_id: detail.replyTo } };
        const sent = await ctx.api.sendMessage(admin.id, markup, { ...options, ...reply });
        await services.db.write([workShown(id, sent.message_id)]);
      }
    }
  } catch (error) {
    // Its outcome is told all the same.
    services.log.warn('work not shown', { work: id, error: describeError(error) });
  }
  begin(services, (stopping) => runWork(services, id, stopping));
  return true;
}
