/**
 * Gives another bot's files ids of this one, while it moves: each message of the archive is
 * forwarded within the channel, the forward tells this bot's file id, and is deleted. The most
 * viewed come first. What was linked is written down before the next: a kill repeats at most one
 * forward. What a killed process did not delete stays in the channel as one more copy.
 */
import { lookAtChat } from '../bot/chat-health.ts';
import { fileOfMessage } from '../bot/stored-file.ts';
import { readSendFailure } from '../bot/telegram-errors.ts';
import { type ArchiveChannel, archiveChannel } from '../db/archive.ts';
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
import { MOST_A_MINUTE } from '../lib/chat-pace.ts';
import { describeError } from '../lib/log.ts';
import { isTokenRefused } from '../lib/token-refused.ts';
import { textsFor } from '../locales/index.ts';
import { findWork, type Job, type JobContext } from './job.ts';
import { PacedChat } from './paced-chat.ts';
import { withShare } from './share.ts';

/** Of a tick's time and requests: viewers are served from the archive meanwhile. */
const SHARE = 0.8;
/** Deleting forwards and showing the progress: a read, two calls, a write. */
const RESERVE = 4;
const CALL_AND_WRITE = 2;
/** The most that one call deletes. */
const DELETED_AT_ONCE = 100;

export const relinkJob: Job = {
  name: 'relink',
  async run(context) {
    const [moving] = await findWork(context, isMoving());
    if (moving !== undefined) await withShare(context, SHARE, async (mine) => void (await relink(mine)));
  },
};

/** What one slice works with: the tick's, or a command's. */
export type RelinkContext = Pick<
  JobContext,
  'db' | 'api' | 'me' | 'ownerIds' | 'defaultLocale' | 'now' | 'sleep' | 'log' | 'deadline' | 'requests'
>;

/** How a slice ended. */
export type RelinkEnd =
  /** What the minute allowed was done. */
  | { readonly kind: 'done' }
  /** Telegram, or the network, asks to wait. */
  | { readonly kind: 'later'; readonly reason: string }
  /** Somebody has to give the bot rights first; `name` is null for a channel that was replaced. */
  | Closed
  | { readonly kind: 'token' };

interface Closed {
  readonly kind: 'closed';
  readonly chatId: number;
  readonly name: string | null;
  readonly reason: string;
}

/** As many files as a minute, the deadline and the requests allow. */
export async function relink(context: RelinkContext): Promise<RelinkEnd> {
  const { db, requests } = context;
  const closed: Closed[] = [];
  let end: RelinkEnd = { kind: 'done' };
  // Copies may lie in channels that were replaced: one that is closed must not stop the others.
  do {
    if (!requests.take(1 + RESERVE)) break;
    const ids = closed.map(({ chatId }) => chatId);
    const [files, paces, channel] = await db.read([
      filesToLink(MOST_A_MINUTE, ids),
      allPaces(),
      archiveChannel(),
    ]);
    end = await linkAll(context, { files, paces, channel });
    if (end.kind === 'closed') closed.push(end);
  } while (end.kind === 'closed');
  const [first] = closed;
  const told = first ?? end;
  if (told.kind === 'token') return told;
  const [forwards, progress] = await db.read([forwardsLeft(DELETED_AT_ONCE), moveProgress(context.now())]);
  const deleted = await deleteForwards(context, forwards);
  const shown = progress === undefined ? [] : await showProgress(context, progress, first);
  const isOver = progress !== undefined && progress.left === 0;
  const written = [...deleted, ...shown, ...(isOver ? endMove(progress, context.now()) : [])];
  if (written.length > 0) await db.write(written);
  return told;
}

interface Found {
  readonly files: readonly FileToLink[];
  readonly paces: ReadonlyMap<number, readonly number[]>;
  readonly channel: ArchiveChannel | undefined;
}

async function linkAll(context: RelinkContext, { files, paces, channel }: Found): Promise<RelinkEnd> {
  const { db, requests } = context;
  const chatId = files[0]?.chatId ?? 0;
  // One channel a tick.
  const here = files.filter((file) => file.chatId === chatId);
  const chat = new PacedChat(context, chatId, paces.get(chatId) ?? []);
  let reserved = here.length === 0 || !requests.take(1) ? undefined : chat.reserve();
  if (reserved === undefined) return { kind: 'done' };
  await db.write([reserved]);
  const today = channel?.chatId === chatId ? channel : undefined;
  let isDoubted = today?.problem != null;
  for (const [i, file] of here.entries()) {
    if (!requests.take(CALL_AND_WRITE)) break;
    await chat.slot();
    const linked = await link(context, file, today);
    const isLinked = linked.end === undefined;
    // It works again, though Telegram told nobody.
    const judged = isLinked && isDoubted && today !== undefined ? await judge(context, today) : [];
    if (isLinked) isDoubted = false;
    const goesOn = isLinked && i < here.length - 1 && requests.left >= CALL_AND_WRITE;
    reserved = goesOn ? chat.reserve() : undefined;
    await db.write([...linked.statements, ...judged, ...(reserved === undefined ? [] : [reserved])]);
    if (linked.end !== undefined) return linked.end;
    if (reserved === undefined) break;
  }
  return { kind: 'done' };
}

interface Linked {
  readonly statements: readonly Statement[];
  /** This file's turn comes again. */
  readonly end?: RelinkEnd;
}

/** One call. */
async function link(
  context: RelinkContext,
  file: FileToLink,
  today: ArchiveChannel | undefined,
): Promise<Linked> {
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
    if (isTokenRefused(error)) return { statements: [], end: { kind: 'token' } };
    const reason = failure.kind === 'flood' ? 'Telegram asks to wait' : failure.reason;
    log.info('not linked', { chat: chatId, error: reason });
    if (failure.kind === 'flood' || failure.kind === 'passing')
      return { statements: [], end: { kind: 'later', reason } };
    if (IS_GONE.test(reason) && !IS_PROTECTED.test(reason)) return { statements: [forgetCopy(file)] };
    const statements = today === undefined ? [] : await judge(context, today);
    return { statements, end: { kind: 'closed', chatId, name: today?.name ?? null, reason } };
  }
}

const IS_GONE = /message to forward not found|can't be forwarded|MESSAGE_ID_INVALID/i;
/** Whoever owns the channel forbade it for all its messages: none of them is gone. */
const IS_PROTECTED = /protected content|FORWARDS_RESTRICTED/i;

/** What Telegram says of the bot's rights today; lost and regained ones are told once. */
async function judge(context: RelinkContext, channel: ArchiveChannel): Promise<readonly Statement[]> {
  if (!context.requests.take(1)) return [];
  const { chatId, name, problem } = channel;
  const use = { kind: 'archive', id: 1, chat: String(chatId), name, isBroken: problem !== null } as const;
  return (await lookAtChat(context, use)).statements;
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
  { api, ownerIds, defaultLocale, log }: RelinkContext,
  progress: MoveProgress,
  closed: Closed | undefined,
): Promise<readonly Statement[]> {
  const { admin, trouble } = textsFor(defaultLocale);
  const reason = closed?.reason ?? progress.problem;
  const { markup } = admin.moving.progress({
    ...progress,
    closed: reason === null ? null : trouble(reason),
  });
  const { shownIn } = progress;
  const [owner] = ownerIds;
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
