/**
 * Tells followers of new parts, a slice at a time. A row holds the progress: after a kill it goes
 * on from there. At most one slice is told twice; nobody is left out.
 */
import { Keyboard } from '../bot/keyboard.ts';
import { withoutWait } from '../bot/telegram.ts';
import { readSendFailure } from '../bot/telegram-errors.ts';
import { hasChanged, type Statement } from '../db/database.ts';
import {
  dueNews,
  dueRetries,
  endRetry,
  type Follower,
  finishNews,
  followersAfter,
  moveCursor,
  type PartNews,
  type Retry,
  retryFollower,
  startNews,
} from '../db/part-news.ts';
import { markBlocked } from '../db/users.ts';
import { shortName } from '../handlers/viewer/anime-buttons.ts';
import { keepButton } from '../handlers/viewer/keep-buttons.ts';
import { describeError } from '../lib/log.ts';
import { retryTime, Streak } from '../lib/recipient-wait.ts';
import { textsFor } from '../locales/index.ts';
import { LOCALE_NAMES } from '../settings/config.ts';
import type { Job, JobContext } from './job.ts';
import { type Later, SLICE, sendSlice, type Told } from './send-slice.ts';

export const followMessagesJob: Job = {
  name: 'follow-messages',
  async run(context) {
    let isFirst = true;
    while (context.now() < context.deadline && context.requests.take(2)) {
      const [news, retries] = await context.db.read([
        dueNews(context.now()),
        dueRetries(context.now(), isFirst ? SLICE : 0),
      ]);
      isFirst = false;
      await tellAgain(context, retries);
      if (news === undefined) return;
      await context.db.write([startNews(news.id, context.now())]);
      if (!(await tellAll(context, news))) return;
    }
  },
};

/** First those who could not be told before. When three in a row fail again, the rest wait. */
async function tellAgain(context: JobContext, due: readonly Retry[]): Promise<void> {
  const streak = new Streak();
  let queue = due.map((retry) => ({ ...retry, isReachable: retry.follower.isReachable }));
  while (queue.length > 0 && !streak.isDown) {
    const slice = queue.slice(0, streak.isDoubtful ? 1 : SLICE);
    if (context.now() >= context.deadline || !context.requests.take(1 + slice.length)) return;
    const told = await sendSlice(context, slice, {
      messages: 1,
      send: ({ news, follower }) => tell(context, news, follower),
    });
    for (const { outcome } of told) streak.add(outcome.kind === 'later' ? outcome.seconds : undefined);
    await context.db.write(
      told.flatMap(({ recipient, outcome }) => retried(recipient, outcome, context.now())),
    );
    queue = queue.slice(told.length);
  }
}

function retried(
  { news, follower: { userId }, attempts, isLast }: Retry,
  outcome: Outcome | Later,
  now: Date,
): readonly Statement[] {
  if (outcome.kind === 'later' && !isLast)
    return [retryFollower(news.id, userId, retryTime(now, attempts, outcome.seconds))];
  return [
    ...endRetry(news.id, userId, outcome.kind === 'sent' ? 'sent' : 'failed'),
    ...(outcome.kind === 'blocked' ? [markBlocked(userId, now)] : []),
  ];
}

/** False when it must stop before the end. */
async function tellAll(context: JobContext, news: PartNews): Promise<boolean> {
  const { db, now, requests } = context;
  const streak = new Streak();
  let cursor = news.cursor;
  for (;;) {
    const width = streak.isDoubtful ? 1 : SLICE;
    // One read, one write, and the messages.
    if (now() >= context.deadline || !requests.take(2 + width)) return false;
    const [followers] = await db.read([followersAfter(news.animeId, cursor, width)]);
    if (followers.length === 0) {
      await db.write([finishNews(news.id, now())]);
      return true;
    }
    const told = await sendSlice(context, followers, {
      messages: 1,
      send: (follower) => tell(context, news, follower),
    });
    for (const { outcome } of told)
      if (outcome.kind !== 'away') streak.add(outcome.kind === 'later' ? outcome.seconds : undefined);
    const last = told.at(-1)?.recipient.userId ?? cursor;
    const moved = await db.write([
      moveCursor({ id: news.id, from: cursor }, last, {
        sent: told.filter(({ outcome: { kind } }) => kind === 'sent').length,
        failed: told.filter(({ outcome: { kind } }) => kind === 'failed' || kind === 'blocked').length,
      }),
      ...told.flatMap((one) => recorded(news, one, now())),
    ]);
    if (!hasChanged(moved[0]) || streak.isDown) return false;
    cursor = last;
  }
}

/** What is written for one of a slice, beside its place. */
function recorded(
  news: PartNews,
  { recipient, outcome }: Told<Follower, Outcome>,
  now: Date,
): readonly Statement[] {
  if (outcome.kind === 'later')
    return [retryFollower(news.id, recipient.userId, retryTime(now, 0, outcome.seconds))];
  return outcome.kind === 'blocked' ? [markBlocked(recipient.userId, now)] : [];
}

interface Outcome {
  /** Away: blocked the bot, was banned, or stopped following; no message was sent. */
  readonly kind: 'sent' | 'blocked' | 'failed' | 'away';
}

async function tell(context: JobContext, news: PartNews, follower: Follower): Promise<Outcome | Later> {
  if (!follower.isReachable) return { kind: 'away' };
  const locale = LOCALE_NAMES.find((name) => name === follower.language) ?? context.defaultLocale;
  const t = textsFor(locale);
  const keyboard = new Keyboard()
    .last(`▶️ ${t.viewer.part(news.firstPart)}`, { kind: 'watch', anime: news.animeId, part: news.firstPart })
    .add(keepButton('follow', news.animeId, true, t));
  const text = t.viewer.newParts(shortName(news, t), news.firstPart, news.lastPart, news.parts);
  try {
    await context.api.sendMessage(
      follower.userId,
      text.markup,
      { parse_mode: 'HTML', reply_markup: keyboard },
      withoutWait(),
    );
    return { kind: 'sent' };
  } catch (error) {
    const failure = readSendFailure(error);
    if (failure.kind === 'flood') return { kind: 'later', seconds: failure.seconds };
    if (failure.kind === 'passing') return { kind: 'later', seconds: 0 };
    if (failure.kind === 'blocked') return { kind: 'blocked' };
    context.log.warn('follower not told', { news: news.id, error: describeError(error) });
    return { kind: 'failed' };
  }
}
