/** The list of mandatory channels. */
import { InlineKeyboard } from 'grammy';
import { encodeAction } from '../../bot/callback-data.ts';
import type { BotContext } from '../../bot/context.ts';
import type { Feature } from '../../bot/feature.ts';
import { type Screen, show } from '../../bot/show.ts';
import { answered, ask } from '../../db/asks.ts';
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
import { cutText } from '../../text/html.ts';
import { lookUpChat } from './chat-lookup.ts';
import { stopButton, withNote } from './edit-screens.ts';
import { AdminRoutes, askedQuestion, whenAsked, whenPressed } from './routes.ts';

/** Buttons and lists show it on one line. */
const NAME_LIMIT = 60;
const BUTTONS = [
  'channel',
  'channelUp',
  'channelCheck',
  'channelRequests',
  'channelName',
  'channelDelete',
] as const;

const list = whenAsked('channels', ['channels'], () => mandatoryChannels());
const named = whenPressed(BUTTONS, ({ channel }) => mandatoryChannel(channel));

const routes = new AdminRoutes()
  .command('channels', (ctx) => show(ctx, listScreen(ctx.turn.got(list) ?? [], ctx.t)))
  .press('channels', (ctx) => reply(ctx, listScreen(ctx.turn.got(list) ?? [], ctx.t)))
  .press('channel', (ctx) => withChannel(ctx, (channel) => reply(ctx, channelScreen(channel, ctx.t))))
  .press('channelUp', (ctx) =>
    withChannel(ctx, async (channel) => {
      const question = mandatoryChannels();
      const results = await ctx.turn.commit(...raiseChannel(channel.id), question);
      await reply(ctx, listScreen(question.parse(results.at(-1)?.rows ?? []), ctx.t));
    }),
  )
  .press('channelCheck', (ctx) => withChannel(ctx, (channel) => check(ctx, channel, false)))
  .press('channelRequests', (ctx) => withChannel(ctx, (channel) => check(ctx, channel, true)))
  .press('channelName', (ctx, admin) =>
    withChannel(ctx, async (channel) => {
      await ctx.turn.commit(...ask(admin.id, 'channel-name', { subject: channel.id }, ctx.now));
      const text = ctx.t.admin.chats.askName(channel.name);
      await reply(ctx, { text, keyboard: stopButton(ctx.t) });
    }),
  )
  .answer('channel-name', async (ctx, admin, { ask: asked, message }) => {
    const { chats } = ctx.t.admin;
    const name = (message.text ?? '').replaceAll(/\s+/g, ' ').trim();
    if (name === '' || name.length > NAME_LIMIT)
      return show(ctx, { text: chats.wantsName(), keyboard: stopButton(ctx.t) });
    const question = mandatoryChannel(asked.subject ?? 0);
    const results = await ctx.turn.commit(
      ...answered(admin.id),
      renameChannel(asked.subject ?? 0, name),
      auditIfChanged(admin.id, 'channel-edited', name, ctx.now),
      question,
    );
    const channel = question.parse(results.at(-1)?.rows ?? []);
    return show(
      ctx,
      channel === undefined
        ? listScreen([], ctx.t)
        : withNote(chats.renamed(name), channelScreen(channel, ctx.t)),
    );
  })
  .press('channelDelete', (ctx, admin, { sure }) =>
    withChannel(ctx, async (channel) => {
      if (sure !== 1) return reply(ctx, askDelete(channel, ctx.t));
      const question = mandatoryChannels();
      const results = await ctx.turn.commit(
        deleteChannel(channel.id),
        auditIfChanged(admin.id, 'channel-deleted', `${channel.name} (${channel.chat})`, ctx.now),
        question,
      );
      const screen = listScreen(question.parse(results.at(-1)?.rows ?? []), ctx.t);
      return reply(ctx, withNote(ctx.t.admin.chats.deleted(channel.name), screen));
    }),
  );

