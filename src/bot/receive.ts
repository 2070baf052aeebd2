/**
 * One update, from parsed JSON to an outcome. The order is the promise: read what it needs in one
 * batch, act, commit the effects with the mark in one batch. What failed before its effects is
 * handled again; what cannot be handled is kept and told to the owners once.
 */
import { GrammyError } from 'grammy';
import type { Update, User } from 'grammy/types';
import { DatabaseUnavailable, type Statement } from '../db/database.ts';
import { countVisit } from '../db/statistics.ts';
import { forgetFailure, forgetOwed, markHandled, standingOf } from '../db/updates.ts';
import {
  type KnownPerson,
  markBanTold,
  markBlocked,
  personById,
  seeIfKnown,
  seePerson,
} from '../db/users.ts';
import { describeError } from '../lib/log.ts';
import { localeOf, type Texts, textsFor } from '../locales/index.ts';
import { LOCALE_NAMES } from '../settings/config.ts';
import { BotContext, type Viewer } from './context.ts';
import { Behind, Flooded, settleFailure } from './failed-turn.ts';
import { chatOf, type Incoming, isAnonymous, isPerson, isPrivate, readIncoming } from './incoming.ts';
import { followMoves, moveTold } from './moved-chats.ts';
import type { Delivery, Outcome } from './outcome.ts';
import { isIgnored } from './rate-limit.ts';
import { replayChat } from './replay.ts';
import type { Services } from './services.ts';
import { compose, type Stage } from './step.ts';
import { AlreadyHandled, Turn } from './turn.ts';

export type Receive = (update: Update, delivery?: Delivery) => Promise<Outcome>;

/** @param stages in the order in which they may answer */
export function createReceiver(services: Services, stages: readonly Stage[]): Receive {
  services.api.config.use(followMoves(services));
  const receive = async (update: Update, delivery: Delivery = 'webhook'): Promise<Outcome> => {
    const started = services.now().getTime();
    const trips = services.db.roundTrips;
    const trace: Trace = { handler: 'none', isBegun: false, isCommitted: false };
    let outcome: Outcome;
    let failure: string | undefined;
    try {
      const turn = { update, delivery, services, stages, trace };
      outcome = (await handle(turn)) ?? (await handleBehind(turn, receive));
    } catch (error) {
      failure = describeError(error);
      outcome = error instanceof AlreadyHandled ? 'duplicate' : await fail(update, delivery, error);
      if (outcome === 'again' && trace.isBegun && services.writes.trouble() !== undefined)
        services.writes.noteUnsaved(update.update_id);
    }
    const level =
      outcome === 'poison' ? 'error' : failure === undefined || outcome === 'duplicate' ? 'info' : 'warn';
    services.log[level]('update', {
      update_id: update.update_id,
      handler: trace.handler,
      outcome: typeof outcome === 'string' ? outcome : 'later',
      ms: services.now().getTime() - started,
      db: services.db.roundTrips - trips,
      error: failure,
    });
    return outcome;

    function fail(update: Update, delivery: Delivery, error: unknown): Promise<Outcome> {
      const from = senderOf(update);
      const isSeen = from === undefined || trace.isCommitted;
      const seen = isSeen ? [] : seeSender(update, from, services.now());
      return settleFailure({ update, error, delivery, isCommitted: trace.isCommitted, seen }, services);
    }
  };
  return receive;
}

interface Arrived {
  readonly update: Update;
  readonly delivery: Delivery;
  readonly services: Services;
  readonly stages: readonly Stage[];
  readonly trace: Trace;
}

/**
 * Earlier updates of the chat were set aside: they come first, and while they have to wait this one
 * waits behind them.
 */
async function handleBehind(arrived: Arrived, receive: Receive): Promise<Outcome> {
  const { update, services } = arrived;
  const chat = { chatId: chatOf(update) ?? 0, now: services.now() };
  const isFree = await replayChat(services.db, chat, (earlier) => receive(earlier, 'replay'));
  const outcome = isFree ? await handle(arrived) : undefined;
  if (outcome === undefined) throw new Behind('earlier updates of the chat wait');
  return outcome;
}

/** What the log and the handling of failures learn of a turn. */
interface Trace {
  handler: string;
  /** Something may have been sent. */
  isBegun: boolean;
  isCommitted: boolean;
}

