/**
 * A backup or an export sent to the bot by an admin: he sees what would change, and confirms. No state is kept: the confirming button's
 * message replies to the file, so the file is read again then, and the same file twice changes nothing.
 */
import { randomUUID } from 'node:crypto';
import { HttpError, InlineKeyboard } from 'grammy';
import type { Document } from 'grammy/types';
import { DocumentError } from '../../backup/document/window.ts';
import { UnsealError } from '../../backup/envelope/types.ts';
import { openImportBytes, UnfitFile } from '../../backup/import/open-bytes.ts';
import { type ImportReport, ImportSuperseded, importRecords } from '../../backup/import.ts';
import { damageOf } from '../../backup/list.ts';
import { audit } from '../../db/audit-log.ts';
import { DatabaseUnavailable } from '../../db/database.ts';
import { type Html, html } from '../../html.ts';
import { describeError } from '../../log.ts';
import { encodeAction } from '../callback-data.ts';
import type { BotContext, Viewer } from '../context.ts';
import type { Feature } from '../feature.ts';
import { show } from '../show.ts';
import { AdminRoutes } from './routes.ts';

/** Bots can fetch files up to 20 MB (docs/platform-facts.md). */
const DOWNLOAD_LIMIT = 20_000_000;
/** The old bot wrote its server's local time; its users are in Uzbekistan (UTC+5, no summer time). */
const UTC_OFFSET_MINUTES = 300;
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

async function look(ctx: BotContext, _admin: Viewer, document: Document): Promise<void> {
  const { imports } = ctx.t.admin;
  const report = await readFile(ctx, document, { dryRun: true });
  if (!isReport(report)) return reply(ctx, report);
  const changes = report.tables.reduce((sum, { added, changed }) => sum + added + changed, 0);
  if (changes === 0) return reply(ctx, imports.nothingNew(report));
  const keyboard = new InlineKeyboard()
    .text(imports.yes(), encodeAction({ kind: 'importNow' }))
    .text(ctx.t.admin.system.no(), encodeAction({ kind: 'importDrop' }));
  await reply(ctx, imports.plan(report), keyboard);
}

async function confirm(ctx: BotContext, admin: Viewer): Promise<void> {
  const { imports } = ctx.t.admin;
  const { background } = ctx.services;
  const message = ctx.callbackQuery?.message;
  const file = importable(
    message !== undefined && 'reply_to_message' in message ? message.reply_to_message?.document : undefined,
  );
  if (message === undefined || file === undefined)
    return ctx.answerPress(imports.fileGone(), { alert: true });
  await ctx.answerPress(imports.working());
  if (background === undefined) {
    const { text, isDone } = await importNow(ctx, file);
    if (isDone) ctx.turn.stage(audit(admin.id, 'imported', file.file_name ?? '', ctx.now));
    return show(ctx, { text });
  }
  const key = `${message.chat.id}:${message.message_id}`;
  if (underWay.has(key)) return;
  const cancel = new AbortController();
  underWay.set(key, cancel);
  const { services } = ctx;
  const edit = (text: Html): Promise<unknown> =>
    ctx.api.editMessageText(message.chat.id, message.message_id, text.markup, { parse_mode: 'HTML' });
  try {
    await ctx.turn.commit();
    const keyboard = new InlineKeyboard().text(imports.stop(), encodeAction({ kind: 'importStop' }));
    await show(ctx, { text: html`${imports.working()}`, keyboard });
  } catch (error) {
    underWay.delete(key);
    throw error;
  }
  background(async (stopping) => {
    try {
      const signal = AbortSignal.any([cancel.signal, stopping]);
      const { text, isDone } = await importNow(ctx, file, signal);
      if (isDone)
        await services.db.write([audit(admin.id, 'imported', file.file_name ?? '', services.now())]);
      await edit(text);
    } catch (error) {
      services.log.error('import', { error: describeError(error) });
      await edit(imports.failed()).catch(() => undefined);
    } finally {
      underWay.delete(key);
    }
  });
}

/** Imports that this process has under way, by the message that has the button to end them. */
const underWay = new Map<string, AbortController>();

async function stop(ctx: BotContext): Promise<void> {
  const { imports } = ctx.t.admin;
  const message = ctx.callbackQuery?.message;
  const running = underWay.get(`${message?.chat.id}:${message?.message_id}`);
  if (running !== undefined) {
    running.abort(new Cancelled());
    return ctx.answerPress();
  }
  await Promise.all([ctx.answerPress(), show(ctx, { text: imports.notRunning() })]);
}

