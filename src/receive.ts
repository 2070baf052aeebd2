/**
 * One update, from parsed JSON to an outcome. The order is the promise: read what it needs in one batch, act, commit the effects with the
 * mark in one batch. What failed before its effects is handled again; what can not be handled is kept and told to the admins once.
 */
import { type Api, type Composer, GrammyError, HttpError } from 'grammy';
import type { Update, User, UserFromGetMe } from 'grammy/types';
import { tellAdmins } from './alerts.ts';
import type { BackupEngine } from './backup/engine.ts';
import type { ReadUpload } from './backup/import/open-bytes.ts';
import { LOCALE_NAMES, type LocaleName } from './config.ts';
import { type Database, DatabaseUnavailable, hasChanged, type Query, type Statement } from './db/database.ts';
import { countVisit } from './db/statistics.ts';
import { claimAlert, forgetFailure, giveUp, isHandled, markHandled, recordFailure } from './db/updates.ts';
import { type KnownPerson, markBlocked, personById, seeIfKnown, seePerson } from './db/users.ts';
import { BotContext, type Viewer } from './handlers/context.ts';
import type { Feature } from './handlers/feature.ts';
import { type Incoming, isAnonymous, isPerson, readIncoming } from './handlers/incoming.ts';
import { isIgnored } from './handlers/rate-limit.ts';
import { AlreadyHandled, type Prefetch, Turn } from './handlers/turn.ts';
import { localeOf, textsFor } from './locales/index.ts';
import { describeError, type Log } from './log.ts';

export interface Services {
  readonly db: Database;
  readonly api: Api;
  readonly me: UserFromGetMe;
  readonly adminIds: readonly number[];
  readonly defaultLocale: LocaleName;
  readonly now: () => Date;
  readonly log: Log;
  readonly backups: BackupEngine;
  /** Reads a SQLite file that an admin sent; only Node can. */
  readonly readUpload?: ReadUpload | undefined;
  /**
   * Does something a moment after the answer (`waitUntil` on the Worker, a timer on Node). Only for what the tick would do a little later
   * anyway: it may never happen.
   */
  readonly after?: (milliseconds: number, work: () => Promise<void>) => void;
}

/** `again`: nothing was changed, send the update once more later. `poison`: kept and reported, never to be sent again. */
export type Outcome = 'handled' | 'duplicate' | 'ignored' | 'again' | 'poison';

/** After so many failed deliveries for reasons outside the update itself, it stops holding up its chat. */
const MAX_ATTEMPTS = 5;

export type Receive = (update: Update) => Promise<Outcome>;

export function createReceiver(
  services: Services,
  features: readonly Feature[],
  composer: Composer<BotContext>,
): Receive {
  // Several features may share a question: it is asked once.
  const prefetches = [...new Set(features.flatMap((feature) => feature.prefetches))];
  return async (update) => {
    const started = services.now().getTime();
    const trips = services.db.roundTrips;
    const trace: Trace = { handler: 'none', isCommitted: false };
    let outcome: Outcome;
    let failure: string | undefined;
    try {
      outcome = await handle(update, services, prefetches, composer, trace);
    } catch (error) {
      failure = describeError(error);
      outcome =
        error instanceof AlreadyHandled ? 'duplicate' : await afterFailure(update, services, error, trace);
    }
    const level =
      outcome === 'poison' ? 'error' : failure === undefined || outcome === 'duplicate' ? 'info' : 'warn';
    services.log[level]('update', {
      update_id: update.update_id,
      handler: trace.handler,
      outcome,
      ms: services.now().getTime() - started,
      db: services.db.roundTrips - trips,
      error: failure,
    });
    return outcome;
  };
}

/** What the log and the handling of failures learn of a turn. */
interface Trace {
  handler: string;
  isCommitted: boolean;
}

