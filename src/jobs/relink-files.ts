/**
 * Gives another bot's files ids of this one, while it moves: each message of the archive is
 * forwarded within the channel, the forward tells this bot's file id, and is deleted. The most
 * viewed come first. What was linked is written down before the next: a kill repeats at most one
 * forward. What a killed process did not delete stays in the channel as one more copy.
 */
import { GrammyError } from 'grammy';
import { lookAtChat } from '../bot/chat-health.ts';
import { fileOfMessage } from '../bot/stored-file.ts';
import { archiveChannel } from '../db/archive.ts';
import { allPaces } from '../db/chat-pace.ts';
import type { Statement } from '../db/database.ts';
import {
  endMove,
  type FileToLink,
  filesToLink,
  forgetCopy,
  forwardsDeleted,
  forwardsLeft,
  isMoving,
  linkFile,
  type MoveProgress,
  moveProgress,
  progressShown,
  rememberForward,
} from '../db/relinking.ts';
import type { ArchivedMessage } from '../db/whereabouts.ts';
import { minutesToLink } from '../handlers/admin/moving.ts';
import { readSendFailure } from '../handlers/admin/telegram-errors.ts';
import { MOST_A_MINUTE } from '../lib/chat-pace.ts';
import { describeError } from '../lib/log.ts';
import { textsFor } from '../locales/index.ts';
import { findWork, type Job, type JobContext } from './job.ts';
import { PacedChat } from './paced-chat.ts';
import { withShare } from './share.ts';

/** Of a tick's time and requests: viewers are served from the archive meanwhile. */
const SHARE = 0.8;
/** Deleting forwards and showing the progress: a read, two calls, a write. */
const RESERVE = 4;
/** The most that one call deletes. */
const DELETED_AT_ONCE = 100;

export const relinkJob: Job = {
  name: 'relink',
  async run(context) {
    const [moving] = await findWork(context, isMoving());
    if (moving !== undefined) await withShare(context, SHARE, relink);
  },
};

/** What one slice works with: the tick's, or a command's. */
export type RelinkContext = Pick<
  JobContext,
  'db' | 'api' | 'me' | 'adminIds' | 'defaultLocale' | 'now' | 'sleep' | 'log' | 'deadline' | 'requests'
>;

/** As many files as a minute, the deadline and the requests allow. */
export async function relink(context: RelinkContext): Promise<void> {
  const { db, requests } = context;
  if (!requests.take(1 + RESERVE)) return;
  const [files, paces] = await db.read([filesToLink(MOST_A_MINUTE), allPaces()]);
  await linkAll(context, files, paces);
  const [forwards, progress] = await db.read([forwardsLeft(DELETED_AT_ONCE), moveProgress(context.now())]);
  const deleted = await deleteForwards(context, forwards);
  const shown = progress === undefined ? [] : await showProgress(context, progress);
  const isOver = progress !== undefined && progress.left === 0;
  const written = [...deleted, ...shown, ...(isOver ? endMove(progress, context.now()) : [])];
  if (written.length > 0) await db.write(written);
}

async function linkAll(
  context: RelinkContext,
  files: readonly FileToLink[],
  paces: ReadonlyMap<number, readonly number[]>,
): Promise<void> {
  const { db, requests } = context;
  const chatId = files[0]?.chatId ?? 0;
  // Copies may lie in two channels, of which one was replaced: one channel a tick.
  const here = files.filter((file) => file.chatId === chatId);
  const chat = new PacedChat(context, chatId, paces.get(chatId) ?? []);
  let reserved = here.length === 0 || !requests.take(1) ? undefined : chat.reserve();
  if (reserved === undefined) return;
  await db.write([reserved]);
  for (const [i, file] of here.entries()) {
    if (!requests.take(2)) return;
    await chat.slot();
    const linked = await link(context, file);
    reserved = linked.isStopped === true || i === here.length - 1 ? undefined : chat.reserve();
    await db.write([...linked.statements, ...(reserved === undefined ? [] : [reserved])]);
    if (reserved === undefined) return;
  }
}

