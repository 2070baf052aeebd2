/** Tells the admins what viewers' turns noticed. */
import { type Notice, noticeSent, waitingNotices } from '../db/admin-notices.ts';
import type { Html } from '../html.ts';
import { type Texts, textsFor } from '../locales/index.ts';
import { describeError } from '../log.ts';
import type { Job } from './job.ts';

/** Notices a tick; trouble seldom comes in more kinds. */
const AT_ONCE = 10;

export const adminNoticesJob: Job = {
  name: 'admin-notices',
  async run({ db, api, adminIds, defaultLocale, now, log, requests }) {
    if (adminIds.length === 0 || !requests.take(1)) return;
    const [waiting] = await db.read([waitingNotices(AT_ONCE)]);
    for (const { key, notice } of waiting) {
      if (!requests.take(adminIds.length + 1)) return;
      const text = noticeText(notice, textsFor(defaultLocale));
      const told = await Promise.allSettled(
        adminIds.map((id) => api.sendMessage(id, text.markup, { parse_mode: 'HTML' })),
      );
      for (const result of told)
        if (result.status === 'rejected')
          log.warn('admin not told', { notice: key, error: describeError(result.reason) });
      // Nobody was reached: it stays for the next tick.
      if (told.some(({ status }) => status === 'fulfilled')) await db.write([noticeSent(key, now())]);
    }
  },
};

function noticeText(notice: Notice, { viewer }: Texts): Html {
  switch (notice.kind) {
    case 'channel-unchecked':
      return viewer.noticeChannelUnchecked(notice.name, notice.reason);
    case 'channel-link':
      return viewer.noticeChannelLink(notice.name);
    case 'file':
      return viewer.noticeFile(notice.code, notice.part, notice.reason);
  }
}
