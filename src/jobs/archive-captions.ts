/**
 * Has the copies in the archive channel say what the catalogue says, so that the channel can be
 * read with no database left. An edit that Telegram refuses is no loss: the file is there.
 */

import { readSendFailure } from '../bot/telegram-errors.ts';
import {
  type ArchivedFile,
  archivedFiles,
  type CaptionsDue,
  captionSeen,
  captionsDone,
} from '../db/archive-captions.ts';
import { allPaces } from '../db/chat-pace.ts';
import type { FilePlace } from '../db/missing-files.ts';
import { MOST_A_MINUTE } from '../lib/chat-pace.ts';
import { textsFor } from '../locales/index.ts';
import type { LocaleName } from '../settings/config.ts';
import { cutText, type Html } from '../text/html.ts';
import { titleFrom } from '../text/search-text.ts';
import type { JobContext } from './job.ts';
import { PacedChat } from './paced-chat.ts';

/** Writing the slot, the edit, what was looked at. */
const PER_FILE = 3;

/** Of one anime, as many as the tick allows. */
export async function editCaptions(context: JobContext, first: CaptionsDue): Promise<void> {
  const { db, requests } = context;
  if (!requests.take(2)) return;
  const [files, paces] = await db.read([archivedFiles(first, MOST_A_MINUTE), allPaces()]);
  if (files.length === 0) {
    await db.write([captionsDone(first)]);
    return;
  }
  const chats = new Map<number, PacedChat>();
  let due = first;
  for (const file of files) {
    const { chatId, uniqueId } = file;
    const chat = chats.get(chatId) ?? new PacedChat(context, chatId, paces.get(chatId) ?? []);
    chats.set(chatId, chat);
    const reserved = requests.left < PER_FILE ? undefined : chat.reserve();
    if (reserved === undefined || !requests.take(PER_FILE)) return;
    await db.write([reserved]);
    await chat.slot();
    if (!(await edit(context, file))) return;
    const [seen, next] = captionSeen(due, uniqueId);
    await db.write([seen]);
    due = next;
  }
}

/** False: its turn comes again. */
async function edit({ api, log, defaultLocale }: JobContext, file: ArchivedFile): Promise<boolean> {
  const { chatId, messageId, code, part } = file;
  try {
    const caption = archiveCaption(defaultLocale, file).markup;
    await api.editMessageCaption(chatId, messageId, { caption, parse_mode: 'HTML' });
  } catch (error) {
    const failure = readSendFailure(error);
    if (failure.kind === 'flood' || failure.kind === 'passing') return false;
    if (!/not modified/i.test(failure.reason))
      log.info('caption not edited', { code, part, error: failure.reason });
  }
  return true;
}

/** What stands below a copy: a person can read the channel when no database is left. */
export function archiveCaption(locale: LocaleName, { title, description, code, part }: FilePlace): Html {
  const t = textsFor(locale);
  const name = titleFrom(title, description) ?? t.viewer.untitled(code);
  return t.admin.archive.caption(cutText(name, 256).text, code, part);
}
