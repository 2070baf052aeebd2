/** Tells the owners what turns noticed: one new message a tick, counts by edits of sent ones. */
import { HttpError } from 'grammy';
import {
  type Notice,
  type NoticeMessages,
  noticeSent,
  type WaitingNotice,
  waitingNotices,
} from '../db/admin-notices.ts';
import { describeError } from '../lib/log.ts';
import { isTokenRefused } from '../lib/token-refused.ts';
import { type Texts, textsFor } from '../locales/index.ts';
import { type Html, html, join } from '../text/html.ts';
import type { Job, JobContext } from './job.ts';

/** Notices that a tick looks at; trouble seldom comes in more kinds. */
const AT_ONCE = 10;

export const ownerNoticesJob: Job = {
  name: 'owner-notices',
  async run(context) {
    const { db, ownerIds, requests } = context;
    if (ownerIds.length === 0 || !requests.take(1)) return;
    const [found] = await db.read([waitingNotices(AT_ONCE)]);
    const waiting = found.filter(isReadable);
    const unreadable = found.filter((one) => !isReadable(one));
    if (unreadable.length > 0) {
      // They must not push out those that say something.
      context.log.error('notices cannot be read', { keys: unreadable.map(({ key }) => key).join(', ') });
      await db.write(unreadable.map((one) => noticeSent(one, one.messages, context.now())));
    }
    const told = waiting.filter(({ messages }) => Object.keys(messages).length > 0);
    for (const notices of [
      firstOf(waiting.filter((one) => !told.includes(one))),
      ...told.map((one) => [one]),
    ]) {
      if (notices.length === 0) continue;
      if (!requests.take(ownerIds.length + 1)) return;
      const messages = await tell(context, notices);
      // No owner was reached: it stays for the next tick.
      if (messages === undefined) continue;
      await db.write(notices.map((one) => noticeSent(one, messages, context.now())));
    }
  },
};

interface ReadableNotice extends WaitingNotice {
  readonly notice: Notice;
}

/** False where somebody's SQL or a restored row put something else into the column. */
function isReadable(one: WaitingNotice): one is ReadableNotice {
  try {
    return one.notice !== undefined && noticeText(one.notice, 1, textsFor('en'), false) !== undefined;
  } catch {
    return false;
  }
}

/** What the next message says: one notice whose count is edited, or all others together. */
function firstOf(untold: readonly ReadableNotice[]): readonly ReadableNotice[] {
  const [first] = untold;
  if (first === undefined || isCounted(first)) return first === undefined ? [] : [first];
  return untold.filter((one) => !isCounted(one));
}

function isCounted({ notice }: ReadableNotice): boolean {
  return notice.kind === 'updates-wait' || notice.kind === 'updates-failed';
}

/** The messages that tell it now; undefined when no admin could be reached. */
async function tell(
  { api, ownerIds, defaultLocale, log, backups }: JobContext,
  notices: readonly ReadableNotice[],
): Promise<NoticeMessages | undefined> {
  const texts = textsFor(defaultLocale);
  const { markup } = join(
    notices.flatMap(({ notice, count }) => noticeText(notice, count, texts, backups.isSealed) ?? []),
    '\n\n',
  );
  const told = new Map(Object.entries(notices[0]?.messages ?? {}));
  let isTold = false;
  await Promise.all(
    ownerIds.map(async (id) => {
      const shown = told.get(String(id));
      try {
        if (shown === undefined)
          told.set(String(id), (await api.sendMessage(id, markup, { parse_mode: 'HTML' })).message_id);
        else await api.editMessageText(id, shown, markup, { parse_mode: 'HTML' });
        isTold = true;
      } catch (error) {
        // The next tick tries again; polling or the webhook's watch has said why.
        const isKnown = isTokenRefused(error) || error instanceof HttpError;
        log[isKnown ? 'debug' : 'warn']('owner not told', { owner: id, error: describeError(error) });
      }
    }),
  );
  return isTold ? Object.fromEntries(told) : undefined;
}

/** Undefined for a kind that this program does not know. */
function noticeText(
  notice: Notice,
  count: number,
  { viewer, frame, admin, trouble, copyTrouble }: Texts,
  isSealed: boolean,
): Html | undefined {
  switch (notice.kind) {
    case 'channel-unchecked':
      return viewer.noticeChannelUnchecked(notice.name, trouble(notice.reason));
    case 'deaf':
      return frame.deaf(trouble(notice.reason));
    case 'chat':
      return admin.chats.trouble(notice.name, trouble(notice.reason));
    case 'archive':
      return admin.archive.trouble(notice.name, trouble(notice.reason));
    case 'archive-back':
      return admin.archive.isBack(notice.name);
    case 'moved':
      return admin.moving.notice(notice.from, notice.to);
    case 'moved-done':
      return admin.moving.done(notice.linked, notice.missing);
    case 'channel-link':
      return viewer.noticeChannelLink(notice.name);
    case 'file':
      return viewer.noticeFile(notice.code, notice.part, trouble(notice.reason));
    case 'copy':
      if (notice.news === 'over') return html`${frame.copyWhole()}${isSealed ? frame.plainStay() : ''}`;
      return (notice.news === 'late' ? frame.copyLate : frame.copyFailing)(
        notice.left,
        copyTrouble(notice.reason),
      );
    case 'altered':
      return frame.storedAltered(notice.names, notice.count);
    case 'rotten':
      return (notice.isMended ? frame.storedMended : frame.storedRotten)(notice.names, notice.count);
    case 'updates-wait':
      return frame.updatesWait(count);
    case 'updates-failed':
      return frame.updatesFailed(count, trouble(notice.reason));
    default:
      return undefined;
  }
}