async function handle(
  update: Update,
  services: Services,
  prefetches: readonly Prefetch<unknown>[],
  composer: Composer<BotContext>,
  trace: Trace,
): Promise<Outcome> {
  const { db, now } = services;
  const incoming = readIncoming(update, services.me);
  if (isTalk(update, incoming)) return 'ignored';
  const from = senderOf(update);
  const at = now();
  const asked = questions(prefetches, incoming, { userId: from?.id, now: at });
  const [isDuplicate, person, ...rest] = await db.read([
    isHandled(update.update_id),
    personById(from?.id ?? 0),
    ...asked.map(([, query]) => query),
  ]);
  if (isDuplicate) return 'duplicate';
  const turn = new Turn({
    db,
    answers: new Map(asked.map(([question], i) => [question, rest[i]])),
    mark: [
      markHandled(update.update_id, at),
      forgetFailure(update.update_id),
      ...(from === undefined ? [] : seeSender(update, from, at)),
    ],
  });
  const viewer = from === undefined ? undefined : viewerOf(from, person, services);
  if (isIgnored(update, viewer, at)) {
    trace.handler = 'rate-limit';
    // So that the button does not spin.
    const { callback_query: press } = update;
    if (press !== undefined) await services.api.answerCallbackQuery(press.id);
    return 'ignored';
  }
  if (person.isBanned && viewer?.role === undefined) {
    await turn.finish();
    return 'ignored';
  }
  const texts = textsFor(viewer?.locale ?? services.defaultLocale);
  const ctx = new BotContext(update, services.api, services.me, {
    turn,
    incoming,
    viewer,
    texts,
    now: at,
    services,
  });
  try {
    await composer.middleware()(ctx, () => Promise.resolve());
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

function questions(
  prefetches: readonly Prefetch<unknown>[],
  incoming: Incoming,
  viewer: { readonly userId: number | undefined; readonly now: Date },
): [Prefetch<unknown>, Query<unknown>][] {
  return prefetches.flatMap((question) => {
    const query = question.query(incoming, viewer);
    return query === undefined ? [] : [[question, query] as [Prefetch<unknown>, Query<unknown>]];
  });
}

/** What people of a group say to each other is not said to the bot: nobody is recorded, nothing is read or written. */
function isTalk({ message }: Update, incoming: Incoming): boolean {
  return message?.from !== undefined && message.chat.type !== 'private' && incoming.kind !== 'command';
}

/** The person behind an update. */
function senderOf(update: Update): User | undefined {
  const from =
    (isAnonymous(update.message) ? undefined : update.message?.from) ??
    update.callback_query?.from ??
    update.inline_query?.from ??
    update.chosen_inline_result?.from ??
    update.my_chat_member?.from ??
    update.chat_join_request?.from;
  return from !== undefined && isPerson(from) ? from : undefined;
}

/** Only who writes to the bot becomes one of its people; who uses it inline or asks to join a channel does not. */
function seeSender(update: Update, from: User, now: Date): readonly Statement[] {
  const isWriting = update.message !== undefined || update.callback_query !== undefined;
  const person = {
    id: from.id,
    username: from.username,
    firstName: from.first_name,
    lastName: from.last_name,
    language: localeOf(from.language_code),
  };
  // The visit is counted first: it looks at when he was last seen.
  return isWriting ? [countVisit(from.id, now), seePerson(person, now)] : [seeIfKnown(person, now)];
}

/** A newcomer is answered in his own language, where we speak it, and it is kept; who was here before us keeps the bot's. */
function viewerOf(from: User, person: KnownPerson, services: Services): Viewer {
  const chosen = LOCALE_NAMES.find((name) => name === person.language);
  const guessed = person.known ? undefined : localeOf(from.language_code);
  return {
    id: from.id,
    locale: chosen ?? guessed ?? services.defaultLocale,
    isNew: !person.known,
    role: services.adminIds.includes(from.id) ? 'owner' : person.isAdmin ? 'admin' : undefined,
    rate: person.rate,
  };
}

async function afterFailure(
  update: Update,
  services: Services,
  error: unknown,
  trace: Trace,
): Promise<Outcome> {
  if (error instanceof DatabaseUnavailable) return 'again';
  // What was asked for is done; only the answer was lost on the way, and another delivery would not bring it.
  if (trace.isCommitted && isPassing(error)) return 'handled';
  const { db, now } = services;
  const from = senderOf(update);
  const reason = describeError(error);
  try {
    const [recorded] = await db.write([
      recordFailure(update.update_id, JSON.stringify(update), reason, now()),
    ]);
    const attempts = recorded?.rows[0]?.int('attempts') ?? MAX_ATTEMPTS;
    if (isPassing(error) && attempts < MAX_ATTEMPTS) return 'again';
    const results = await db.write([
      ...giveUp(update.update_id, now()),
      // It counts against its sender's limit like any other.
      ...(from === undefined || trace.isCommitted ? [] : seeSender(update, from, now())),
      claimAlert(`poison:${update.update_id}`, now()),
    ]);
    if (hasChanged(results.at(-1)))
      await tellAdmins(
        services,
        textsFor(services.defaultLocale).frame.poisonUpdate(update.update_id, reason),
      );
    return 'poison';
  } catch (recordError) {
    services.log.error('failure not recorded', {
      update_id: update.update_id,
      error: describeError(recordError),
    });
    return 'again';
  }
}

/** Faults of the network or of Telegram's servers pass; what Telegram refuses (400) or our own bugs do not. */
function isPassing(error: unknown): boolean {
  if (error instanceof HttpError) return true;
  return error instanceof GrammyError && (error.error_code === 429 || error.error_code >= 500);
}

function isBlockedBy(error: unknown): boolean {
  return (
    error instanceof GrammyError &&
    error.error_code === 403 &&
    /blocked by the user|user is deactivated/.test(error.description)
  );
}
