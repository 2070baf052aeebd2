/** Sends an anime's card to chats: claimed first, sent one by one, each result written at once. */
import { type Api, InlineKeyboard } from 'grammy';
import type { UserFromGetMe } from 'grammy/types';
import type { BotContext } from '../../bot/context.ts';
import { isFileRefused } from '../../bot/file-trouble.ts';
import { readSendFailure } from '../../bot/telegram-errors.ts';
import { noticeAdmins } from '../../db/admin-notices.ts';
import { type AnimeCard, animeById } from '../../db/anime.ts';
import { chatJudged } from '../../db/chat-uses.ts';
import type { Database, Statement } from '../../db/database.ts';
import {
  claimPosts,
  finishPosting,
  type Post,
  type Posting,
  type PostResult,
  postFailed,
  postingById,
  postingReported,
  postResults,
  postSent,
  postUntried,
  readPosts,
} from '../../db/postings.ts';
import type { Log } from '../../lib/log.ts';
import { retryTime, Streak } from '../../lib/recipient-wait.ts';
import { type Texts, textsFor, textsIn } from '../../locales/index.ts';
import type { LocaleName } from '../../settings/config.ts';
import { cutText, type Html, html } from '../../text/html.ts';
import { cardMessage } from './card-message.ts';

/** Sent within the update, the rest by the tick: a webhook waits 60 s (docs/platform-facts.md). */
const AT_ONCE = 8;

export interface PostingParts {
  readonly db: Database;
  readonly api: Api;
  readonly me: UserFromGetMe;
  readonly now: () => Date;
  readonly defaultLocale: LocaleName;
  readonly log: Log;
}

/** Sends what can be sent at once, says what became of every chat; the tick goes on from there. */
export async function postAndReport(ctx: BotContext, postingId: number): Promise<void> {
  const [posting] = await ctx.services.db.read([postingById(postingId)]);
  if (posting !== undefined) await workAtPosting(ctx.services, posting, AT_ONCE);
}

/** One slice of a posting: at most `limit` cards, then the report, edited where it was sent. */
export async function workAtPosting(parts: PostingParts, posting: Posting, limit: number): Promise<void> {
  const { db, now } = parts;
  const [anime] = await db.read([animeById(posting.animeId)]);
  const [claimed] = await db.write([claimPosts(posting.id, limit, now())]);
  const posts = readPosts(claimed);
  const streak = new Streak();
  for (const post of posts) {
    if (streak.isDown) {
      const retryMs = now().getTime() + streak.waitMs;
      await db.write(posts.slice(posts.indexOf(post)).map((left) => postUntried(left, retryMs)));
      break;
    }
    const { statements, waitSeconds } =
      anime === undefined
        ? { statements: postFailed(post, 'anime is in the trash', null), waitSeconds: undefined }
        : await sendPost(parts, post, anime);
    streak.add(waitSeconds);
    await db.write(statements);
  }
  const [, ...rest] = await db.write([finishPosting(posting.id, now()), postResults(posting.id)]);
  const results = postResults(posting.id).parse(rest[0]?.rows ?? []);
  const t = textsIn(posting.language, parts.defaultLocale);
  await report(parts, posting, reportOf(results, t).markup);
}

/** A report's lines, and characters of a name and a reason in it: below Telegram's 4096. */
const REPORT_LINES = 30;
const NAME_LIMIT = 40;
const REASON_LIMIT = 80;

/** Where there are more chats than a message holds, those that need a look come first. */
function reportOf(results: readonly PostResult[], { admin: { sending }, trouble }: Texts): Html {
  const isLong = results.length > REPORT_LINES;
  const listed = isLong
    ? [...results.filter(({ state }) => state !== 'sent'), ...results.filter(({ state }) => state === 'sent')]
    : results;
  const lines = listed.slice(0, REPORT_LINES).map(({ name, state, error }) => ({
    name: cutText(name, NAME_LIMIT).text,
    state,
    error: error === null ? null : trouble(cutText(error, REASON_LIMIT).text),
  }));
  return isLong ? html`${sending.report(lines)}\n… +${results.length - REPORT_LINES}` : sending.report(lines);
}

