/** Owners (ADMIN_IDS) name further admins; and the log of what admins did. */
import { InlineKeyboard } from 'grammy';
import { encodeAction } from '../../bot/callback-data.ts';
import type { BotContext, Viewer } from '../../bot/context.ts';
import type { Feature } from '../../bot/feature.ts';
import { type Screen, show } from '../../bot/show.ts';
import { prefetch } from '../../bot/turn.ts';
import { type Admin, addAdmin, admins, removeAdmin } from '../../db/admins.ts';
import { answered, ask } from '../../db/asks.ts';
import { type AuditEntry, auditIfChanged, auditPage } from '../../db/audit-log.ts';
import { hasChanged } from '../../db/database.ts';
import { findPerson } from '../../db/people.ts';
import { type Texts, textsIn } from '../../locales/index.ts';
import { cutText } from '../../text/html.ts';
import { setChatMenu } from '../commands-menu.ts';
import { stopButton, withNote } from './edit-screens.ts';
import { personOf } from './people.ts';
import { AdminRoutes, askedQuestion, pressed, whenAsked, whenPressed } from './routes.ts';

const ENTRIES = 12;

const list = whenAsked('admins', ['admins'], () => admins());
const named = whenPressed(['adminRemove', 'adminGrant'], ({ user }) => findPerson({ id: user }));
const entries = prefetch((incoming) => {
  const action = pressed(incoming, 'audit');
  const isCommand = incoming.kind === 'command' && incoming.name === 'audit';
  return action !== undefined || isCommand ? auditPage(Math.max(0, action?.page ?? 0), ENTRIES) : undefined;
});

const routes = new AdminRoutes()
  .command('audit', (ctx) => openAudit(ctx, 0))
  .press('audit', (ctx, _admin, { page }) => openAudit(ctx, Math.max(0, page)))
  // What only owners may do is to other admins what any admin command is to viewers: nothing they know of.
  .owners()
  .command('admins', (ctx) => show(ctx, listScreen(ctx.turn.got(list) ?? [], ctx.t)))
  .press('admins', (ctx) => reply(ctx, listScreen(ctx.turn.got(list) ?? [], ctx.t)))
  .press('adminAdd', async (ctx, admin) => {
    await ctx.turn.commit(...ask(admin.id, 'admin', {}, ctx.now));
    await reply(ctx, { text: ctx.t.admin.people.askAdmin(), keyboard: stopButton(ctx.t) });
  })
  .answer('admin', async (ctx, admin, { message }) => askToAdd(ctx, admin, personOf(message)))
  .press('adminGrant', (ctx, admin, { user }) => add(ctx, admin, user))
  .press('adminRemove', async (ctx, admin, { user, sure }) => {
    const { people, system } = ctx.t.admin;
    const name = ctx.turn.got(named)?.name ?? String(user);
    if (sure !== 1) {
      const keyboard = new InlineKeyboard()
        .text(people.yesRemove(), encodeAction({ kind: 'adminRemove', user, sure: 1 }))
        .text(system.no(), encodeAction({ kind: 'admins' }));
      return reply(ctx, { text: people.askRemoveAdmin(name), keyboard });
    }
    const question = admins();
    const results = await ctx.turn.commit(
      removeAdmin(user),
      auditIfChanged(admin.id, 'admin-removed', `${name} (${user})`, ctx.now),
      question,
    );
    const screen = listScreen(question.parse(results.at(-1)?.rows ?? []), ctx.t);
    changeMenu(ctx, user, undefined);
    return reply(ctx, withNote(people.adminRemoved(name), screen));
  });

export const adminsFeature: Feature = {
  name: 'admin admins',
  composer: routes.composer,
  prefetches: [list, named, entries, askedQuestion],
};

/** Who it would be is shown first: a mistyped id, or a name that has another owner by now, must not get rights. */
async function askToAdd(
  ctx: BotContext,
  admin: Viewer,
  wanted: { id: number } | { username: string } | undefined,
): Promise<void> {
  const { people, system } = ctx.t.admin;
  const stop = stopButton(ctx.t);
  if (wanted === undefined) return show(ctx, { text: people.askAdmin(), keyboard: stop });
  const [person] = await ctx.services.db.read([findPerson(wanted)]);
  if (person === undefined) return show(ctx, { text: people.notFound(), keyboard: stop });
  ctx.turn.stage(...answered(admin.id));
  const keyboard = new InlineKeyboard()
    .text(people.yesAdd(), encodeAction({ kind: 'adminGrant', user: person.id }))
    .text(system.no(), encodeAction({ kind: 'admins' }));
  return show(ctx, { text: people.askAddAdmin(person, 'username' in wanted), keyboard });
}

async function add(ctx: BotContext, admin: Viewer, user: number): Promise<void> {
  const { people, system } = ctx.t.admin;
  const person = ctx.turn.got(named);
  if (person === undefined) return reply(ctx, { text: people.notFound(), keyboard: stopButton(ctx.t) });
  const results = await ctx.turn.commit(
    addAdmin(user, admin.id, ctx.now),
    auditIfChanged(admin.id, 'admin-added', `${person.name} (${user})`, ctx.now),
  );
  const keyboard = new InlineKeyboard().text(system.admins(), encodeAction({ kind: 'admins' }));
  const isNew = hasChanged(results[0]);
  changeMenu(ctx, user, 'admin');
  return reply(ctx, {
    text: isNew ? people.adminAdded(person.name) : people.adminThere(person.name),
    keyboard,
  });
}

/** In the chat of whom the pressed button names. An owner stays one, whatever is done to them here. */
function changeMenu(ctx: BotContext, user: number, role: 'admin' | undefined): void {
  const { api, after, adminIds, defaultLocale } = ctx.services;
  const t = textsIn(ctx.turn.got(named)?.language ?? null, defaultLocale);
  if (!adminIds.includes(user)) after?.(0, () => setChatMenu(api, user, t, role));
}

async function reply(ctx: BotContext, screen: Screen): Promise<void> {
  await Promise.all([ctx.answerPress(), show(ctx, screen)]);
}

function listScreen(found: readonly Admin[], t: Texts): Screen {
  const { people, system } = t.admin;
  const keyboard = new InlineKeyboard();
  for (const { id, name, username } of found.slice(0, 90)) {
    const label = `🛡 ${name}${username === null ? '' : ` @${username}`}`;
    keyboard.text(cutText(label, 60).text, encodeAction({ kind: 'adminRemove', user: id, sure: 0 })).row();
  }
  keyboard
    .text(people.addAdmin(), encodeAction({ kind: 'adminAdd' }))
    .row()
    .text(system.panel(), encodeAction({ kind: 'panel' }));
  return { text: found.length === 0 ? people.noAdmins() : people.admins(), keyboard };
}

async function openAudit(ctx: BotContext, page: number): Promise<void> {
  const found: readonly AuditEntry[] = ctx.turn.got(entries) ?? [];
  const { people, system } = ctx.t.admin;
  const keyboard = new InlineKeyboard();
  if (page > 0) keyboard.text(system.left(), encodeAction({ kind: 'audit', page: page - 1 }));
  if (found.length > ENTRIES) keyboard.text(system.right(), encodeAction({ kind: 'audit', page: page + 1 }));
  keyboard.row().text(system.panel(), encodeAction({ kind: 'panel' }));
  await reply(ctx, {
    text: people.audit(found.slice(0, ENTRIES).map((entry) => ({ ...entry, at: ctx.time(entry.at) }))),
    keyboard,
  });
}
