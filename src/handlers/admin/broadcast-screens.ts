/** A broadcast as its admin sees it; handlers and tick show the same. */
import { InlineKeyboard } from 'grammy';
import { encodeAction } from '../../bot/callback-data.ts';
import type { BotContext } from '../../bot/context.ts';
import type { Screen } from '../../bot/show.ts';
import { AUDIENCES, type Broadcast } from '../../db/broadcasts.ts';
import type { Group } from '../../db/groups.ts';
import type { Texts } from '../../locales/index.ts';
import { cutText, html } from '../../text/html.ts';

/** In the order of the button's `to`; never reorder. */
export const STEERS = ['paused', 'running', 'cancelled'] as const;

export function progressScreen(broadcast: Broadcast, t: Texts, isStarting = false): Screen {
  const { sending, system } = t.admin;
  const { id, state } = broadcast;
  const steer = (to: (typeof STEERS)[number]): string =>
    encodeAction({ kind: 'broadcastSteer', broadcast: id, to: STEERS.indexOf(to) });
  const keyboard = new InlineKeyboard();
  if (state === 'running') keyboard.text(sending.pause(), steer('paused'));
  if (state === 'paused') keyboard.text(sending.goOn(), steer('running'));
  if (state === 'running' || state === 'paused')
    keyboard
      .text(sending.cancel(), steer('cancelled'))
      .row()
      .text(sending.refresh(), encodeAction({ kind: 'broadcast', broadcast: id }))
      .row();
  keyboard.text(system.panel(), encodeAction({ kind: 'panel' }));
  const text = sending.progress(progressOf(broadcast, t));
  return { text: isStarting ? html`${text}\n\n${sending.starting()}` : text, keyboard };
}

/** What the texts of a broadcast tell of it. */
export function progressOf(
  broadcast: Broadcast,
  t: Texts,
): Parameters<Texts['admin']['sending']['progress']>[0] {
  const { problem } = broadcast;
  return { ...broadcast, problem: problem === null ? null : t.trouble(problem) };
}

export function audienceScreen(broadcastId: number, t: Texts): Screen {
  const { sending, system } = t.admin;
  const to = (audience: 'users' | 'groups'): string =>
    encodeAction({
      kind: 'broadcastTo',
      broadcast: broadcastId,
      audience: AUDIENCES.indexOf(audience),
      group: 0,
    });
  return {
    text: sending.askAudience(),
    keyboard: new InlineKeyboard()
      .text(sending.toUsers(), to('users'))
      .row()
      .text(sending.toGroups(), to('groups'))
      .row()
      .text(sending.toOneGroup(), encodeAction({ kind: 'broadcastPick', broadcast: broadcastId }))
      .row()
      .text(system.stop(), cancelData(broadcastId)),
  };
}

export function pickScreen(broadcastId: number, groups: readonly Group[], t: Texts): Screen {
  const { sending, system } = t.admin;
  const keyboard = new InlineKeyboard();
  for (const group of groups.slice(0, 90))
    keyboard
      .text(
        cutText(group.name, 40).text,
        encodeAction({
          kind: 'broadcastTo',
          broadcast: broadcastId,
          audience: AUDIENCES.indexOf('group'),
          group: group.id,
        }),
      )
      .row();
  keyboard.text(system.stop(), cancelData(broadcastId));
  return { text: groups.length === 0 ? sending.noChats() : sending.askGroup(), keyboard };
}

export function confirmScreen(broadcast: Broadcast, t: Texts): Screen {
  const { sending, system } = t.admin;
  return {
    text: sending.confirm(broadcast.audience ?? 'users', broadcast.total, broadcast.groupName),
    keyboard: new InlineKeyboard()
      .text(sending.send(broadcast.total), encodeAction({ kind: 'broadcastGo', broadcast: broadcast.id }))
      .row()
      .text(system.stop(), cancelData(broadcast.id)),
  };
}

export function listScreen(found: readonly Broadcast[], ctx: Pick<BotContext, 't' | 'time'>): Screen {
  const { t } = ctx;
  const { sending, system } = t.admin;
  const keyboard = new InlineKeyboard()
    .text(sending.newBroadcast(), encodeAction({ kind: 'broadcastNew' }))
    .row();
  for (const broadcast of found)
    keyboard
      .text(
        sending.listed(
          broadcast.startedAt === null ? '—' : ctx.time(broadcast.startedAt),
          broadcast.sent,
          broadcast.total,
          broadcast.state,
        ),
        encodeAction({ kind: 'broadcast', broadcast: broadcast.id }),
      )
      .row();
  keyboard.text(system.panel(), encodeAction({ kind: 'panel' }));
  return { text: sending.broadcasts(found.length > 0), keyboard };
}

function cancelData(id: number): string {
  return encodeAction({ kind: 'broadcastSteer', broadcast: id, to: STEERS.indexOf('cancelled') });
}
