/**
 * The subscription gate: a viewer gets nothing before joining every mandatory channel. What was
 * asked for rides in Tekshirish's button and opens when the check succeeds. The
 * bot's own trouble locks nobody out: a channel that cannot be checked, or has no address to send
 * people to, lets everybody pass, and the owners are told.
 */
import { GrammyError } from 'grammy';
import type { ChatMember } from 'grammy/types';
import { actionOf } from '../../bot/asked.ts';
import { type Action, encodeAction } from '../../bot/callback-data.ts';
import type { BotContext } from '../../bot/context.ts';
import { Keyboard } from '../../bot/keyboard.ts';
import { type Screen, show } from '../../bot/show.ts';
import { type Stage, step } from '../../bot/step.ts';
import { forgetNotice, noticeAdmins } from '../../db/admin-notices.ts';
import {
  channelBroken,
  channelFine,
  type GateChannel,
  gateFor,
  type Membership,
  rememberAnswer,
} from '../../db/gate-channels.ts';
import { describeError } from '../../lib/log.ts';
import { within } from '../../lib/silence.ts';
import { cutText } from '../../text/html.ts';
import { channelUrl } from './channel-link.ts';
import { believedUntil, isStillBroken } from './gate-answers.ts';
import { membershipOf } from './membership.ts';

/** What a viewer may always do: learn, choose a language, stop messages, press a label. */
const FREE: ReadonlySet<Action['kind']> = new Set(['label', 'help', 'languages', 'language']);
/** Bytes left in Tekshirish's button beside its own tag. */
const HELD_BYTES = 62;

export const gate: Stage = (incoming, who) => {
  const asked = actionOf(incoming);
  if (asked === undefined || !who.isPrivate) return undefined;
  return step([isGuarded(asked) ? gateFor(who.id) : undefined], async (ctx, [answers], next) => {
    if (ctx.viewer === undefined || ctx.viewer.role !== undefined) return next();
    const channels = answers?.(ctx.now) ?? [];
    const missing = await missingFrom(ctx, ctx.viewer.id, channels);
    if (missing.size === 0) {
      if (ctx.incoming.viaGate === true) await ctx.answerPress(ctx.t.viewer.gatePassed());
      return next();
    }
    ctx.turn.handler = 'gate';
    if (!(await showGate(ctx, channels, missing, asked))) return next();
  });
};

/** Viewers' actions; admins' own (they answer before the gate) and unknown ones are not held up. */
function isGuarded(action: Action): boolean {
  if (FREE.has(action.kind)) return false;
  return action.kind !== 'follow' || action.on !== 0;
}

/** The channels that the viewer is not in, all asked at once; the answers are staged. */
async function missingFrom(
  ctx: BotContext,
  userId: number,
  channels: readonly GateChannel[],
): Promise<ReadonlySet<number>> {
  const answers = await Promise.all(
    channels.map(async (channel) => ({ channel, state: await membershipIn(ctx, userId, channel) })),
  );
  return new Set(answers.filter(({ state }) => state === 'out').map(({ channel }) => channel.id));
}

async function membershipIn(ctx: BotContext, userId: number, channel: GateChannel): Promise<Membership> {
  if (channelUrl(channel) === undefined) {
    ctx.turn.stage(
      noticeAdmins(`channel-link:${channel.id}`, { kind: 'channel-link', name: channel.name }, ctx.now),
    );
    return 'in';
  }
  // Whoever presses Tekshirish has just subscribed: what was true a minute ago does not count.
  const isDoubted = channel.answer === 'out' && ctx.incoming.viaGate === true;
  if (channel.answer !== undefined && !isDoubted) return channel.answer;
  if (channel.isBroken && isStillBroken(channel.checkedAt, ctx.now)) return 'in';
  const asked = await ask(ctx, userId, channel);
  if (asked.kind !== 'known')
    ctx.services.log.warn('channel not checked', { channel: channel.id, error: asked.reason });
  if (asked.kind === 'unsure') return 'in';
  if (asked.kind === 'failed') {
    const { reason, isPassing } = asked;
    ctx.turn.stage(channelBroken(channel.id, reason, ctx.now));
    // Telegram's own trouble is told when it lasts, once a day: it comes and goes.
    if (!isPassing || channel.isBroken)
      ctx.turn.stage(
        noticeAdmins(
          `channel${isPassing ? '-passing' : ''}:${channel.id}`,
          { kind: 'channel-unchecked', name: channel.name, reason },
          ctx.now,
        ),
      );
    return 'in';
  }
  ctx.turn.stage(rememberAnswer(channel.id, userId, asked.state, believedUntil(asked.state, ctx.now)));
  if (channel.isBroken)
    ctx.turn.stage(channelFine(channel.id, ctx.now), forgetNotice(`channel:${channel.id}`));
  return asked.state;
}

