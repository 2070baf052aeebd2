/** The list of mandatory channels. */
import { type AdminContext, feature } from '../../bot/feature.ts';
import { Keyboard } from '../../bot/keyboard.ts';
import type { Screen } from '../../bot/show.ts';
import { answered } from '../../db/admin-questions.ts';
import { auditIfChanged } from '../../db/audit-log.ts';
import {
  deleteChannel,
  type MandatoryChannel,
  mandatoryChannel,
  mandatoryChannels,
  raiseChannel,
  refreshChannel,
  renameChannel,
} from '../../db/mandatory-channels.ts';
import type { Texts } from '../../locales/index.ts';
import { cutText, html } from '../../text/html.ts';
import { lookUpChat } from './chat-lookup.ts';
import { asking, putQuestion, withNote } from './edit-screens.ts';
import { chatName } from './lines.ts';

const one = {
  reads: ({ channel }: { readonly channel: number }) => [mandatoryChannel(channel)] as const,
  gone: (t: Texts): string => t.admin.chats.gone(),
};

export const channelsAdminFeature = feature('admins')
  .on('channels', { reads: () => [mandatoryChannels()] }, ({ t }, _, [found]) => listScreen(found, t))
  .on('channel', one, ({ t }, _, [channel]) => channelScreen(channel, t))
  .on('channelUp', one, async (ctx, _, [{ id }]) => {
    const [, found] = await ctx.turn.commit(raiseChannel(id), mandatoryChannels());
    return listScreen(found, ctx.t);
  })
  .on('channelCheck', one, (ctx, _, [channel]) => check(ctx, channel, false))
  .on('channelRequests', one, (ctx, _, [channel]) => check(ctx, channel, true))
  .on('channelName', one, (ctx, _, [{ id, name }]) =>
    putQuestion(ctx, 'channel-name', ctx.t.admin.chats.askName(name), { subject: id }),
  )
  .answer('channel-name', async (ctx, message, [asked]) => {
    const { chats } = ctx.t.admin;
    const name = chatName(message.text);
    if (name === undefined) return asking(chats.wantsName(), ctx.t);
    const id = asked.subject ?? 0;
    const [, , , channel, found] = await ctx.turn.commit(
      answered(ctx.viewer.id),
      renameChannel(id, name),
      auditIfChanged(ctx.viewer.id, 'channel-edited', name, ctx.now),
      mandatoryChannel(id),
      mandatoryChannels(),
    );
    return channel === undefined
      ? withNote(html`${chats.gone()}`, listScreen(found, ctx.t))
      : withNote(chats.renamed(name), channelScreen(channel, ctx.t));
  })
  .on('channelDelete', one, async (ctx, { sure }, [channel]) => {
    if (sure !== 1) return askDelete(channel, ctx.t);
    const [, , found] = await ctx.turn.commit(
      deleteChannel(channel.id),
      auditIfChanged(ctx.viewer.id, 'channel-deleted', `${channel.name} (${channel.chat})`, ctx.now),
      mandatoryChannels(),
    );
    return withNote(ctx.t.admin.chats.deleted(channel.name), listScreen(found, ctx.t));
  });

/** Looks the channel up anew; with `joinRequests` its link becomes one that asks for approval. */
async function check(ctx: AdminContext, channel: MandatoryChannel, joinRequests: boolean): Promise<Screen> {
  const { chats } = ctx.t.admin;
  const wanted = channel.chat.startsWith('@') ? channel.chat : Number(channel.chat);
  const keepsRequests = joinRequests || (channel.kind === 'request' && channel.link !== null);
  const found = await lookUpChat(ctx.services, wanted, 'channel', { joinRequests });
  if (!found.ok) return withNote(chats.refused[found.why](channel.name), channelScreen(channel, ctx.t));
  const { chat } = found;
  const kind = keepsRequests ? 'request' : chat.username === null ? 'private' : 'public';
  const link = (keepsRequests && !joinRequests ? channel.link : chat.link) ?? '';
  const [, after] = await ctx.turn.commit(
    refreshChannel(channel.id, { ...chat, link, kind }, ctx.now),
    mandatoryChannel(channel.id),
  );
  return withNote(chats.updated(), channelScreen(after ?? channel, ctx.t));
}

function listScreen(found: readonly MandatoryChannel[], t: Texts): Screen {
  const { chats, system } = t.admin;
  const keyboard = new Keyboard();
  for (const channel of found.slice(0, 90))
    keyboard.last(`${channel.isBroken ? '⚠️' : '🔒'} ${cutText(channel.name, 40).text}`, {
      kind: 'channel',
      channel: channel.id,
    });
  keyboard.last(chats.addChannel(), { kind: 'channelAdd' }).button(system.panel(), { kind: 'panel' });
  return { text: found.length === 0 ? chats.noChannels() : chats.channels(), keyboard };
}

function channelScreen(channel: MandatoryChannel, t: Texts): Screen {
  const { chats, system } = t.admin;
  const keyboard = new Keyboard().last(chats.check(), { kind: 'channelCheck', channel: channel.id });
  if (channel.kind !== 'public')
    keyboard.last(chats.byRequest(), { kind: 'channelRequests', channel: channel.id });
  keyboard
    .button(chats.rename(), { kind: 'channelName', channel: channel.id })
    .last(chats.up(), { kind: 'channelUp', channel: channel.id })
    .button(chats.delete(), { kind: 'channelDelete', channel: channel.id, sure: 0 })
    .button(system.back(), { kind: 'channels' });
  const problem = channel.isBroken ? t.trouble(channel.problem ?? '?') : null;
  return { text: chats.channel({ ...channel, problem }), keyboard };
}

function askDelete(channel: MandatoryChannel, t: Texts): Screen {
  const { chats, system } = t.admin;
  return {
    text: chats.askDeleteChannel(channel.name),
    keyboard: new Keyboard()
      .button(chats.yesDelete(), { kind: 'channelDelete', channel: channel.id, sure: 1 })
      .button(system.no(), { kind: 'channel', channel: channel.id }),
  };
}