/** Opens the anime in this bot. */
export function watchButton({ me, defaultLocale }: PostingParts, code: number): InlineKeyboard {
  const link = `https://t.me/${me.username}?start=${code}`;
  return new InlineKeyboard().url(textsFor(defaultLocale).admin.sending.watchHere(), link);
}

interface SentCard {
  readonly messageId: number;
  /** Why it went without its photo. */
  readonly without?: string;
}

/** In the bot's language, with a button that opens the anime; without a refused photo. */
export async function sendCardTo(parts: PostingParts, chatId: number, anime: AnimeCard): Promise<SentCard> {
  const { api } = parts;
  const t = textsFor(parts.defaultLocale);
  const { text, photoId } = cardMessage(anime, t, { isPost: true });
  const options = { parse_mode: 'HTML' as const, reply_markup: watchButton(parts, anime.code) };
  const { isAway, copy } = anime.photoAt;
  if (photoId === null)
    return { messageId: (await api.sendMessage(chatId, text.markup, options)).message_id };
  // Another bot's picture without a copy: no call could bring it, and the owners know.
  if (isAway && copy === null) return sendCardTo(parts, chatId, { ...anime, photoId: null });
  try {
    const captioned = { ...options, caption: text.markup };
    const sent =
      isAway && copy !== null
        ? await api.copyMessage(chatId, copy.chatId, copy.messageId, captioned)
        : await api.sendPhoto(chatId, photoId, captioned);
    return { messageId: sent.message_id };
  } catch (error) {
    if (!isFileRefused(error)) throw error;
    parts.log.warn('posted without photo', { chat: chatId, error: error.description });
    const sent = await sendCardTo(parts, chatId, { ...anime, photoId: null });
    return { ...sent, without: error.description };
  }
}

interface Posted {
  readonly statements: readonly Statement[];
  /** Left out unless it has to be tried again. */
  readonly waitSeconds?: number;
}

async function sendPost(parts: PostingParts, post: Post, anime: AnimeCard): Promise<Posted> {
  try {
    const { messageId, without } = await sendCardTo(parts, post.chatId, anime);
    const sent = postSent(post, messageId);
    if (without === undefined) return { statements: [...sent, ...judged(parts, post)] };
    const reason = `${without} (text instead)`;
    // Where the words name no rights, the photo itself is of no use.
    if (/rights|forbidden/i.test(without)) return { statements: [...sent, ...judged(parts, post, reason)] };
    const notice = { kind: 'file', code: anime.code, part: null, reason } as const;
    return { statements: [...sent, noticeAdmins('file', notice, parts.now())] };
  } catch (error) {
    const failure = readSendFailure(error);
    if (failure.kind !== 'flood' && failure.kind !== 'passing')
      return {
        statements: [...postFailed(post, failure.reason, null), ...judged(parts, post, failure.reason)],
      };
    const waitSeconds = failure.kind === 'flood' ? failure.seconds : 0;
    const reason = failure.kind === 'flood' ? `Telegram asks to wait ${waitSeconds} s` : failure.reason;
    const retryMs = retryTime(parts.now(), post.attempts - 1, waitSeconds);
    return { statements: postFailed(post, reason, retryMs), waitSeconds };
  }
}

/** The chat's own trouble, or its end. */
function judged({ now }: PostingParts, post: Post, reason?: string): readonly Statement[] {
  return chatJudged({ kind: 'group', id: post.groupId, name: post.name, isBroken: true }, reason, now());
}

async function report({ api, db }: PostingParts, posting: Posting, markup: string): Promise<void> {
  if (posting.reportMessageId === null) {
    const sent = await api.sendMessage(posting.requestedBy, markup, { parse_mode: 'HTML' });
    await db.write([postingReported(posting.id, sent.message_id)]);
    return;
  }
  try {
    await api.editMessageText(posting.requestedBy, posting.reportMessageId, markup, { parse_mode: 'HTML' });
  } catch (error) {
    // "Not modified", or the admin deleted the report: the results are in the database.
    const { kind } = readSendFailure(error);
    if (kind === 'flood' || kind === 'passing') throw error;
  }
}
