/**
 * Sends broadcasts, one message after another, and records each before it begins the next. So a
 * kill repeats at most the message in flight and skips nobody. A message costs two requests; the
 * pace is what two round trips take, never over 25 a second.
 */
import { GrammyError } from 'grammy';
import {
  type Broadcast,
  broadcastById,
  broadcastReported,
  type Delivery,
  dueBroadcasts,
  dueRecipients,
  endBroadcast,
  endRetry,
  isAnybodyWaiting,
  moveCursor,
  nextRecipients,
  type Recipient,
  retryAgain,
  retryRecipient,
  type WaitingRecipient,
  waitBroadcast,
} from '../db/broadcasts.ts';
import { chatJudged } from '../db/chat-uses.ts';
import type { Statement } from '../db/database.ts';
import { markBlocked } from '../db/users.ts';
import { progressOf, progressScreen } from '../handlers/admin/broadcast-screens.ts';
import { copyTo } from '../handlers/admin/copy-message.ts';
import { readSendFailure, type SendFailure } from '../handlers/admin/telegram-errors.ts';
import { describeError } from '../lib/log.ts';
import { retryTime, Streak } from '../lib/recipient-wait.ts';
import { textsIn } from '../locales/index.ts';
import { findWork, type Job, type JobContext } from './job.ts';

/** Between the starts of two messages: 25 a second (docs/spec/bot.md "Admin" 6). */
const PACE_MS = 40;
/** Recipients read at once. */
const SLICE = 200;
/** Of them, retries. */
const RETRIES = 20;
/** docs/spec/bot.md: progress is edited at most once in three seconds. */
const PROGRESS_MS = 3_000;
/** The copy and the cursor's move. */
const PER_MESSAGE = 2;
/** Of a tick's time and requests. */
const SHARE = 0.8;
/** Kept for the progress at the end of a tick, and for the final report. */
const RESERVE = 4;

export const broadcastJob: Job = {
  name: 'broadcast',
  async run(context) {
    const started = context.now().getTime();
    const due = await findWork(context, dueBroadcasts(context.now()));
    if (due.length === 0) return;
    // A broadcast may take hours: the jobs after this one get their share of every tick.
    const deadline = new Date(started + SHARE * (context.deadline.getTime() - started));
    const mine = context.requests.part(Math.floor(SHARE * context.requests.left));
    for (const broadcast of due) {
      if (broadcast.state === 'running') await send({ ...context, deadline, requests: mine }, broadcast);
      else await report(context, broadcast.id);
    }
    context.requests.take(Math.floor(SHARE * context.requests.left) - mine.left);
  },
};

/** Sends until the end, the tick's limits, a pause, or until Telegram takes nothing. */
async function send(context: JobContext, broadcast: Broadcast): Promise<void> {
  const { db, now, requests, deadline } = context;
  const { id } = broadcast;
  let streak = new Streak();
  let retries = RETRIES;
  let { cursor } = broadcast;
  let queue: readonly Queued[] = [];
  let shownAt = now().getTime();
  let next = 0;
  while (now() < deadline && requests.left > RESERVE) {
    if (queue.length === 0) {
      if (!requests.take(1)) break;
      const [again, fresh, isWaited] = await db.read([
        dueRecipients(broadcast, retries, now()),
        nextRecipients({ ...broadcast, cursor }, SLICE, now()),
        isAnybodyWaiting(id),
      ]);
      queue = [...again, ...fresh];
      if (queue.length === 0 && isWaited === true) break;
    }
    const [recipient, ...rest] = queue;
    if (recipient === undefined) return finish(context, id, 'done', null);
    if (!requests.take(PER_MESSAGE)) break;
    await context.sleep(Math.max(0, next - now().getTime()));
    next = now().getTime() + PACE_MS;
    const outcome = await deliver(context, broadcast, recipient);
    if (outcome.kind === 'sourceless') return finish(context, id, 'failed', outcome.reason);
    streak.add(outcome.kind === 'later' ? outcome.seconds : undefined);
    const isFresh = recipient.attempts === undefined;
    const isDown = streak.isDown && isFresh;
    const [moved] = await db.write([
      ...booked(broadcast, cursor, recipient, outcome, now()),
      ...(isDown ? [waitBroadcast(id, now().getTime() + streak.waitMs)] : []),
    ]);
    // Paused, cancelled, or (no row) taken over by another host: it is not ours any more.
    if (moved?.rows[0]?.text('state') !== 'running' || isDown) break;
    if (isFresh) cursor = recipient.position;
    queue = rest;
    if (streak.isDown) {
      // These chats failed before, so they say nothing of the others.
      queue = rest.filter(({ attempts }) => attempts === undefined);
      retries = 0;
      streak = new Streak();
    }
    if (now().getTime() - shownAt >= PROGRESS_MS && requests.left > RESERVE) {
      await showProgress(context, id);
      shownAt = now().getTime();
    }
  }
  await showProgress(context, id);
}

