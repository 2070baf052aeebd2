/** Owners (ADMIN_IDS) name further admins; and the log of what admins did. */
import { type AdminContext, feature } from '../../bot/feature.ts';
import { Keyboard } from '../../bot/keyboard.ts';
import type { Screen } from '../../bot/show.ts';
import { answered } from '../../db/admin-questions.ts';
import { type Admin, addAdmin, admins, removeAdmin } from '../../db/admins.ts';
import { type AuditEntry, auditIfChanged, auditPage } from '../../db/audit-log.ts';
import { hasChanged } from '../../db/database.ts';
import { findPerson, type PersonCard } from '../../db/people.ts';
import { type Texts, textsIn } from '../../locales/index.ts';
import { cutText } from '../../text/html.ts';
import { setChatMenu } from '../commands-menu.ts';
import { asking, putQuestion, withNote } from './edit-screens.ts';
import { personOf } from './people.ts';

const ENTRIES = 12;

export const auditFeature = feature('admins').on(
  'audit',
  { reads: ({ page }) => [auditPage(Math.max(0, page), ENTRIES)] },
  (ctx, { page }, [found]) => auditScreen(ctx, found, Math.max(0, page)),
);

/** To other admins what only owners may do is like an admin's command to viewers: unknown. */
export const adminsFeature = feature('owners')
  .on('admins', { reads: () => [admins()] }, ({ t }, _, [found]) => listScreen(found, t))
  .on('adminAdd', (ctx) => putQuestion(ctx, 'admin', ctx.t.admin.people.askAdmin()))
  .answer('admin', (ctx, message) => askToAdd(ctx, personOf(message)))
  .on('adminGrant', { reads: ({ user }) => [findPerson({ id: user })] }, (ctx, _, [person]) =>
    add(ctx, person),
  )
  .on(
    'adminRemove',
    { reads: ({ user }) => [findPerson({ id: user })] },
    async (ctx, { user, sure }, [person]) => {
      const { people, system } = ctx.t.admin;
      const name = person?.name ?? String(user);
      if (sure !== 1) {
        const keyboard = new Keyboard()
          .button(people.yesRemove(), { kind: 'adminRemove', user, sure: 1 })
          .button(system.no(), { kind: 'admins' });
        return { text: people.askRemoveAdmin(name), keyboard };
      }
      const [, , left] = await ctx.turn.commit(
        removeAdmin(user),
        auditIfChanged(ctx.viewer.id, 'admin-removed', `${name} (${user})`, ctx.now),
        admins(),
      );
      changeMenu(ctx, user, person, undefined);
      return withNote(people.adminRemoved(name), listScreen(left, ctx.t));
    },
  );

/** Who it would be is shown first: a mistyped id or another's name must not get rights. */
async function askToAdd(
  ctx: AdminContext,
  wanted: { id: number } | { username: string } | undefined,
): Promise<Screen> {
  const { people, system } = ctx.t.admin;
  if (wanted === undefined) return withNote(people.notFound(), asking(people.askAdmin(), ctx.t));
  const [person] = await ctx.services.db.read([findPerson(wanted)]);
  if (person === undefined) return asking(people.notFound(), ctx.t);
  ctx.turn.stage(...answered(ctx.viewer.id));
  const keyboard = new Keyboard()
    .button(people.yesAdd(), { kind: 'adminGrant', user: person.id })
    .button(system.no(), { kind: 'admins' });
  return { text: people.askAddAdmin(person, 'username' in wanted), keyboard };
}

async function add(ctx: AdminContext, person: PersonCard | undefined): Promise<Screen> {
  const { people, system } = ctx.t.admin;
  if (person === undefined) return asking(people.notFound(), ctx.t);
  const { id: user, name } = person;
  const [added] = await ctx.turn.commit(
    addAdmin(user, ctx.viewer.id, ctx.now),
    auditIfChanged(ctx.viewer.id, 'admin-added', `${name} (${user})`, ctx.now),
  );
  const keyboard = new Keyboard().button(system.admins(), { kind: 'admins' });
  changeMenu(ctx, user, person, 'admin');
  return { text: hasChanged(added) ? people.adminAdded(name) : people.adminThere(name), keyboard };
}

/** In the chat of whom the pressed button names. An owner stays one, whatever is done here. */
function changeMenu(
  ctx: AdminContext,
  user: number,
  person: PersonCard | undefined,
  role: 'admin' | undefined,
): void {
  const { api, after, ownerIds, defaultLocale } = ctx.services;
  const t = textsIn(person?.language ?? null, defaultLocale);
  if (!ownerIds.includes(user)) after?.(0, () => setChatMenu(api, user, t, role));
}

function listScreen(found: readonly Admin[], t: Texts): Screen {
  const { people, system } = t.admin;
  const keyboard = new Keyboard();
  for (const { id, name, username } of found.slice(0, 90)) {
    const label = `🛡 ${name}${username === null ? '' : ` @${username}`}`;
    keyboard.last(cutText(label, 60).text, { kind: 'adminRemove', user: id, sure: 0 });
  }
  keyboard.last(people.addAdmin(), { kind: 'adminAdd' }).button(system.panel(), { kind: 'panel' });
  return { text: found.length === 0 ? people.noAdmins() : people.admins(), keyboard };
}

function auditScreen(ctx: AdminContext, found: readonly AuditEntry[], page: number): Screen {
  const { people, system } = ctx.t.admin;
  const keyboard = new Keyboard()
    .pages(ctx.t, { page, hasNext: found.length > ENTRIES }, (to) => ({ kind: 'audit', page: to }))
    .button(system.panel(), { kind: 'panel' });
  const shown = found.slice(0, ENTRIES).map((entry) => ({ ...entry, at: ctx.time(entry.at) }));
  return { text: people.audit(shown), keyboard };
}
