/** A broadcast as its admin sees it; handlers and tick show the same. */
import type { Action } from '../../bot/callback-data.ts';
import type { BotContext } from '../../bot/context.ts';
import { Keyboard } from '../../bot/keyboard.ts';
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
  const steer = (to: (typeof STEERS)[number]): Action => ({
    kind: 'broadcastSteer',
    broadcast: id,
    to: STEERS.indexOf(to),
  });
  const keyboard = new Keyboard();
  if (state === 'running') keyboard.button(sending.pause(), steer('paused'));
  if (state === 'paused') keyboard.button(sending.goOn(), steer('running'));
  if (state === 'running' || state === 'paused')
    keyboard
      .last(sending.cancel(), steer('cancelled'))
      .last(sending.refresh(), { kind: 'broadcast', broadcast: id });
  keyboard.button(system.panel(), { kind: 'panel' });
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
  const to = (audience: 'users' | 'groups'): Action => ({
    kind: 'broadcastTo',
    broadcast: broadcastId,
    audience: AUDIENCES.indexOf(audience),
    group: 0,
  });
  return {
    text: sending.askAudience(),
    keyboard: new Keyboard()
      .last(sending.toUsers(), to('users'))
      .last(sending.toGroups(), to('groups'))
      .last(sending.toOneGroup(), { kind: 'broadcastPick', broadcast: broadcastId })
      .button(system.stop(), cancelAction(broadcastId)),
  };
}

export function pickScreen(broadcastId: number, groups: readonly Group[], t: Texts): Screen {
  const { sending, system } = t.admin;
  const keyboard = new Keyboard();
  for (const group of groups.slice(0, 90))
    keyboard.last(cutText(group.name, 40).text, {
      kind: 'broadcastTo',
      broadcast: broadcastId,
      audience: AUDIENCES.indexOf('group'),
      group: group.id,
    });
  keyboard.button(system.stop(), cancelAction(broadcastId));
  return { text: groups.length === 0 ? sending.noChats() : sending.askGroup(), keyboard };
}

export function confirmScreen(broadcast: Broadcast, t: Texts): Screen {
  const { sending, system } = t.admin;
  return {
    text: sending.confirm(broadcast.audience ?? 'users', broadcast.total, broadcast.groupName),
    keyboard: new Keyboard()
      .last(sending.send(broadcast.total), { kind: 'broadcastGo', broadcast: broadcast.id })
      .button(system.stop(), cancelAction(broadcast.id)),
  };
}

export function listScreen(found: readonly Broadcast[], ctx: Pick<BotContext, 't' | 'time'>): Screen {
  const { t } = ctx;
  const { sending, system } = t.admin;
  const keyboard = new Keyboard().last(sending.newBroadcast(), { kind: 'broadcastNew' });
  for (const broadcast of found)
    keyboard.last(
      sending.listed(
        broadcast.startedAt === null ? '—' : ctx.time(broadcast.startedAt),
        broadcast.sent,
        broadcast.total,
        broadcast.state,
      ),
      { kind: 'broadcast', broadcast: broadcast.id },
    );
  keyboard.button(system.panel(), { kind: 'panel' });
  return { text: sending.broadcasts(found.length > 0), keyboard };
}

function cancelAction(id: number): Action {
  return { kind: 'broadcastSteer', broadcast: id, to: STEERS.indexOf('cancelled') };
}
