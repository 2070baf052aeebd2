import type { AdminContext } from '../../../bot/feature.ts';
import type { Answer } from '../../../bot/reply.ts';
import { dropWork } from '../../../db/admin-work.ts';
import { hasChanged } from '../../../db/database.ts';
import type { Html } from '../../../text/html.ts';
import { cancelWork } from './run.ts';

/** Calls the work off that the pressed message shows; its outcome says so. */
export async function stopWork(
  ctx: AdminContext,
  words: { readonly stopped: Html; readonly notRunning: Html },
): Promise<Answer> {
  const message = ctx.callbackQuery?.message;
  const place = [ctx.chat?.id ?? 0, message?.message_id ?? 0] as const;
  if (cancelWork(...place)) return {};
  const [dropped] = await ctx.turn.commit(dropWork(...place, ctx.now));
  return { text: hasChanged(dropped) ? words.stopped : words.notRunning };
}