type Asked =
  | { readonly kind: 'known'; readonly state: Membership }
  /** Nothing is known of this one person; the channel may be as good as ever. */
  | { readonly kind: 'unsure'; readonly reason: string }
  /** `isPassing`: the network, or Telegram's servers. */
  | { readonly kind: 'failed'; readonly reason: string; readonly isPassing: boolean };

/** Longest wait for one answer: the viewer is waiting too. */
const ASK_TIMEOUT_MS = 5_000;

/**
 * "There is no such participant" is true of somebody outside only where the bot may see everybody,
 * as an administrator; elsewhere Telegram says so of members as well (hidden member lists).
 */
async function ask(ctx: BotContext, userId: number, channel: GateChannel): Promise<Asked> {
  try {
    return { kind: 'known', state: membershipOf(await memberIn(ctx, channel, userId)) };
  } catch (error) {
    if (!(error instanceof GrammyError))
      return { kind: 'failed', reason: describeError(error), isPassing: true };
    const { error_code: code, description: reason } = error;
    if (code === 429) return { kind: 'unsure', reason };
    if (code !== 400) return { kind: 'failed', reason, isPassing: code >= 500 };
    const me = await memberIn(ctx, channel, ctx.me.id).catch(() => undefined);
    if (me?.status !== 'administrator' && me?.status !== 'creator')
      return { kind: 'failed', reason, isPassing: false };
    return /PARTICIPANT/.test(reason) ? { kind: 'known', state: 'out' } : { kind: 'unsure', reason };
  }
}

function memberIn(ctx: BotContext, { chat }: GateChannel, userId: number): Promise<ChatMember> {
  return within(ASK_TIMEOUT_MS, () => ctx.api.getChatMember(chat, userId));
}

/** False when Telegram would not show it: then nobody is held up. */
async function showGate(
  ctx: BotContext,
  channels: readonly GateChannel[],
  missing: ReadonlySet<number>,
  asked: Action,
): Promise<boolean> {
  const names = channels.filter(({ id }) => missing.has(id)).map(({ name }) => nameOf(name));
  const isChecking = ctx.incoming.viaGate === true;
  const screen: Screen = {
    text: isChecking ? ctx.t.viewer.gateMissing(names) : ctx.t.viewer.gateAsk(),
    keyboard: gateKeyboard(ctx, channels, missing, asked),
  };
  try {
    await show(ctx, screen);
  } catch (error) {
    if (!isRefused(error)) throw error;
    ctx.services.log.error('gate refused', { error: describeError(error) });
    ctx.turn.stage(
      noticeAdmins(
        'channel-buttons',
        { kind: 'channel-unchecked', name: names.join(', '), reason: describeError(error) },
        ctx.now,
      ),
    );
    return false;
  }
  await ctx.answerPress(ctx.t.viewer.gateAlert(names), { alert: isChecking });
  return true;
}

function gateKeyboard(
  ctx: BotContext,
  channels: readonly GateChannel[],
  missing: ReadonlySet<number>,
  asked: Action,
): Keyboard {
  const keyboard = new Keyboard();
  for (const channel of channels) {
    const url = channelUrl(channel);
    if (url === undefined) continue;
    keyboard.url(`${missing.has(channel.id) ? '📢' : '✅'} ${nameOf(channel.name)}`, url).row();
  }
  return keyboard.button(ctx.t.viewer.check(), { kind: 'check', text: held(asked) });
}

function held(action: Action): string {
  const data = encodeAction(action);
  return Buffer.byteLength(data) <= HELD_BYTES ? data : encodeAction({ kind: 'menu' });
}

function nameOf(name: string): string {
  return cutText(name.trim(), 40).text || '—';
}

/** Whatever Telegram dislikes about it: the words and names are admins' and may be anything. */
function isRefused(error: unknown): boolean {
  return error instanceof GrammyError && error.error_code === 400;
}
