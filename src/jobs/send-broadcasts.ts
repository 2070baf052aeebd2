/**
 * Sends broadcasts, a slice after another: one write records a slice and begins the next, its
 * messages go out in parallel. So a kill repeats at most the slice under way and skips nobody. The
 * pace is 25 a second wherever a message and a write take less than 0.4 s together.
 */
import { GrammyError } from 'grammy';
import { messageOptions } from '../bot/show.ts';
import { withoutWait } from '../bot/telegram.ts';
import { isPassing, readSendFailure, type SendFailure } from '../bot/telegram-errors.ts';
import {
  dueRecipients,
  endRetry,
  isAnybodyWaiting,
  retryAgain,
  retryRecipient,
  type WaitingRecipient,
} from '../db/broadcast-retries.ts';
import {
  type Broadcast,
  beginSlice,
  broadcastById,
  broadcastReported,
  type Delivery,
  dueBroadcasts,
  endBroadcast,
  nextRecipients,
  type Place,
  type Recipient,
  recordSlice,
  waitBroadcast,
} from '../db/broadcasts.ts';
import { chatJudged } from '../db/chat-uses.ts';
import type { Statement, WriteResult } from '../db/database.ts';
import { dueNews, dueRetries } from '../db/part-news.ts';
import { markBlocked } from '../db/users.ts';
import { progressOf, progressScreen } from '../handlers/admin/broadcast-screens.ts';
import { copyTo } from '../handlers/admin/copy-message.ts';
import { describeError } from '../lib/log.ts';
import { retryTime, Streak } from '../lib/recipient-wait.ts';
import { textsIn } from '../locales/index.ts';
import type { Job, JobContext } from './job.ts';
import { type Later, SLICE, sendSlice, type Told } from './send-slice.ts';
import { withShare } from './share.ts';

/** Recipients read at once. */
const READ = 200;
/** Of them, retries. */
const RETRIES = 20;
/** docs/spec/bot.md: progress is edited at most once in three seconds. */
const PROGRESS_MS = 3_000;
/** Of a tick's time and requests, where news waits. */
const SHARE = 0.8;
/** Kept for the progress at the end of a tick, and for the final report. */
const RESERVE = 4;

export const broadcastJob: Job = {
  name: 'broadcast',
  async run(context) {
    if (!context.requests.take(1)) return;
    const started = context.now();
    const [due, news, retries] = await context.db.read([
      dueBroadcasts(started),
      dueNews(started),
      dueRetries(started, 1),
    ]);
    if (due.length === 0) return;
    // A broadcast may take hours: news that waits gets its share of every tick.
    const share = news === undefined && retries.length === 0 ? 1 : SHARE;
    await withShare(context, share, async (mine) => {
      for (const broadcast of due) {
        if (broadcast.state === 'running') await send(mine, broadcast);
        else await report(context, broadcast.id);
      }
    });
  },
};

