/**
 * A backup or an export sent to the bot by an admin: they see what would change, and confirm. No
 * state is kept: the confirming button's message replies to the file, so the file is read again
 * then, and the same file twice changes nothing.
 */
import type { Document } from 'grammy/types';
import { type AdminContext, feature, isFor } from '../../bot/feature.ts';
import { Keyboard } from '../../bot/keyboard.ts';
import type { Answer } from '../../bot/reply.ts';
import { type Stage, step } from '../../bot/step.ts';
import { html } from '../../text/html.ts';
import type { AskedImport } from './work/import.ts';
import { leaveUpdate } from './work/leave.ts';
import { stopWork } from './work/stop.ts';

const NAMES = /\.(json|db|sqlite|sqlite3)(\.gz)?(\.age)?$/i;
/** What people send to be imported, and the bot does not read here. */
const OTHER_NAMES = /\.(csv|tsv|xlsx?|ods|sql|zip|rar|7z|tar|tgz)(\.gz)?(\.age)?$/i;

export const importFeature = feature('admins')
  .on('importNow', confirm)
  .on('importStop', stop)
  .on('importDrop', ({ t }) => ({ text: t.admin.imports.dropped() }));

export const importedFile: Stage = (incoming) => {
  if (incoming.kind !== 'attachment') return undefined;
  return step([], async (ctx, _, next) => {
    const document = importable(ctx.message?.document);
    if (document === undefined || !isFor(ctx, 'admins')) return next();
    ctx.turn.handler = 'admin import';
    const meanwhile = { text: ctx.t.admin.imports.looking() };
    await leaveUpdate(ctx, { kind: 'look', detail: asked(document, ctx.message?.message_id), meanwhile });
    return undefined;
  });
};

/** Stands last: an open draft has its own answer to such a file. */
export const otherFile: Stage = (incoming) => {
  if (incoming.kind !== 'attachment') return undefined;
  return step([], async (ctx, _, next) => {
    const name = ctx.message?.document?.file_name ?? '';
    if (!isFor(ctx, 'admins') || !OTHER_NAMES.test(name)) return next();
    ctx.turn.handler = 'admin import';
    return { text: ctx.t.admin.imports.wrongKind() };
  });
};

function importable(document: Document | undefined): Document | undefined {
  return document !== undefined && NAMES.test(document.file_name ?? '') ? document : undefined;
}

async function confirm(ctx: AdminContext): Promise<Answer | undefined> {
  const { imports } = ctx.t.admin;
  const message = ctx.callbackQuery?.message;
  const file = message !== undefined && 'reply_to_message' in message ? message.reply_to_message : undefined;
  const document = importable(file?.document);
  if (message === undefined || file === undefined || document === undefined)
    return { alert: imports.fileGone() };
  await ctx.answerPress(imports.working());
  // Only a process that stays can be told to stop.
  const keyboard = new Keyboard();
  if (ctx.services.background !== undefined) keyboard.button(imports.stop(), { kind: 'importStop' });
  await leaveUpdate(ctx, {
    kind: 'import',
    detail: asked(document, file.message_id),
    meanwhile: { text: html`${imports.working()}`, keyboard },
    messageId: message.message_id,
  });
  return undefined;
}

function asked(document: Document, messageId: number | undefined): AskedImport & Record<string, unknown> {
  const { file_id: fileId, file_name: name = '', file_size: bytes = 0 } = document;
  return { name, fileId, bytes, ...(messageId === undefined ? {} : { replyTo: messageId }) };
}

async function stop(ctx: AdminContext): Promise<Answer> {
  const { imports } = ctx.t.admin;
  return stopWork(ctx, { stopped: imports.dropped(), notRunning: imports.notRunning() });
}
