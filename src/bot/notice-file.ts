/** The owners hear of a file that Telegram will not send. */
import type { GrammyError } from 'grammy';
import { type Notice, noticeAdmins } from '../db/admin-notices.ts';
import type { BotContext } from './context.ts';

/** One notice a day, not one a file: after a change of the token every file is in trouble. */
export function noticeFile(
  ctx: BotContext,
  where: { readonly code: number; readonly part: number | null },
  error: Pick<GrammyError, 'description'>,
): void {
  const notice: Notice = { kind: 'file', ...where, reason: error.description };
  ctx.turn.stage(noticeAdmins('file', notice, ctx.now));
}