export const channelsAdminFeature: Feature = {
  name: 'admin channels',
  composer: routes.composer,
  prefetches: [list, named, askedQuestion],
};

async function withChannel(
  ctx: BotContext,
  act: (channel: MandatoryChannel) => Promise<unknown>,
): Promise<unknown> {
  const channel = ctx.turn.got(named);
  return channel === undefined ? ctx.answerPress(ctx.t.admin.chats.gone(), { alert: true }) : act(channel);
}

async function reply(ctx: BotContext, screen: Screen): Promise<void> {
  await Promise.all([ctx.answerPress(), show(ctx, screen)]);
}

/** Looks the channel up anew; with `joinRequests` its link becomes one that asks for approval. */
async function check(ctx: BotContext, channel: MandatoryChannel, joinRequests: boolean): Promise<void> {
  const { chats } = ctx.t.admin;
  const wanted = channel.chat.startsWith('@') ? channel.chat : Number(channel.chat);
  const keepsRequests = joinRequests || (channel.kind === 'request' && channel.link !== null);
  const found = await lookUpChat(ctx.services, wanted, 'channel', { joinRequests });
  if (!found.ok) {
    const note = chats.refused[found.why](channel.name);
    return reply(ctx, withNote(note, channelScreen(channel, ctx.t)));
  }
  const { chat } = found;
  const kind = keepsRequests ? 'request' : chat.username === null ? 'private' : 'public';
  const link = (keepsRequests && !joinRequests ? channel.link : chat.link) ?? '';
  const question = mandatoryChannel(channel.id);
  const results = await ctx.turn.commit(
    refreshChannel(channel.id, { ...chat, link, kind }, ctx.now),
    question,
  );
  const after = question.parse(results.at(-1)?.rows ?? []) ?? channel;
  await reply(ctx, withNote(chats.updated(), channelScreen(after, ctx.t)));
}

function listScreen(found: readonly MandatoryChannel[], t: Texts): Screen {
  const { chats, system } = t.admin;
  const keyboard = new InlineKeyboard();
  for (const channel of found.slice(0, 90))
    keyboard
      .text(
        `${channel.isBroken ? '⚠️' : '🔒'} ${cutText(channel.name, 40).text}`,
        encodeAction({ kind: 'channel', channel: channel.id }),
      )
      .row();
  keyboard
    .text(chats.addChannel(), encodeAction({ kind: 'channelAdd' }))
    .row()
    .text(system.panel(), encodeAction({ kind: 'panel' }));
  return { text: found.length === 0 ? chats.noChannels() : chats.channels(), keyboard };
}

function channelScreen(channel: MandatoryChannel, t: Texts): Screen {
  const { chats, system } = t.admin;
  const keyboard = new InlineKeyboard()
    .text(chats.check(), encodeAction({ kind: 'channelCheck', channel: channel.id }))
    .row();
  if (channel.kind !== 'public')
    keyboard.text(chats.byRequest(), encodeAction({ kind: 'channelRequests', channel: channel.id })).row();
  keyboard
    .text(chats.rename(), encodeAction({ kind: 'channelName', channel: channel.id }))
    .text(chats.up(), encodeAction({ kind: 'channelUp', channel: channel.id }))
    .row()
    .text(chats.delete(), encodeAction({ kind: 'channelDelete', channel: channel.id, sure: 0 }))
    .text(system.back(), encodeAction({ kind: 'channels' }));
  const problem = channel.isBroken ? t.trouble(channel.problem ?? '?') : null;
  return { text: chats.channel({ ...channel, problem }), keyboard };
}

function askDelete(channel: MandatoryChannel, t: Texts): Screen {
  const { chats, system } = t.admin;
  return {
    text: chats.askDeleteChannel(channel.name),
    keyboard: new InlineKeyboard()
      .text(chats.yesDelete(), encodeAction({ kind: 'channelDelete', channel: channel.id, sure: 1 }))
      .text(system.no(), encodeAction({ kind: 'channel', channel: channel.id })),
  };
}
