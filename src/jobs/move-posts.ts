/**
 * Leads posts of the old bot to the new one: in a channel by editing their button, where the bot
 * may edit, elsewhere by another card. What was done is written down before the next.
 */

import { readSendFailure } from '../bot/telegram-errors.ts';
import { animeById } from '../db/anime.ts';
import { paceOf } from '../db/chat-pace.ts';
import { chatJudged } from '../db/chat-uses.ts';
import type { Statement } from '../db/database.ts';
import { languageOf } from '../db/people.ts';
import { type PostMove, postMoveCounts, postMoved, postStayed, postsToMove } from '../db/post-moves.ts';
import { sendCardTo, watchButton } from '../handlers/admin/post-cards.ts';
import { describeError } from '../lib/log.ts';
import { textsIn } from '../locales/index.ts';
import { findWork, type Job, type JobContext } from './job.ts';
import { PacedChat } from './paced-chat.ts';

const AT_ONCE = 15;
/** A read, a slot, an edit, a card without and with its picture, the result. */
const PER_POST = 6;
/** Telling the outcome. */
const RESERVE = 2;

export const movePostsJob: Job = {
  name: 'move-posts',
  async run(context) {
    const moves = await findWork(context, postsToMove(AT_ONCE));
    for (const move of moves) {
      if (context.now() >= context.deadline || context.requests.left < PER_POST + RESERVE) return;
      context.requests.take(PER_POST);
      if (!(await moveOne(context, move))) break;
    }
    const [first] = moves;
    if (first !== undefined && context.requests.take(RESERVE)) await report(context, first.requestedBy);
  },
};

/** False: Telegram asks to wait. */
async function moveOne(context: JobContext, move: PostMove): Promise<boolean> {
  const { db } = context;
  const [anime, slots] = await db.read([animeById(move.animeId), paceOf(move.chatId)]);
  const chat = new PacedChat(context, move.chatId, slots);
  const reserved = chat.reserve();
  if (reserved === undefined) return false;
  await db.write([reserved]);
  await chat.slot();
  if (anime === undefined) {
    await db.write([postStayed(move, 'anime is in the trash')]);
    return true;
  }
  const statements = await lead(context, move, anime);
  if (statements !== undefined) await db.write(statements);
  return statements !== undefined;
}

async function lead(
  context: JobContext,
  move: PostMove,
  anime: Parameters<typeof sendCardTo>[2],
): Promise<readonly Statement[] | undefined> {
  const { api, log, now } = context;
  if (move.isChannel) {
    try {
      const button = watchButton(context, anime.code);
      await api.editMessageReplyMarkup(move.chatId, move.messageId, { reply_markup: button });
      return postMoved(move);
    } catch (error) {
      const { kind } = readSendFailure(error);
      if (kind === 'flood' || kind === 'passing') return undefined;
      log.info('post not edited', { chat: move.chatId, error: describeError(error) });
    }
  }
  try {
    const { messageId } = await sendCardTo(context, move.chatId, anime);
    return postMoved(move, messageId);
  } catch (error) {
    const failure = readSendFailure(error);
    if (failure.kind === 'flood' || failure.kind === 'passing') return undefined;
    const use = { kind: 'group', id: move.groupId, name: move.chatName, isBroken: false } as const;
    return [postStayed(move, failure.reason), ...chatJudged(use, failure.reason, now())];
  }
}

/** Once, when none is left. */
async function report({ db, api, log, defaultLocale }: JobContext, userId: number): Promise<void> {
  const [counts, language] = await db.read([postMoveCounts(), languageOf(userId)]);
  if (counts.left > 0) return;
  const { markup } = textsIn(language ?? null, defaultLocale).admin.moving.reposting(counts);
  try {
    await api.sendMessage(userId, markup, { parse_mode: 'HTML' });
  } catch (error) {
    log.warn('admin not told', { admin: userId, error: describeError(error) });
  }
}
