/**
 * A backup or an export sent to the bot by an admin: they see what would change, and confirm. No state is kept: the confirming button's
 * message replies to the file, so the file is read again then, and the same file twice changes nothing.
 */
import { InlineKeyboard } from 'grammy';
import type { Document } from 'grammy/types';
import { encodeAction } from '../../bot/callback-data.ts';
import type { BotContext, Viewer } from '../../bot/context.ts';
import type { Feature } from '../../bot/feature.ts';
import { show } from '../../bot/show.ts';
import { dropWork } from '../../db/admin-work.ts';
import { html } from '../../text/html.ts';
import { AdminRoutes } from './routes.ts';
import type { AskedImport } from './work/import.ts';
import { leaveUpdate } from './work/leave.ts';
import { cancelWork } from './work/run.ts';

const NAMES = /\.(json|db|sqlite|sqlite3)(\.gz)?(\.age)?$/i;

const routes = new AdminRoutes()
  .on('import', (ctx) => importable(ctx.message?.document), look)
  .press('importNow', confirm)
  .press('importStop', stop)
  .press('importDrop', async (ctx) => {
    await Promise.all([ctx.answerPress(), show(ctx, { text: ctx.t.admin.imports.dropped() })]);
  });

export const importFeature: Feature = { name: 'admin import', composer: routes.composer, prefetches: [] };

function importable(document: Document | undefined): Document | undefined {
  return document !== undefined && NAMES.test(document.file_name ?? '') ? document : undefined;
}

function look(ctx: BotContext, admin: Viewer, document: Document): Promise<void> {
  const meanwhile = { text: ctx.t.admin.imports.looking() };
  return leaveUpdate(ctx, admin, {
    kind: 'look',
    detail: asked(document, ctx.message?.message_id),
    meanwhile,
  });
}

async function confirm(ctx: BotContext, admin: Viewer): Promise<void> {
  const { imports } = ctx.t.admin;
  const message = ctx.callbackQuery?.message;
  const file = message !== undefined && 'reply_to_message' in message ? message.reply_to_message : undefined;
  const document = importable(file?.document);
  if (message === undefined || file === undefined || document === undefined)
    return ctx.answerPress(imports.fileGone(), { alert: true });
  await ctx.answerPress(imports.working());
  // Only a process that stays can be told to stop.
  const keyboard = new InlineKeyboard();
  if (ctx.services.background !== undefined)
    keyboard.text(imports.stop(), encodeAction({ kind: 'importStop' }));
  await leaveUpdate(ctx, admin, {
    kind: 'import',
    detail: asked(document, file.message_id),
    meanwhile: { text: html`${imports.working()}`, keyboard },
    messageId: message.message_id,
  });
}

function asked(document: Document, messageId: number | undefined): AskedImport & Record<string, unknown> {
  const { file_id: fileId, file_name: name = '', file_size: bytes = 0 } = document;
  return { name, fileId, bytes, ...(messageId === undefined ? {} : { replyTo: messageId }) };
}

async function stop(ctx: BotContext): Promise<void> {
  const { imports } = ctx.t.admin;
  const message = ctx.callbackQuery?.message;
  const place = [ctx.chat?.id ?? 0, message?.message_id ?? 0] as const;
  if (cancelWork(...place)) return ctx.answerPress();
  const [dropped] = await ctx.turn.commit(dropWork(...place, ctx.now));
  const isDropped = (dropped?.rows.length ?? 0) > 0;
  await Promise.all([
    ctx.answerPress(),
    show(ctx, { text: isDropped ? imports.dropped() : imports.notRunning() }),
  ]);
}
