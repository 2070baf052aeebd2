/** /users: how many, and one of them: found by id, @username or a forwarded message; blocked and unblocked. */
import { InlineKeyboard } from 'grammy';
import type { Message } from 'grammy/types';
import { encodeAction } from '../../bot/callback-data.ts';
import type { BotContext } from '../../bot/context.ts';
import type { Feature } from '../../bot/feature.ts';
import { isRelayed, normaliseDigits } from '../../bot/incoming.ts';
import { type Screen, show } from '../../bot/show.ts';
import { prefetch } from '../../bot/turn.ts';
import { answered, ask } from '../../db/asks.ts';
import { auditIfChanged } from '../../db/audit-log.ts';
import { ban, findPerson, type PersonCard, unban } from '../../db/people.ts';
import { totals } from '../../db/statistics.ts';
import { forgetBanTold } from '../../db/users.ts';
import { stopButton } from './edit-screens.ts';
import { AdminRoutes, askedQuestion, whenAsked, whenPressed } from './routes.ts';

const numbers = whenAsked('users', ['people'], (_userId, now) => totals(now));
const named = whenPressed(['person', 'personBan'], ({ user }) => findPerson({ id: user }));
const searched = prefetch((incoming) => {
  if (incoming.kind !== 'command' || incoming.name !== 'users') return undefined;
  const wanted = personNamed(incoming.argument);
  return wanted === undefined ? undefined : findPerson(wanted);
});

const routes = new AdminRoutes()
  .command('users', async (ctx, _admin, argument) => {
    if (argument === '') return openNumbers(ctx);
    const person = ctx.turn.got(searched);
    return show(ctx, personScreen(person, ctx));
  })
  .press('people', (ctx) => openNumbers(ctx))
  .press('personFind', async (ctx, admin) => {
    await ctx.turn.commit(...ask(admin.id, 'person', {}, ctx.now));
    const screen = { text: ctx.t.admin.people.askPerson(), keyboard: stopButton(ctx.t) };
    await Promise.all([ctx.answerPress(), show(ctx, screen)]);
  })
  .answer('person', async (ctx, admin, { message }) => {
    const wanted = personOf(message);
    if (wanted === undefined)
      return show(ctx, { text: ctx.t.admin.people.askPerson(), keyboard: stopButton(ctx.t) });
    const question = findPerson(wanted);
    const results = await ctx.turn.commit(question, ...answered(admin.id));
    return show(ctx, personScreen(question.parse(results[0]?.rows ?? []), ctx));
  })
  .press('person', async (ctx) => {
    await Promise.all([ctx.answerPress(), show(ctx, personScreen(ctx.turn.got(named), ctx))]);
  })
  .press('personBan', async (ctx, admin, { user, on }) => {
    const person = ctx.turn.got(named);
    if (person === undefined || isStaff(person, ctx))
      return ctx.answerPress(ctx.t.admin.people.isAdmin(), { alert: true });
    const question = findPerson({ id: user });
    const results = await ctx.turn.commit(
      on === 1 ? ban(user, ctx.now) : unban(user),
      auditIfChanged(
        admin.id,
        on === 1 ? 'user-banned' : 'user-unbanned',
        `${person.name} (${user})`,
        ctx.now,
      ),
      ...(on === 1 ? [] : [forgetBanTold(user)]),
      question,
    );
    const after = question.parse(results.at(-1)?.rows ?? []);
    return Promise.all([ctx.answerPress(), show(ctx, personScreen(after, ctx))]);
  });

export const peopleFeature: Feature = {
  name: 'admin people',
  composer: routes.composer,
  prefetches: [numbers, named, searched, askedQuestion],
};

/** A user named by a forwarded message of theirs, an id or @username; what somebody else wrote names nobody. */
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

async function openNumbers(ctx: BotContext): Promise<void> {
  const found = ctx.turn.got(numbers);
  const { people, system } = ctx.t.admin;
  const text = people.users(found?.users ?? 0, found?.blocked ?? 0, found?.banned ?? 0);
  const keyboard = new InlineKeyboard()
    .text(people.find(), encodeAction({ kind: 'personFind' }))
    .row()
    .text(system.panel(), encodeAction({ kind: 'panel' }));
  await Promise.all([ctx.answerPress(), show(ctx, { text, keyboard })]);
}

/** Those who run the bot can not be blocked. */
function isStaff(person: PersonCard, ctx: BotContext): boolean {
  return person.isAdmin || ctx.services.adminIds.includes(person.id);
}

function personScreen(person: PersonCard | undefined, ctx: BotContext): Screen {
  const { people, system } = ctx.t.admin;
  const keyboard = new InlineKeyboard();
  if (person !== undefined && !isStaff(person, ctx)) {
    const isBanned = person.bannedAt !== null;
    keyboard
      .text(
        isBanned ? people.unban() : people.ban(),
        encodeAction({ kind: 'personBan', user: person.id, on: isBanned ? 0 : 1 }),
      )
      .row();
  }
  keyboard
    .text(people.find(), encodeAction({ kind: 'personFind' }))
    .row()
    .text(system.panel(), encodeAction({ kind: 'panel' }));
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
