/**
 * Copies every file of the catalogue into the archive channel: new and replaced ones, and the
 * backlog. What was copied is written down before the next: a kill repeats at most one copy.
 */
import { lookAtChat } from '../bot/chat-health.ts';
import { kindOfFileId } from '../bot/file-trouble.ts';
import { fileOfMessage, sendStored } from '../bot/stored-file.ts';
import { readSendFailure } from '../bot/telegram-errors.ts';
import {
  type ArchiveRound,
  archiveRound,
  endArchiveRound,
  type FileToArchive,
  fileArchived,
  fileRefused,
  moveArchiveCursors,
  partsToArchive,
  pauseArchive,
  photosToArchive,
} from '../db/archive.ts';
import { captionsDue } from '../db/archive-captions.ts';
import { paceOf } from '../db/chat-pace.ts';
import type { Statement } from '../db/database.ts';
import { MOST_A_MINUTE } from '../lib/chat-pace.ts';
import { archiveCaption, editCaptions } from './archive-captions.ts';
import type { Job, JobContext } from './job.ts';
import { PacedChat } from './paced-chat.ts';
import { withShare } from './share.ts';

/** Of a tick's time and requests. */
const SHARE = 0.5;

export const archiveJob: Job = {
  name: 'archive',
  async run(context) {
    if (!context.requests.take(1)) return;
    const [[round], due] = await context.db.read([archiveRound(context.now()), captionsDue()]);
    if (round !== undefined) await withShare(context, SHARE, (mine) => archive(mine, round));
    if (due !== undefined) await withShare(context, SHARE, (mine) => editCaptions(mine, due));
  },
};

async function archive(context: JobContext, round: ArchiveRound): Promise<void> {
  const { db, now, requests } = context;
  if (!requests.take(2)) return;
  const [parts, photos, slots] = await db.read([
    partsToArchive(round, MOST_A_MINUTE),
    photosToArchive(round, MOST_A_MINUTE),
    paceOf(round.chatId),
  ]);
  const files = [...parts, ...photos].slice(0, MOST_A_MINUTE);
  const chat = new PacedChat(context, round.chatId, slots);
  const first = files.length === 0 ? undefined : chat.reserve();
  await db.write(files.length === 0 ? [endArchiveRound(now())] : first === undefined ? [] : [first]);
  let { partCursor, photoCursor } = round;
  const done = new Set<string>();
  for (const [i, file] of files.entries()) {
    // The copy, perhaps as another kind, and what is written of it.
    const isOdd = file.kind !== 'photo' && kindOfFileId(file.fileId) !== file.kind;
    if (first === undefined || !requests.take(isOdd ? 3 : 2)) return;
    await chat.slot();
    const copied = done.has(file.fileId) ? { statements: [] } : await copy(context, round, file);
    done.add(file.fileId);
    if (copied.isStopped !== true) {
      if (file.part === null) photoCursor = file.id;
      else partCursor = file.id;
    }
    const next = copied.isStopped === true || i === files.length - 1 ? undefined : chat.reserve();
    await db.write([
      ...copied.statements,
      moveArchiveCursors(partCursor, photoCursor),
      ...(next === undefined ? [] : [next]),
    ]);
    if (next === undefined) return;
  }
}

interface Copied {
  readonly statements: readonly Statement[];
  /** This file's turn comes again. */
  readonly isStopped?: boolean;
}

async function copy(context: JobContext, round: ArchiveRound, file: FileToArchive): Promise<Copied> {
  const { api, now, log } = context;
  try {
    const message = await sendStored(api, round.chatId, file, {
      caption: archiveCaption(context.defaultLocale, file).markup,
      parse_mode: 'HTML',
      disable_notification: true,
    });
    const sent = fileOfMessage(message);
    if (sent === undefined) throw new Error(`a copy of part ${file.part} of ${file.code} has no file`);
    const place = { chatId: round.chatId, messageId: message.message_id };
    return { statements: fileArchived({ ...sent, ...place, fileId: file.fileId }, now()) };
  } catch (error) {
    const failure = readSendFailure(error);
    if (failure.kind === 'flood')
      return { statements: [pauseArchive(now().getTime() + failure.seconds * 1000)], isStopped: true };
    if (failure.kind === 'passing') return { statements: [], isStopped: true };
    // The channel's trouble, or this file's?
    if (!context.requests.take(1)) return { statements: [], isStopped: true };
    const use = {
      kind: 'archive',
      id: 1,
      chat: String(round.chatId),
      name: round.name,
      isBroken: false,
    } as const;
    const { trouble, statements } = await lookAtChat(context, use);
    if (trouble !== undefined) return { statements, isStopped: true };
    log.warn('file not archived', { code: file.code, part: file.part, error: failure.reason });
    return { statements: [fileRefused(file.fileId, failure.reason, now())] };
  }
}