interface Linked {
  readonly statements: readonly Statement[];
  /** This file's turn comes again. */
  readonly isStopped?: boolean;
}

/** One call. */
async function link(context: RelinkContext, file: FileToLink): Promise<Linked> {
  const { api, log } = context;
  const { chatId, messageId, uniqueId } = file;
  try {
    const forward = await api.forwardMessage(chatId, chatId, messageId, { disable_notification: true });
    const found = fileOfMessage(forward);
    const deleted = rememberForward({ chatId, messageId: forward.message_id });
    if (found?.uniqueId === uniqueId) return { statements: [...linkFile(uniqueId, found.fileId), deleted] };
    log.warn('another file in the archive', { chat: chatId, message: messageId });
    return { statements: [forgetCopy(file), deleted] };
  } catch (error) {
    const failure = readSendFailure(error);
    if (error instanceof GrammyError && IS_GONE.test(error.description))
      return { statements: [forgetCopy(file)] };
    // Telegram asks to wait, or the channel is closed to the bot, which the owners learn.
    log.warn('not linked', { chat: chatId, error: 'reason' in failure ? failure.reason : failure.kind });
    const isItself = failure.kind === 'refused' || failure.kind === 'blocked';
    return { statements: isItself ? await channelTrouble(context, chatId) : [], isStopped: true };
  }
}

const IS_GONE = /message to forward not found|can't be forwarded|MESSAGE_ID_INVALID/i;

/** Undone rights are told once; the channel of today only, not one that was replaced. */
async function channelTrouble(context: RelinkContext, chatId: number): Promise<readonly Statement[]> {
  if (!context.requests.take(2)) return [];
  const [channel] = await context.db.read([archiveChannel()]);
  if (channel?.chatId !== chatId) return [];
  const use = { kind: 'archive', id: 1, chat: String(chatId), name: channel.name } as const;
  return (await lookAtChat(context, { ...use, isBroken: channel.problem !== null })).statements;
}

/** One call where there are any. */
async function deleteForwards(
  { api, log }: RelinkContext,
  forwards: readonly ArchivedMessage[],
): Promise<readonly Statement[]> {
  const [first] = forwards;
  if (first === undefined) return [];
  const ids = forwards.map(({ messageId }) => messageId);
  try {
    await api.deleteMessages(first.chatId, ids);
  } catch (error) {
    const { kind } = readSendFailure(error);
    if (kind === 'flood' || kind === 'passing') return [];
    log.warn('forwards not deleted', { chat: first.chatId, error: describeError(error) });
  }
  return [forwardsDeleted(first.chatId, ids)];
}

/** One call: an edit, or a message to the first owner. The next tick tries again. */
async function showProgress(
  { api, adminIds, defaultLocale, log }: RelinkContext,
  progress: MoveProgress,
): Promise<readonly Statement[]> {
  const facts = { ...progress, minutes: minutesToLink(progress.left, progress.lately) };
  const { markup } = textsFor(defaultLocale).admin.moving.progress(facts);
  const { shownIn } = progress;
  const [owner] = adminIds;
  try {
    if (shownIn !== null)
      await api.editMessageText(shownIn.chatId, shownIn.messageId, markup, { parse_mode: 'HTML' });
    if (shownIn !== null || owner === undefined) return [];
    const silent = { parse_mode: 'HTML', disable_notification: true } as const;
    const sent = await api.sendMessage(owner, markup, silent);
    return [progressShown({ chatId: owner, messageId: sent.message_id })];
  } catch (error) {
    log.debug('progress of the move not shown', { error: describeError(error) });
    // The owner deleted it, and gets another one.
    return shownIn !== null && readSendFailure(error).kind === 'refused' ? [progressShown(null)] : [];
  }
}
