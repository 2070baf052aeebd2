/** Groups and channels to post to. Buttons carry the row's id; only Bot API calls the chat's. */
import { type AdminContext, feature } from '../../bot/feature.ts';
import { Keyboard } from '../../bot/keyboard.ts';
import type { Screen } from '../../bot/show.ts';
import { forgetNotice } from '../../db/admin-notices.ts';
import { answered } from '../../db/admin-questions.ts';
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
import { cutText, html } from '../../text/html.ts';
import { lookUpChat } from './chat-lookup.ts';
import { asking, putQuestion, withNote } from './edit-screens.ts';
import { chatName } from './lines.ts';

const one = {
  reads: ({ group }: { readonly group: number }) => [groupById(group)] as const,
  gone: (t: Texts): string => t.admin.chats.gone(),
};

export const groupsAdminFeature = feature('admins')
  .on('groups', { reads: () => [groups()] }, ({ t }, _, [found]) => listScreen(found, t))
  .on('group', one, ({ t }, _, [group]) => groupScreen(group, t))
  .on('groupUp', one, async (ctx, _, [{ id }]) => {
    const [, found] = await ctx.turn.commit(raiseGroup(id), groups());
    return listScreen(found, ctx.t);
  })
  .on('groupCheck', one, (ctx, _, [group]) => check(ctx, group))
  .on('groupName', one, (ctx, _, [{ id, name }]) =>
    putQuestion(ctx, 'group-name', ctx.t.admin.chats.askName(name), { subject: id }),
  )
  .answer('group-name', async (ctx, message, [asked]) => {
    const { chats } = ctx.t.admin;
    const name = chatName(message.text);
    if (name === undefined) return asking(chats.wantsName(), ctx.t);
    const id = asked.subject ?? 0;
    const [, , , group, found] = await ctx.turn.commit(
      answered(ctx.viewer.id),
      renameGroup(id, name),
      auditIfChanged(ctx.viewer.id, 'group-edited', name, ctx.now),
      groupById(id),
      groups(),
    );
    return group === undefined
      ? withNote(html`${chats.gone()}`, listScreen(found, ctx.t))
      : withNote(chats.renamed(name), groupScreen(group, ctx.t));
  })
  .on('groupDelete', one, async (ctx, { sure }, [group]) => {
    if (sure !== 1) return askDelete(group, ctx.t);
    const [, , found] = await ctx.turn.commit(
      deleteGroup(group.id),
      auditIfChanged(ctx.viewer.id, 'group-deleted', `${group.name} (${group.chatId})`, ctx.now),
      groups(),
    );
    return withNote(ctx.t.admin.chats.deleted(group.name), listScreen(found, ctx.t));
  });

async function check(ctx: AdminContext, group: Group): Promise<Screen> {
  const { chats } = ctx.t.admin;
  const found = await lookUpChat(ctx.services, group.chatId, 'group');
  if (!found.ok) return withNote(chats.refused[found.why](group.name), groupScreen(group, ctx.t));
  const { chat } = found;
  await ctx.turn.commit(refreshGroup(group.id, chat), forgetNotice(`chat:${group.id}`));
  return withNote(chats.updated(), groupScreen({ ...group, ...chat, problem: null }, ctx.t));
}

function listScreen(found: readonly Group[], t: Texts): Screen {
  const { chats, system } = t.admin;
  const keyboard = new Keyboard();
  for (const group of found.slice(0, 90)) {
    const icon = group.problem === null ? (group.kind === 'channel' ? '📢' : '👥') : '⚠️';
    keyboard.last(`${icon} ${cutText(group.name, 40).text}`, { kind: 'group', group: group.id });
  }
  keyboard.last(chats.addGroup(), { kind: 'groupAdd' }).button(system.panel(), { kind: 'panel' });
  return { text: found.length === 0 ? chats.noGroups() : chats.groups(), keyboard };
}

function groupScreen(group: Group, t: Texts): Screen {
  const { chats, system } = t.admin;
  const keyboard = new Keyboard()
    .last(chats.check(), { kind: 'groupCheck', group: group.id })
    .button(chats.rename(), { kind: 'groupName', group: group.id })
    .last(chats.up(), { kind: 'groupUp', group: group.id })
    .button(chats.delete(), { kind: 'groupDelete', group: group.id, sure: 0 })
    .button(system.back(), { kind: 'groups' });
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
    keyboard: new Keyboard()
      .button(chats.yesDelete(), { kind: 'groupDelete', group: group.id, sure: 1 })
      .button(system.no(), { kind: 'group', group: group.id }),
  };
}