/** The turn of one recipient; with attempts: a retry. */
type Queued = Recipient & Partial<WaitingRecipient>;

/** What is written for one recipient; the first statement returns the broadcast's state. */
function booked(
  { id }: Broadcast,
  cursor: number,
  { position, attempts, isLast }: Queued,
  outcome: Exclude<Outcome, { kind: 'sourceless' }>,
  now: Date,
): readonly Statement[] {
  if (outcome.kind === 'later') {
    const retryMs = retryTime(now, attempts ?? 0, outcome.seconds);
    if (attempts === undefined)
      return [moveCursor(id, cursor, position, 'later'), retryRecipient(id, position, retryMs)];
    return isLast === true ? endRetry(id, position, 'failed') : [retryAgain(id, position, retryMs)];
  }
  const { delivery, statements } = outcome;
  if (attempts === undefined) return [moveCursor(id, cursor, position, delivery), ...statements];
  return [...endRetry(id, position, delivery), ...statements];
}

type Outcome =
  | { readonly kind: 'done'; readonly delivery: Delivery; readonly statements: readonly Statement[] }
  /** Seconds that Telegram named; 0: it named none. */
  | { readonly kind: 'later'; readonly seconds: number }
  | { readonly kind: 'sourceless'; readonly reason: string };

async function deliver(context: JobContext, broadcast: Broadcast, recipient: Queued): Promise<Outcome> {
  const isGroup = broadcast.audience !== 'users';
  const { chatId, name, position: id } = recipient;
  if (recipient.isReachable === false)
    return { kind: 'done', delivery: isGroup ? 'failed' : 'blocked', statements: [] };
  try {
    await copyTo(context.api, chatId, broadcast);
    return { kind: 'done', delivery: 'sent', statements: [] };
  } catch (error) {
    const failure: SendFailure = readSendFailure(error);
    if (failure.kind === 'flood') return { kind: 'later', seconds: failure.seconds };
    if (failure.kind === 'passing') return { kind: 'later', seconds: 0 };
    if (failure.kind === 'sourceless') return failure;
    const delivery = failure.kind === 'blocked' ? 'blocked' : 'failed';
    const use = { kind: 'group', id, name, isBroken: false } as const;
    if (isGroup)
      return { kind: 'done', delivery, statements: chatJudged(use, failure.reason, context.now()) };
    return {
      kind: 'done',
      delivery,
      statements: delivery === 'blocked' ? [markBlocked(chatId, context.now())] : [],
    };
  }
}

/** One read and one call. A failed display is no reason to stop. */
async function showProgress(context: JobContext, id: number): Promise<void> {
  if (!context.requests.take(2)) return;
  const [broadcast] = await context.db.read([broadcastById(id)]);
  if (broadcast === undefined || broadcast.progressMessage === null) return;
  const screen = progressScreen(broadcast, textsIn(broadcast.language, context.defaultLocale));
  try {
    await context.api.editMessageText(broadcast.requestedBy, broadcast.progressMessage, screen.text.markup, {
      parse_mode: 'HTML',
      ...(screen.keyboard === undefined ? {} : { reply_markup: screen.keyboard }),
    });
  } catch (error) {
    // "Not modified", deleted by the admin, or too many edits: the next edit will do.
    context.log.debug('broadcast progress not shown', { broadcast: id, error: describeError(error) });
  }
}

async function finish(
  context: JobContext,
  id: number,
  state: 'done' | 'failed',
  problem: string | null,
): Promise<void> {
  await context.db.write([endBroadcast(id, state, problem, context.now())]);
  await report(context, id);
}

/** Tells the admin the outcome once; the next tick tries again if Telegram could not be reached. */
async function report(context: JobContext, id: number): Promise<void> {
  await showProgress(context, id);
  const [broadcast] = await context.db.read([broadcastById(id)]);
  if (broadcast === undefined || broadcast.state === 'running') return;
  const t = textsIn(broadcast.language, context.defaultLocale);
  const text = t.admin.sending.finished(progressOf(broadcast, t));
  try {
    await context.api.sendMessage(broadcast.requestedBy, text.markup, { parse_mode: 'HTML' });
  } catch (error) {
    if (!(error instanceof GrammyError) || error.error_code === 429 || error.error_code >= 500) throw error;
    context.log.warn('admin not told', { admin: broadcast.requestedBy, error: describeError(error) });
  }
  await context.db.write([broadcastReported(id, context.now())]);
}
