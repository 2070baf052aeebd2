/** /backup and /backups: take, see, download, check, send (docs/spec/backup.md "Commands"). */
import { type BackupEntry, UNSEALED } from '../../backup/catalog/entry.ts';
import type { BackupRequest } from '../../backup/catalog/ledger.ts';
import { type Peek, peek } from '../../backup/changes/peek.ts';
import { copyHealth, readMemory } from '../../backup/copy/memory.ts';
import { requestBackup, requestShown } from '../../backup/run/backup-requests.ts';
import { StoreError } from '../../backup/store/types.ts';
import type { BotContext } from '../../bot/context.ts';
import { type AdminContext, feature } from '../../bot/feature.ts';
import { Keyboard } from '../../bot/keyboard.ts';
import type { Answer } from '../../bot/reply.ts';
import { messageOptions, type Screen } from '../../bot/show.ts';
import { audit } from '../../db/audit-log.ts';
import { copyNote } from '../../db/bucket-notes.ts';
import { newestRun } from '../../db/runs.ts';
import { describeError } from '../../lib/log.ts';
import { type Html, html, join } from '../../text/html.ts';
import { factsOf } from './backup-facts.ts';
import { outcomeScreen, progressText } from './backup-outcome.ts';
import { NEWEST, reachLine, reachNow } from './backup-reach.ts';
import { pacedEdits } from './paced-edits.ts';
import { leaveUpdate } from './work/leave.ts';
import { addReport, begin } from './work/run.ts';
import { isSendable } from './work/send.ts';

const PER_PAGE = NEWEST;

export const backupFeature = feature('admins')
  .on('backupNow', backUp)
  .on('backups', { reads: () => [peek, copyNote(), newestRun()] }, (ctx, { page }, known) =>
    orTrouble(ctx, () => openList(ctx, Math.max(0, page), known)),
  )
  .on('backup', (ctx, { text: name }) =>
    orTrouble(ctx, async () => {
      const entry = await ctx.services.backups.find(name);
      return entry === undefined ? { alert: ctx.t.admin.backup.gone() } : entryScreen(entry, ctx);
    }),
  )
  .on('backupLinks', (ctx, { text: name }) =>
    orTrouble(ctx, async () => {
      const links = await ctx.services.backups.links(name, ctx.viewer.id);
      if (links.length === 0) return { alert: ctx.t.admin.backup.gone() };
      const files = links.map(({ fileName, bytes, url }) => ({ name: fileName, bytes, url }));
      const isLocal = files.some(({ url }) => isOfThisMachine(url));
      return { text: ctx.t.admin.backup.linkList(files, isLocal), isNew: true };
    }),
  )
  .on('backupCheck', async (ctx, { text: name }) => {
    const meanwhile = { text: ctx.t.admin.backup.checking() };
    await leaveUpdate(ctx, { kind: 'check', detail: { name }, meanwhile });
  })
  .on('backupSend', (ctx, { text: name }) => orTrouble(ctx, () => sendHere(ctx, name)));

/** On a phone it is a dead link. */
function isOfThisMachine(url: string): boolean {
  return ['127.0.0.1', 'localhost', '[::1]'].includes(new URL(url).hostname);
}

/** A bucket that refuses, or does not answer in time, is said where it was asked for. */
async function orTrouble(
  ctx: BotContext,
  make: () => Promise<Answer | undefined>,
): Promise<Answer | undefined> {
  try {
    return await make();
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    ctx.services.log.warn('bucket trouble', { error: describeError(error) });
    const { backup, system } = ctx.t.admin;
    const keyboard = new Keyboard()
      .last(system.again(), { kind: 'backups', page: 0 })
      .button(system.panel(), { kind: 'panel' });
    return { text: backup.unseen(ctx.t.backupTrouble(describeError(error))), keyboard };
  }
}

/** On record with the update: if this host dies or takes too long, the next tick finishes it. */
async function backUp(ctx: AdminContext): Promise<void> {
  const { services, t, viewer: admin } = ctx;
  const asked = { requestedBy: admin.id, chatId: admin.id, messageId: null, requestedAt: ctx.now };
  const [stored] = await ctx.turn.commit(
    requestBackup(asked),
    audit(admin.id, 'backup-started', '', ctx.now),
  );
  const id = stored?.rows[0]?.int('id');
  if (id === undefined) throw new Error('backup request was not stored');
  await ctx.answerPress();
  const status = await ctx.api.sendMessage(admin.id, t.admin.backup.started().markup, { parse_mode: 'HTML' });
  await services.db.write([requestShown(id, status.message_id)]);
  const request = { ...asked, id, messageId: status.message_id, attempts: 0 };
  begin(services, () => runRequest(ctx, request));
}

