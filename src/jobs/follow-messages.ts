/**
 * Tells followers of new parts, a slice at a time. A row holds the progress: after a kill it goes
 * on from there. At most one slice is told twice; nobody is left out.
 */
import { InlineKeyboard } from 'grammy';
import { encodeAction } from '../bot/callback-data.ts';
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
import { readSendFailure } from '../handlers/admin/telegram-errors.ts';
import { shortName } from '../handlers/viewer/anime-buttons.ts';
import { keepButton } from '../handlers/viewer/keep-buttons.ts';
import { describeError } from '../lib/log.ts';
import { retryTime, Streak } from '../lib/recipient-wait.ts';
import { textsFor } from '../locales/index.ts';
import { LOCALE_NAMES } from '../settings/config.ts';
import type { Job, JobContext } from './job.ts';

/** Followers in a slice: a kill could repeat as many messages; each more saves two requests. */
const SLICE = 10;
/** 25 messages a second, below Telegram's 30 for all a bot's chats (docs/platform-facts.md). */
const PAUSE_MS = 40;

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
  for (const { news, follower, attempts, isLast } of due) {
    if (context.now() >= context.deadline || !context.requests.take(2)) return;
    const told = follower.isReachable ? await tell(context, news, follower) : ({ kind: 'failed' } as const);
    streak.add(told.kind === 'later' ? told.seconds : undefined);
    await context.db.write(
      told.kind === 'later' && !isLast
        ? [retryFollower(news.id, follower.userId, retryTime(context.now(), attempts, told.seconds))]
        : [
            ...endRetry(news.id, follower.userId, told.kind === 'sent' ? 'sent' : 'failed'),
            ...(told.kind === 'blocked' ? [markBlocked(follower.userId, context.now())] : []),
          ],
    );
    if (streak.isDown) return;
    await context.sleep(PAUSE_MS);
  }
}

/** False when it must stop before the end. */
async function tellAll(context: JobContext, news: PartNews): Promise<boolean> {
  let cursor = news.cursor;
  for (;;) {
    // One read, one write, and the messages.
    if (context.now() >= context.deadline || !context.requests.take(2 + SLICE)) return false;
    const [followers] = await context.db.read([followersAfter(news.animeId, cursor, SLICE)]);
    if (followers.length === 0) {
      await context.db.write([finishNews(news.id, context.now())]);
      return true;
    }
    const slice = await tellSlice(context, news, followers);
    if (slice.last !== undefined) {
      const moved = await context.db.write([
        moveCursor({ id: news.id, from: cursor }, slice.last, slice),
        ...slice.statements,
      ]);
      if (!hasChanged(moved[0])) return false;
      cursor = slice.last;
    }
    if (slice.isStopped) return false;
  }
}

interface Slice {
  /** The last follower handled. */
  readonly last: number | undefined;
  readonly sent: number;
  readonly failed: number;
  /** Those who blocked the bot, and those to be told later. */
  readonly statements: readonly Statement[];
  /** Telegram refuses everything: the next tick does the rest. */
  readonly isStopped: boolean;
}

async function tellSlice(
  context: JobContext,
  news: PartNews,
  followers: readonly Follower[],
): Promise<Slice> {
  let last: number | undefined;
  let sent = 0;
  let failed = 0;
  const streak = new Streak();
  const statements: Statement[] = [];
  for (const follower of followers) {
    if (follower.isReachable) {
      const told = await tell(context, news, follower);
      streak.add(told.kind === 'later' ? told.seconds : undefined);
      if (told.kind === 'sent') sent += 1;
      else if (told.kind === 'later')
        statements.push(retryFollower(news.id, follower.userId, retryTime(context.now(), 0, told.seconds)));
      else failed += 1;
      if (told.kind === 'blocked') statements.push(markBlocked(follower.userId, context.now()));
      await context.sleep(PAUSE_MS);
    }
    last = follower.userId;
    if (streak.isDown) return { last, sent, failed, statements, isStopped: true };
  }
  return { last, sent, failed, statements, isStopped: false };
}

type Told =
  | { readonly kind: 'sent' | 'blocked' | 'failed' }
  | { readonly kind: 'later'; readonly seconds: number };

async function tell(context: JobContext, news: PartNews, follower: Follower): Promise<Told> {
  const locale = LOCALE_NAMES.find((name) => name === follower.language) ?? context.defaultLocale;
  const t = textsFor(locale);
  const keyboard = new InlineKeyboard()
    .text(
      `▶️ ${t.viewer.part(news.firstPart)}`,
      encodeAction({ kind: 'watch', anime: news.animeId, part: news.firstPart }),
    )
    .row()
    .add(keepButton('follow', news.animeId, true, t));
  const text = t.viewer.newParts(shortName(news, t), news.firstPart, news.lastPart, news.parts);
  try {
    await context.api.sendMessage(follower.userId, text.markup, {
      parse_mode: 'HTML',
      reply_markup: keyboard,
    });
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
