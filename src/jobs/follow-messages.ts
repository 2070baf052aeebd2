/**
 * Tells followers of new parts, a slice at a time. Where it stands is a row: killed anywhere, it goes on from the last saved place; at
 * most one slice is told twice, nobody is left out.
 */
import { GrammyError, InlineKeyboard } from 'grammy';
import { LOCALE_NAMES } from '../config.ts';
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
import { shortName } from '../handlers/anime-list.ts';
import { encodeAction } from '../handlers/callback-data.ts';
import { keepButton } from '../handlers/keep-buttons.ts';
import { textsFor } from '../locales/index.ts';
import { describeError } from '../log.ts';
import type { Job, JobContext } from './job.ts';

/** Followers to a slice: messages that a kill could repeat, and two requests saved for each more. */
const SLICE = 10;
/** 25 messages a second, below Telegram's 30 for all a bot's chats (docs/platform-facts.md). */
const PAUSE_MS = 40;
/** So many followers in a row who cannot be told: it is not they. */
const DOWN_AFTER = 3;
const LEAST_RETRY_SECONDS = 60;
/** A longer wait is left to a later tick, and the next follower gets a turn. */
const MAX_WAIT_SECONDS = 30;

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
      if (!(await tellAgain(context, retries)) || news === undefined) return;
      await context.db.write([startNews(news.id, context.now())]);
      if (!(await tellAll(context, news))) return;
    }
  },
};

/** Those who could not be told before. False when Telegram takes nothing at all. */
async function tellAgain(context: JobContext, due: readonly Retry[]): Promise<boolean> {
  let inARow = 0;
  for (const { news, follower, isLast } of due) {
    if (context.now() >= context.deadline || !context.requests.take(2)) return false;
    const told = follower.isReachable ? await tell(context, news, follower) : ({ kind: 'failed' } as const);
    inARow = told.kind === 'later' ? inARow + 1 : 0;
    await context.db.write(
      told.kind === 'later' && !isLast
        ? [retryFollower(news.id, follower.userId, retryTime(context, told.seconds))]
        : [
            ...endRetry(news.id, follower.userId, told.kind === 'sent' ? 'sent' : 'failed'),
            ...(told.kind === 'blocked' ? [markBlocked(follower.userId, context.now())] : []),
          ],
    );
    if (inARow >= DOWN_AFTER) return false;
    await context.sleep(PAUSE_MS);
  }
  return true;
}

function retryTime({ now }: JobContext, seconds: number): number {
  return now().getTime() + Math.max(seconds, LEAST_RETRY_SECONDS) * 1000;
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
  /** The last follower dealt with. */
  readonly last: number | undefined;
  readonly sent: number;
  readonly failed: number;
  /** Who blocked the bot, and who is to be told later. */
  readonly statements: readonly Statement[];
  /** Telegram takes nothing at all: the rest is the next tick's. */
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
  let inARow = 0;
  const statements: Statement[] = [];
  for (const follower of followers) {
    if (follower.isReachable) {
      const told = await tell(context, news, follower);
      inARow = told.kind === 'later' ? inARow + 1 : 0;
      if (told.kind === 'sent') sent += 1;
      else if (told.kind === 'later')
        statements.push(retryFollower(news.id, follower.userId, retryTime(context, told.seconds)));
      else failed += 1;
      if (told.kind === 'blocked') statements.push(markBlocked(follower.userId, context.now()));
      await context.sleep(PAUSE_MS);
    }
    last = follower.userId;
    if (inARow >= DOWN_AFTER) return { last, sent, failed, statements, isStopped: true };
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
  for (let attempt = 0; ; attempt++) {
    try {
      await context.api.sendMessage(follower.userId, text.markup, {
        parse_mode: 'HTML',
        reply_markup: keyboard,
      });
      return { kind: 'sent' };
    } catch (error) {
      const wait = error instanceof GrammyError ? error.parameters.retry_after : undefined;
      if (wait !== undefined && attempt === 0 && (await waited(context, wait))) continue;
      if (!(error instanceof GrammyError) || error.error_code === 429 || error.error_code >= 500)
        return { kind: 'later', seconds: wait ?? 0 };
      if (error.error_code === 403) return { kind: 'blocked' };
      context.log.warn('follower not told', { news: news.id, error: describeError(error) });
      return { kind: 'failed' };
    }
  }
}

/** False when the wait is for the next tick. */
async function waited({ now, deadline, sleep, requests }: JobContext, seconds: number): Promise<boolean> {
  const fits = seconds <= MAX_WAIT_SECONDS && now().getTime() + seconds * 1000 < deadline.getTime();
  if (!fits || !requests.take(1)) return false;
  await sleep(seconds * 1000);
  return true;
}