async function runRequest(ctx: BotContext, request: BackupRequest): Promise<void> {
  const { services, t } = ctx;
  const { chatId, messageId } = request;
  const edit = (screen: Screen): Promise<unknown> =>
    ctx.api.editMessageText(chatId, messageId ?? 0, screen.text.markup, messageOptions(screen));
  const edits = pacedEdits(services, (text) => edit({ text }));
  const outcome = await services.backups.runRequest(request, (progress) =>
    edits.show(() => progressText(progress, t)),
  );
  await edits.settled();
  const words = { t, zone: ctx.timeZone };
  const reach = outcome.kind === 'done' ? await reachNow(services, words) : [];
  const screen = outcomeScreen(outcome, { ...words, reach });
  try {
    await edit(screen);
  } catch (error) {
    services.log.warn('backup outcome waits', { error: describeError(error) });
    await services.db.write([addReport(request, screen, ctx.now)]);
  }
}

async function openList(
  ctx: BotContext,
  page: number,
  [changes, note, run]: readonly [Peek | undefined, string | undefined, string | undefined],
): Promise<Screen> {
  const { entries, total } = await ctx.services.backups.list({
    offset: page * PER_PAGE,
    limit: PER_PAGE,
  });
  const { backup, system } = ctx.t.admin;
  const keyboard = new Keyboard();
  for (const entry of entries) {
    const facts = factsIn(ctx, entry);
    keyboard.last(backup.listed(facts), { kind: 'backup', text: entry.name });
  }
  const hasNext = (page + 1) * PER_PAGE < total;
  keyboard
    .pages(ctx.t, { page, hasNext }, (to) => ({ kind: 'backups', page: to }))
    .last(backup.now(), { kind: 'backupNow' })
    .last(ctx.t.admin.moment.open(), { kind: 'moment' })
    .button(system.panel(), { kind: 'panel' });
  // It is told by the newest backups, which are on the first page.
  const reach =
    page === 0 ? await reachLine(ctx.services, changes, entries, { t: ctx.t, zone: ctx.timeZone }) : [];
  const lines = [total === 0 ? backup.empty() : backup.list(total), ...reach, ...secondCopy(ctx, note, run)];
  return { text: join(lines, ''), keyboard };
}

function factsIn({ services, t, timeZone }: BotContext, entry: BackupEntry): ReturnType<typeof factsOf> {
  const plain = services.backups.isPlain(entry) ? t.momentTrouble(UNSEALED) : null;
  return factsOf(entry, timeZone, t.backupTrouble, plain);
}

/** One line of the second bucket, where there is one. */
function secondCopy(
  { services: { backups }, t, now }: BotContext,
  note: string | undefined,
  run: string | undefined,
): Html[] {
  if (backups.copy === undefined) return [];
  const { state, left, behindHours, problem } = copyHealth(readMemory(note), now, run);
  const rest = problem === null ? [] : [html` ⚠️ ${t.backupTrouble(problem)}`];
  const stay = state !== 'whole' ? [] : backups.isSealed ? [t.frame.plainStay(), ...rest] : rest;
  return [t.admin.backup.copy(state, left, behindHours), ...stay];
}

function entryScreen(entry: BackupEntry, ctx: BotContext): Screen {
  const { backup, system } = ctx.t.admin;
  const keyboard = new Keyboard();
  const { name } = entry;
  if (entry.manifest !== undefined)
    keyboard
      .button(backup.links(), { kind: 'backupLinks', text: name })
      .last(backup.check(), { kind: 'backupCheck', text: name })
      .last(backup.sendHere(), { kind: 'backupSend', text: name });
  keyboard.button(system.back(), { kind: 'backups', page: 0 });
  return { text: backup.facts(factsIn(ctx, entry)), keyboard };
}

async function sendHere(ctx: AdminContext, name: string): Promise<Answer | undefined> {
  const { backup } = ctx.t.admin;
  const files = await ctx.services.backups.files(name);
  if (files.length === 0) return { alert: backup.gone() };
  if (!files.every(isSendable)) await ctx.answerPress(backup.tooLarge(), { alert: true });
  await leaveUpdate(ctx, { kind: 'send', detail: { name } });
  return undefined;
}
