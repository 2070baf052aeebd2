/** /backup and /backups: take one now, see what there is, download, check, send here (docs/spec/backup.md "Commands"). */
import { InlineKeyboard, InputFile } from 'grammy';
import type { BackupEntry } from '../../backup/list.ts';
import { audit } from '../../db/audit-log.ts';
import type { Html } from '../../html.ts';
import { encodeAction } from '../callback-data.ts';
import type { BotContext, Viewer } from '../context.ts';
import type { Feature } from '../feature.ts';
import { type Screen, show } from '../show.ts';
import { factsOf } from './backup-facts.ts';
import { outcomeScreen, progressEditor } from './backup-outcome.ts';
import { AdminRoutes } from './routes.ts';

const PER_PAGE = 6;
/** Bots upload at most 50 MB (docs/platform-facts.md); some room for the request around the file. */
const UPLOAD_LIMIT = 49_000_000;

const routes = new AdminRoutes()
  .command('backup', (ctx, admin) => backUp(ctx, admin))
  .press('backupNow', (ctx, admin) => backUp(ctx, admin))
  .command('backups', (ctx) => openList(ctx, 0))
  .press('backups', (ctx, _admin, { page }) => openList(ctx, Math.max(0, page)))
  .press('backup', async (ctx, _admin, { text: name }) => {
    const entry = await ctx.services.backups.find(name);
    if (entry === undefined) return ctx.answerPress(ctx.t.admin.backup.gone(), { alert: true });
    return Promise.all([ctx.answerPress(), show(ctx, entryScreen(entry, ctx))]);
  })
  .press('backupLinks', async (ctx, admin, { text: name }) => {
    const links = await ctx.services.backups.links(name, admin.id);
    if (links.length === 0) return ctx.answerPress(ctx.t.admin.backup.gone(), { alert: true });
    const files = links.map(({ fileName, bytes, url }) => ({ name: fileName, bytes, url }));
    await ctx.answerPress();
    return show(ctx, { text: ctx.t.admin.backup.linkList(files) }, { isNew: true });
  })
  .press('backupCheck', (ctx, _admin, { text: name }) => check(ctx, name))
  .press('backupSend', (ctx, _admin, { text: name }) => sendHere(ctx, name));

export const backupFeature: Feature = { name: 'admin backup', composer: routes.composer, prefetches: [] };

/** The request is on record before the run begins: if this host dies, or takes longer than it may, the next tick finishes it. */
async function backUp(ctx: BotContext, admin: Viewer): Promise<void> {
  const { services, t } = ctx;
  // Handled from here on: a run takes longer than Telegram waits, and must not be begun again by a redelivery.
  await ctx.turn.commit(audit(admin.id, 'backup-started', '', ctx.now));
  await ctx.answerPress();
  const status = await ctx.api.sendMessage(admin.id, t.admin.backup.started().markup, { parse_mode: 'HTML' });
  const request = await services.backups.request({
    requestedBy: admin.id,
    chatId: admin.id,
    messageId: status.message_id,
  });
  const edit = (text: Html, keyboard?: InlineKeyboard): Promise<unknown> =>
    ctx.api.editMessageText(admin.id, status.message_id, text.markup, {
      parse_mode: 'HTML',
      ...(keyboard === undefined ? {} : { reply_markup: keyboard }),
    });
  const progress = progressEditor(services, t, edit);
  const outcome = await services.backups.runRequest(request, progress.report);
  await progress.settled();
  const screen = outcomeScreen(outcome, t, (at) => ctx.time(at));
  await edit(screen.text, screen.keyboard);
}

async function openList(ctx: BotContext, page: number): Promise<void> {
  const { entries, total } = await ctx.services.backups.list({
    offset: page * PER_PAGE,
    limit: PER_PAGE,
  });
  const { backup, system } = ctx.t.admin;
  const keyboard = new InlineKeyboard();
  for (const entry of entries) {
    const facts = factsOf(entry, (at) => ctx.time(at));
    keyboard
      .text(
        backup.listed(facts.takenAt, facts.bytes, facts.isVerified),
        encodeAction({ kind: 'backup', text: entry.name }),
      )
      .row();
  }
  if (page > 0) keyboard.text(system.left(), encodeAction({ kind: 'backups', page: page - 1 }));
  if ((page + 1) * PER_PAGE < total)
    keyboard.text(system.right(), encodeAction({ kind: 'backups', page: page + 1 }));
  keyboard
    .row()
    .text(backup.now(), encodeAction({ kind: 'backupNow' }))
    .row()
    .text(system.panel(), encodeAction({ kind: 'panel' }));
  const text = total === 0 ? backup.empty() : backup.list(total);
  await Promise.all([ctx.answerPress(), show(ctx, { text, keyboard })]);
}

function entryScreen(entry: BackupEntry, ctx: BotContext): Screen {
  const { backup, system } = ctx.t.admin;
  const keyboard = new InlineKeyboard();
  const { name } = entry;
  if (entry.manifest !== undefined)
    keyboard
      .text(backup.links(), encodeAction({ kind: 'backupLinks', text: name }))
      .text(backup.check(), encodeAction({ kind: 'backupCheck', text: name }))
      .row()
      .text(backup.sendHere(), encodeAction({ kind: 'backupSend', text: name }))
      .row();
  keyboard.text(system.back(), encodeAction({ kind: 'backups', page: 0 }));
  return { text: backup.facts(factsOf(entry, (at) => ctx.time(at))), keyboard };
}

async function check(ctx: BotContext, name: string): Promise<void> {
  const { backup } = ctx.t.admin;
  await ctx.answerPress();
  await show(ctx, { text: backup.checking() }, { isNew: true });
  const verdict = await ctx.services.backups.verify(name);
  const text =
    verdict === undefined
      ? backup.unsound(name, [backup.gone()])
      : verdict.ok
        ? backup.sound(name, verdict.opened)
        : backup.unsound(name, verdict.problems);
  await show(ctx, { text }, { isNew: true });
}

async function sendHere(ctx: BotContext, name: string): Promise<void> {
  const { backup } = ctx.t.admin;
  const files = await ctx.services.backups.files(name);
  if (files.length === 0) return ctx.answerPress(backup.gone(), { alert: true });
  const small = files.filter(({ bytes }) => bytes <= UPLOAD_LIMIT);
  if (small.length < files.length) await ctx.answerPress(backup.tooLarge(), { alert: true });
  await ctx.answerPress();
  // One after the other: two files of 50 MB at once are too much for a Worker's memory.
  for (const file of small) {
    const bytes = await file.read();
    if (bytes !== undefined)
      await ctx.replyWithDocument(new InputFile(bytes, file.fileName), {
        caption: backup.file(file.fileName).markup,
        parse_mode: 'HTML',
      });
  }
}
