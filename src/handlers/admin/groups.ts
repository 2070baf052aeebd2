/** The list of groups and channels to post to. Buttons carry the row's id; only Bot API calls see the chat's. */
import { InlineKeyboard } from 'grammy';
import { encodeAction } from '../../bot/callback-data.ts';
import type { BotContext } from '../../bot/context.ts';
import type { Feature } from '../../bot/feature.ts';
import { type Screen, show } from '../../bot/show.ts';
import { forgetNotice } from '../../db/admin-notices.ts';
import { answered, ask } from '../../db/asks.ts';
import { auditIfChanged } from '../../db/audit-log.ts';
import {
  deleteGroup,
  type Group,
  groupById,
  groups,
  raiseGroup,
  refreshGroup,
  renameGroup,
} from '../../db/groups.ts';
import type { Texts } from '../../locales/index.ts';
import { cutText, type Html } from '../../text/html.ts';
import { lookUpChat } from './chat-lookup.ts';
import { stopButton, withNote } from './edit-screens.ts';
import { AdminRoutes, askedQuestion, whenAsked, whenPressed } from './routes.ts';

/** Buttons and lists show it on one line. */
const NAME_LIMIT = 60;

const list = whenAsked('groups', ['groups'], () => groups());
const named = whenPressed(['group', 'groupUp', 'groupCheck', 'groupName', 'groupDelete'], ({ group }) =>
  groupById(group),
);

const routes = new AdminRoutes()
  .command('groups', (ctx) => show(ctx, listScreen(ctx.turn.got(list) ?? [], ctx.t)))
  .press('groups', async (ctx) => {
    await Promise.all([ctx.answerPress(), show(ctx, listScreen(ctx.turn.got(list) ?? [], ctx.t))]);
  })
  .press('group', (ctx) => withGroup(ctx, (group) => reply(ctx, groupScreen(group, ctx.t))))
  .press('groupUp', (ctx) =>
    withGroup(ctx, async (group) => {
      const question = groups();
      const results = await ctx.turn.commit(...raiseGroup(group.id), question);
      await reply(ctx, listScreen(question.parse(results.at(-1)?.rows ?? []), ctx.t));
    }),
  )
  .press('groupCheck', (ctx) => withGroup(ctx, (group) => check(ctx, group)))
  .press('groupName', (ctx, admin) =>
    withGroup(ctx, async (group) => {
      await ctx.turn.commit(...ask(admin.id, 'group-name', { subject: group.id }, ctx.now));
      const text = ctx.t.admin.chats.askName(group.name);
      await reply(ctx, { text, keyboard: stopButton(ctx.t) });
    }),
  )
  .answer('group-name', async (ctx, admin, { ask: asked, message }) => {
    const { chats } = ctx.t.admin;
    const name = (message.text ?? '').replaceAll(/\s+/g, ' ').trim();
    if (name === '' || name.length > NAME_LIMIT)
      return show(ctx, { text: chats.wantsName(), keyboard: stopButton(ctx.t) });
    const question = groupById(asked.subject ?? 0);
    const results = await ctx.turn.commit(
      ...answered(admin.id),
      renameGroup(asked.subject ?? 0, name),
      auditIfChanged(admin.id, 'group-edited', name, ctx.now),
      question,
    );
    const group = question.parse(results.at(-1)?.rows ?? []);
    return show(
      ctx,
      group === undefined ? listScreen([], ctx.t) : withNote(chats.renamed(name), groupScreen(group, ctx.t)),
    );
  })
  .press('groupDelete', (ctx, admin, { sure }) =>
    withGroup(ctx, async (group) => {
      if (sure !== 1) return reply(ctx, askDelete(group, ctx.t));
      const question = groups();
      const results = await ctx.turn.commit(
        deleteGroup(group.id),
        auditIfChanged(admin.id, 'group-deleted', `${group.name} (${group.chatId})`, ctx.now),
        question,
      );
      const screen = listScreen(question.parse(results.at(-1)?.rows ?? []), ctx.t);
      return reply(ctx, withNote(ctx.t.admin.chats.deleted(group.name), screen));
    }),
  );

export const groupsAdminFeature: Feature = {
  name: 'admin groups',
  composer: routes.composer,
  prefetches: [list, named, askedQuestion],
};

async function withGroup(ctx: BotContext, act: (group: Group) => Promise<unknown>): Promise<unknown> {
  const group = ctx.turn.got(named);
  return group === undefined ? ctx.answerPress(ctx.t.admin.chats.gone(), { alert: true }) : act(group);
}

async function reply(ctx: BotContext, screen: Screen): Promise<void> {
  await Promise.all([ctx.answerPress(), show(ctx, screen)]);
}

async function check(ctx: BotContext, group: Group): Promise<void> {
  const { chats } = ctx.t.admin;
  const found = await lookUpChat(ctx.services, group.chatId, 'group');
  let note: Html;
  let after = group;
  if (found.ok) {
    const { chat } = found;
    await ctx.turn.commit(refreshGroup(group.id, chat), forgetNotice(`chat:${group.id}`));
    after = { ...group, ...chat, problem: null };
    note = chats.updated();
  } else note = chats.refused[found.why](group.name);
  await reply(ctx, withNote(note, groupScreen(after, ctx.t)));
}

function listScreen(found: readonly Group[], t: Texts): Screen {
  const { chats, system } = t.admin;
  const keyboard = new InlineKeyboard();
  for (const group of found.slice(0, 90)) {
    const icon = group.problem === null ? (group.kind === 'channel' ? '📢' : '👥') : '⚠️';
    keyboard
      .text(`${icon} ${cutText(group.name, 40).text}`, encodeAction({ kind: 'group', group: group.id }))
      .row();
  }
  keyboard
    .text(chats.addGroup(), encodeAction({ kind: 'groupAdd' }))
    .row()
    .text(system.panel(), encodeAction({ kind: 'panel' }));
  return { text: found.length === 0 ? chats.noGroups() : chats.groups(), keyboard };
}

function groupScreen(group: Group, t: Texts): Screen {
  const { chats, system } = t.admin;
  const keyboard = new InlineKeyboard()
    .text(chats.check(), encodeAction({ kind: 'groupCheck', group: group.id }))
    .row()
    .text(chats.rename(), encodeAction({ kind: 'groupName', group: group.id }))
    .text(chats.up(), encodeAction({ kind: 'groupUp', group: group.id }))
    .row()
    .text(chats.delete(), encodeAction({ kind: 'groupDelete', group: group.id, sure: 0 }))
    .text(system.back(), encodeAction({ kind: 'groups' }));
  return {
    text: chats.group({
      ...group,
      isChannel: group.kind === 'channel',
      problem: group.problem === null ? null : t.trouble(group.problem),
    }),
    keyboard,
  };
}

function askDelete(group: Group, t: Texts): Screen {
  const { chats, system } = t.admin;
  return {
    text: chats.askDeleteGroup(group.name),
    keyboard: new InlineKeyboard()
      .text(chats.yesDelete(), encodeAction({ kind: 'groupDelete', group: group.id, sure: 1 }))
      .text(system.no(), encodeAction({ kind: 'group', group: group.id })),
  };
}