/** Undefined when earlier updates of the chat have to be handled first. */
async function handle(arrived: Arrived): Promise<Outcome | undefined> {
  const { update, delivery, services, stages, trace } = arrived;
  const { db, now } = services;
  const incoming = readIncoming(update, services.me);
  if (isTalk(update, incoming)) return 'ignored';
  const from = senderOf(update);
  const at = now();
  const who = { id: from?.id ?? 0, now: at, isPrivate: isPrivate(update) };
  const steps = stages.flatMap((stage) => stage(incoming, who) ?? []);
  const [standing, person, ...answers] = await db.read([
    standingOf(update.update_id, chatOf(update) ?? 0, at, delivery === 'replay'),
    personById(who.id),
    ...steps.flatMap(({ reads }) => reads.filter((question) => question !== undefined)),
  ]);
  if (standing.isKnown && delivery !== 'replay') return 'duplicate';
  if (standing.floodEndMs !== null) throw new Flooded(standing.floodEndMs);
  if (standing.isBehind && delivery !== 'replay') return undefined;
  const viewer = from === undefined ? undefined : viewerOf(from, person, services);
  const texts = textsFor(viewer?.locale ?? services.defaultLocale);
  if (standing.isKnown) return sayLate(arrived, texts);
  if (!(await services.writes.mayBegin(update.update_id)))
    throw new DatabaseUnavailable('the answer was sent, and still nothing can be saved');
  trace.isBegun = true;
  const turn = new Turn({
    db,
    mark: [
      markHandled(update.update_id, at),
      forgetFailure(update.update_id),
      ...(from === undefined ? [] : seeSender(update, from, at)),
    ],
  });
  if (isIgnored(update, viewer, at)) {
    trace.handler = 'rate-limit';
    // So that the button does not spin.
    const { callback_query: press } = update;
    if (press !== undefined) await services.api.answerCallbackQuery(press.id);
    return 'ignored';
  }
  if (person.isBanned && viewer?.role === undefined) {
    if (!person.isBanTold && from !== undefined && isPrivate(update)) {
      await tellBan(from, texts, services);
      turn.stage(markBanTold(from.id, at));
    }
    await turn.finish();
    return 'ignored';
  }
  const ctx = new BotContext(update, services.api, services.me, {
    turn,
    incoming,
    viewer,
    texts,
    now: at,
    services,
  });
  try {
    await compose(steps, answers).middleware()(ctx, () => Promise.resolve());
    await ctx.answerPress();
  } catch (error) {
    if (!isBlockedBy(error) || from === undefined) throw error;
    turn.stage(markBlocked(from.id, at));
  } finally {
    trace.handler = turn.handler;
    trace.isCommitted = turn.isCommitted;
  }
  await turn.finish();
  return turn.handler === 'none' ? 'ignored' : 'handled';
}

/**
 * What it asked for was done long ago, and its answer was lost: that is said, once for all such
 * updates of the chat.
 */
async function sayLate({ update, services, trace }: Arrived, t: Texts): Promise<Outcome> {
  const chatId = chatOf(update) ?? 0;
  trace.handler = 'late';
  trace.isCommitted = true;
  try {
    await services.api.sendMessage(chatId, t.frame.answerLost());
  } catch (error) {
    // Whoever does not take messages any more waits for none.
    if (!isBlockedBy(error)) throw error;
  }
  await services.db.write([forgetOwed(chatId)]);
  return 'handled';
}

/** Once: from then on there is silence. Who blocked the bot need not be told. */
async function tellBan(from: User, t: Texts, { api }: Services): Promise<void> {
  try {
    await api.sendMessage(from.id, t.viewer.banned().markup, { parse_mode: 'HTML' });
  } catch (error) {
    if (!isBlockedBy(error)) throw error;
  }
}

/**
 * What people of a group say to each other is not said to the bot: nobody is recorded, nothing is
 * read or written.
 */
function isTalk({ message }: Update, incoming: Incoming): boolean {
  const isInGroup = message?.from !== undefined && message.chat.type !== 'private';
  return isInGroup && incoming.kind !== 'command' && moveTold(message) === undefined;
}

/** The person behind an update. */
function senderOf(update: Update): User | undefined {
  const from =
    (isAnonymous(update.message) || moveTold(update.message) ? undefined : update.message?.from) ??
    update.callback_query?.from ??
    update.inline_query?.from ??
    update.chosen_inline_result?.from ??
    update.my_chat_member?.from ??
    update.chat_join_request?.from;
  return from !== undefined && isPerson(from) ? from : undefined;
}

/**
 * Only who writes to the bot becomes one of its people; who uses it inline or asks to join a
 * channel does not.
 */
function seeSender(update: Update, from: User, now: Date): readonly Statement[] {
  const isWriting = update.message !== undefined || update.callback_query !== undefined;
  const person = {
    id: from.id,
    username: from.username,
    // Telegram always sends one; whoever has the secret need not.
    firstName: from.first_name ?? '',
    lastName: from.last_name,
    language: localeOf(from.language_code),
  };
  // The visit is counted first: it looks at when the person was last seen.
  return isWriting ? [countVisit(from.id, now), seePerson(person, now)] : [seeIfKnown(person, now)];
}

/**
 * A newcomer is answered in the language of their Telegram, where we speak it, and it is kept; who
 * was here before us keeps the bot's.
 */
function viewerOf(from: User, person: KnownPerson, services: Services): Viewer {
  const chosen = LOCALE_NAMES.find((name) => name === person.language);
  const guessed = person.known ? undefined : localeOf(from.language_code);
  return {
    id: from.id,
    locale: chosen ?? guessed ?? services.defaultLocale,
    isNew: !person.known,
    role: services.ownerIds.includes(from.id) ? 'owner' : person.isAdmin ? 'admin' : undefined,
    rate: person.rate,
  };
}

function isBlockedBy(error: unknown): boolean {
  return (
    error instanceof GrammyError &&
    error.error_code === 403 &&
    /blocked by the user|user is deactivated/.test(error.description)
  );
}