class Cancelled extends Error {
  override readonly name = 'Cancelled';
}

async function importNow(
  ctx: BotContext,
  file: Document,
  signal?: AbortSignal,
): Promise<{ readonly text: Html; readonly isDone: boolean }> {
  const { imports } = ctx.t.admin;
  const backup = await ctx.services.backups.run({
    trigger: 'import',
    scheduledAt: ctx.now,
    ...(signal && { signal }),
  });
  if (signal?.reason instanceof Cancelled) return { text: imports.dropped(), isDone: false };
  if (backup.kind !== 'done') {
    const reason = backup.kind === 'failed' ? backup.reason : backup.message;
    return { text: imports.noBackup(reason), isDone: false };
  }
  const damage = damageOf(backup.manifest);
  if (damage !== undefined) return { text: imports.noBackup(damage), isDone: false };
  const report = await readFile(ctx, file, { dryRun: false, signal });
  if (!isReport(report)) return { text: report, isDone: false };
  return { text: imports.done(report, backup.name), isDone: true };
}

function isReport(result: ImportReport | Html): result is ImportReport {
  return 'tables' in result;
}

/** What a file would change or has changed; or why it can not be taken, in words for the admin. Passing trouble is thrown. */
async function readFile(
  ctx: BotContext,
  document: Document,
  { dryRun, signal }: { readonly dryRun: boolean; readonly signal?: AbortSignal | undefined },
): Promise<ImportReport | Html> {
  const { imports } = ctx.t.admin;
  if ((document.file_size ?? 0) > DOWNLOAD_LIMIT) return imports.tooLarge();
  const file = await download(ctx, document.file_id);
  if (file === undefined) return html`${imports.fileGone()}`;
  try {
    const { db, importUpload } = ctx.services;
    const utcOffsetMinutes = UTC_OFFSET_MINUTES;
    if (importUpload !== undefined) return await importUpload(file, { utcOffsetMinutes, dryRun, signal });
    const records = await openImportBytes(file, { utcOffsetMinutes });
    return await importRecords(db, records, { id: randomUUID(), prefer: 'newer', dryRun });
  } catch (error) {
    if (error instanceof UnfitFile) return imports.unfit(error.kind);
    const fault = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    if (fault instanceof UnsealError && fault.reason === 'foreign')
      return html`${imports.unfit('foreign')}\n<code>${fault.message}</code>`;
    if (fault instanceof DocumentError || fault instanceof UnsealError) return imports.broken(fault.message);
    if (error instanceof Cancelled) return imports.dropped();
    if (error instanceof ImportSuperseded) return imports.busy();
    // Telegram delivers again, and what a merge has done already stays the same.
    if (error instanceof Error && error.cause instanceof DatabaseUnavailable) throw error.cause;
    throw error;
  }
}

/**
 * The whole file in memory: staging it may take longer than Telegram holds a connection open for a slow reader. Undefined when Telegram has
 * it no more.
 */
async function download(ctx: BotContext, fileId: string): Promise<ReadableStream<Uint8Array> | undefined> {
  const { file_path: path } = await ctx.api.getFile(fileId);
  const root = ctx.api.options?.apiRoot ?? 'https://api.telegram.org';
  try {
    const response = await fetch(`${root}/file/bot${ctx.api.token}/${path}`);
    if (response.status === 404) return undefined;
    if (!response.ok) throw new Error(`status ${response.status}`);
    return new Response(await response.arrayBuffer()).body ?? new ReadableStream();
  } catch (error) {
    // The address holds the token: it is in no message.
    throw new HttpError(
      `Telegram gave no file: ${error instanceof Error ? error.message : 'no answer'}`,
      error,
    );
  }
}

/** As an answer to the file, so that the button finds it again. */
async function reply(ctx: BotContext, text: Html, keyboard?: InlineKeyboard): Promise<void> {
  await ctx.reply(text.markup, {
    parse_mode: 'HTML',
    ...(ctx.message === undefined ? {} : { reply_parameters: { message_id: ctx.message.message_id } }),
    ...(keyboard === undefined ? {} : { reply_markup: keyboard }),
  });
}