/** Sends until the end, the tick's limits, a pause, or until Telegram takes nothing. */
async function send(context: JobContext, broadcast: Broadcast): Promise<void> {
  const { db, now, requests, deadline } = context;
  const { id } = broadcast;
  let streak = new Streak();
  let retries = RETRIES;
  let place: Place = broadcast;
  let queue: readonly Queued[] = [];
  let shownAt = now().getTime();
  if (!requests.take(1) || !isRunning(await db.write([beginSlice(place)]))) return;
  place = { ...place, slice: place.slice + 1 };
  while (now() < deadline && requests.left > RESERVE) {
    if (queue.length === 0) {
      if (!requests.take(1)) break;
      const [again, fresh, isWaited] = await db.read([
        dueRecipients(broadcast, retries, now()),
        nextRecipients({ ...broadcast, cursor: place.cursor }, READ, now()),
        isAnybodyWaiting(id),
      ]);
      queue = [...again, ...fresh];
      if (queue.length === 0 && isWaited) break;
    }
    if (queue.length === 0) return finish(context, id, [endBroadcast(id, 'done', null, now())]);
    const slice = sliceOf(queue, streak.isDoubtful ? 1 : Math.min(SLICE, requests.left - RESERVE));
    if (!requests.take(1 + slice.length)) break;
    const told = await sendSlice(context, slice, {
      messages: broadcast.messages.length,
      send: (recipient) => deliver(context, broadcast, recipient),
    });
    for (const { outcome } of told) streak.add(outcome.kind === 'later' ? outcome.seconds : undefined);
    const isFresh = slice[0]?.attempts === undefined;
    const isDown = streak.isDown && isFresh;
    const record = recorded(place, told, now());
    const sourceless = told.find(({ outcome }) => outcome.kind === 'sourceless')?.outcome;
    if (sourceless?.kind === 'sourceless')
      return finish(context, id, [
        ...record.statements,
        endBroadcast(id, 'failed', sourceless.reason, now()),
      ]);
    const written = await db.write([
      ...record.statements,
      ...(isDown ? [waitBroadcast(id, now().getTime() + streak.waitMs)] : []),
    ]);
    // Paused, cancelled, or (no row) taken over by another host: it is not ours any more.
    if (!isRunning(written) || isDown) break;
    place = { id, cursor: record.cursor, slice: place.slice + 1 };
    queue = queue.slice(told.length);
    if (streak.isDown) {
      // These chats failed before, so they say nothing of the others.
      queue = queue.filter(({ attempts }) => attempts === undefined);
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

function isRunning(written: readonly WriteResult[]): boolean {
  return written[0]?.rows[0]?.text('state') === 'running';
}

/** The turn of one recipient; with attempts: a retry. */
type Queued = Recipient & Partial<WaitingRecipient>;

/** The first of the queue, retries or others, never both. */
function sliceOf(queue: readonly Queued[], most: number): readonly Queued[] {
  const isRetry = ({ attempts }: Queued): boolean => attempts !== undefined;
  const [first] = queue;
  const end = queue.findIndex((one) => first !== undefined && isRetry(one) !== isRetry(first));
  return queue.slice(0, Math.min(most, end < 0 ? most : end));
}

/** What is written for a slice; the first statement returns the broadcast's state. */
function recorded(
  place: Place,
  told: readonly Told<Queued, Outcome>[],
  now: Date,
): { readonly statements: readonly Statement[]; readonly cursor: number } {
  const counts: Record<Delivery, number> = { sent: 0, failed: 0, blocked: 0 };
  const statements: Statement[] = [];
  const handled = told.filter(({ outcome }) => outcome.kind !== 'sourceless');
  const cursor =
    handled.findLast(({ recipient: { attempts } }) => attempts === undefined)?.recipient.position ??
    place.cursor;
  for (const { recipient, outcome } of told) {
    const { position, attempts, isLast } = recipient;
    if (outcome.kind === 'sourceless') continue;
    if (outcome.kind === 'later') {
      const retryMs = retryTime(now, attempts ?? 0, outcome.seconds);
      if (attempts === undefined) statements.push(retryRecipient(place, cursor, position, retryMs));
      else if (isLast === true) statements.push(...endRetry(place.id, position, 'failed'));
      else statements.push(retryAgain(place.id, position, retryMs));
    } else {
      if (attempts === undefined) counts[outcome.delivery] += 1;
      else statements.push(...endRetry(place.id, position, outcome.delivery));
      statements.push(...outcome.statements);
    }
  }
  return { statements: [recordSlice(place, cursor, counts), ...statements], cursor };
}

type Outcome =
  | { readonly kind: 'done'; readonly delivery: Delivery; readonly statements: readonly Statement[] }
  | { readonly kind: 'sourceless'; readonly reason: string };

async function deliver(
  context: JobContext,
  broadcast: Broadcast,
  recipient: Queued,
): Promise<Outcome | Later> {
  const isGroup = broadcast.audience !== 'users';
  const { chatId, name, position: id } = recipient;
  if (recipient.isReachable === false)
    return { kind: 'done', delivery: isGroup ? 'failed' : 'blocked', statements: [] };
  try {
    await copyTo(context.api, chatId, broadcast, withoutWait());
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
    const { markup } = screen.text;
    const options = messageOptions(screen);
    await context.api.editMessageText(broadcast.requestedBy, broadcast.progressMessage, markup, options);
  } catch (error) {
    // "Not modified", deleted by the admin, or too many edits: the next edit will do.
    context.log.debug('broadcast progress not shown', { broadcast: id, error: describeError(error) });
  }
}

async function finish(context: JobContext, id: number, statements: readonly Statement[]): Promise<void> {
  await context.db.write(statements);
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
    if (!(error instanceof GrammyError) || isPassing(error)) throw error;
    context.log.warn('admin not told', { admin: broadcast.requestedBy, error: describeError(error) });
  }
  await context.db.write([broadcastReported(id, context.now())]);
}
