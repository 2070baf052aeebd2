/** /users: how many, and one of them (id, @username, forwarded message); block and unblock. */
import type { Message } from 'grammy/types';
import type { BotContext } from '../../bot/context.ts';
import { feature } from '../../bot/feature.ts';
import { isRelayed, normaliseDigits } from '../../bot/incoming.ts';
import { Keyboard } from '../../bot/keyboard.ts';
import type { Screen } from '../../bot/show.ts';
import { answered } from '../../db/admin-questions.ts';
import { auditIfChanged } from '../../db/audit-log.ts';
import { ban, findPerson, type PersonCard, unban } from '../../db/people.ts';
import { type Totals, totals } from '../../db/statistics.ts';
import { forgetBanTold } from '../../db/users.ts';
import type { Texts } from '../../locales/index.ts';
import { asking, putQuestion, withNote } from './edit-screens.ts';

const named = { reads: ({ user }: { readonly user: number }) => [findPerson({ id: user })] as const };

export const peopleFeature = feature('admins')
  .on('people', async ({ t, turn, now }) => {
    const [numbers] = await turn.commit(totals(now));
    return numbersScreen(numbers, t);
  })
  .command(
    'users',
    {
      reads: (argument) => {
        const wanted = personNamed(argument);
        return [wanted && findPerson(wanted)];
      },
    },
    (ctx, _, [person]) => personScreen(person, ctx),
  )
  .on('personFind', (ctx) => putQuestion(ctx, 'person', ctx.t.admin.people.askPerson()))
  .answer('person', async (ctx, message) => {
    const wanted = personOf(message);
    const { people } = ctx.t.admin;
    if (wanted === undefined) return withNote(people.notFound(), asking(people.askPerson(), ctx.t));
    const [person] = await ctx.turn.commit(findPerson(wanted), answered(ctx.viewer.id));
    return personScreen(person, ctx);
  })
  .on('person', named, (ctx, _, [person]) => personScreen(person, ctx))
  .on('personBan', named, async (ctx, { user, on }, [person]) => {
    if (person === undefined || isStaff(person, ctx)) return { alert: ctx.t.admin.people.isAdmin() };
    const action = on === 1 ? 'user-banned' : 'user-unbanned';
    const [, , , after] = await ctx.turn.commit(
      on === 1 ? ban(user, ctx.now) : unban(user),
      auditIfChanged(ctx.viewer.id, action, `${person.name} (${user})`, ctx.now),
      on === 1 ? [] : [forgetBanTold(user)],
      findPerson({ id: user }),
    );
    return personScreen(after, ctx);
  });

/** A user by a message forwarded from them, an id or @username; another's message names nobody. */
export function personOf(message: Message): { id: number } | { username: string } | undefined {
  const origin = message.forward_origin;
  if (origin?.type === 'user') return { id: origin.sender_user.id };
  return isRelayed(message) ? undefined : personNamed(message.text ?? '');
}

function personNamed(text: string): { id: number } | { username: string } | undefined {
  const given = normaliseDigits(text.trim());
  if (/^\d{1,15}$/.test(given)) return { id: Number(given) };
  const username = /^(?:@|(?:https?:\/\/)?t\.me\/)?([A-Za-z]\w{3,31})$/.exec(given)?.[1];
  return username === undefined ? undefined : { username };
}

function numbersScreen(found: Totals, t: Texts): Screen {
  const { people, system } = t.admin;
  const keyboard = new Keyboard()
    .last(people.find(), { kind: 'personFind' })
    .button(system.panel(), { kind: 'panel' });
  return { text: people.users(found.users, found.blocked, found.banned), keyboard };
}

/** Those who run the bot cannot be blocked. */
function isStaff(person: PersonCard, ctx: BotContext): boolean {
  return person.isAdmin || ctx.services.ownerIds.includes(person.id);
}

function personScreen(person: PersonCard | undefined, ctx: BotContext): Screen {
  const { people, system } = ctx.t.admin;
  const keyboard = new Keyboard();
  if (person !== undefined && !isStaff(person, ctx)) {
    const isBanned = person.bannedAt !== null;
    keyboard.last(isBanned ? people.unban() : people.ban(), {
      kind: 'personBan',
      user: person.id,
      on: isBanned ? 0 : 1,
    });
  }
  keyboard.last(people.find(), { kind: 'personFind' }).button(system.panel(), { kind: 'panel' });
  const at = (time: string | null): string | null => (time === null ? null : ctx.time(time));
  const text =
    person === undefined
      ? people.notFound()
      : people.person({
          ...person,
          createdAt: at(person.createdAt),
          lastSeen: at(person.lastSeen),
          isAdmin: isStaff(person, ctx),
        });
  return { text, keyboard };
}
