/** An admin presses and sends anything, in every language: nothing fails, all is answered. */
import { afterEach, expect, test } from 'vitest';
import { seeded } from '../../sim/telegram/random.ts';
import { sql } from '../../src/db/database.ts';
import { jobs } from '../../src/jobs/all-jobs.ts';
import { LOCALE_NAMES } from '../../src/settings/config.ts';
import { addAnime } from '../support/catalogue.ts';
import { type AdminDesk, startDesk } from './support.ts';

let desk: AdminDesk;
afterEach(() => desk?.close());

const ACTIONS = 130;
const COMMANDS =
  '/admin /add /edit /edit_12 /cancel /drafts /groups /channels /broadcast /stats /analytics /top /users /audit /trash /export /test /backups /commands /start'.split(
    ' ',
  );
const TEXTS = ['<b>&"', '12', '²', '--5', '12345678901234567890', '@kanal_uz', '-', '1', 'a'.repeat(4000)];

test.each(LOCALE_NAMES.map((name, i) => [name, i] as const))('in %s', async (locale, index) => {
  desk = await startDesk();
  const { bot, admin, telegram } = desk;
  await bot.db.write([sql('UPDATE users SET language = ? WHERE user_id = ?', locale, admin.id)]);
  telegram.channel({ title: 'Kanal <1> & co', username: 'kanal_uz' });
  const { file } = await admin.send({ video: true });
  await addAnime(bot.db, { code: 12, title: 'A <b> & "c"', parts: [file?.fileId ?? '', file?.fileId ?? ''] });
  const random = seeded(100 + index);
  const pick = <T>(items: readonly T[]): T | undefined => random.shuffle([...items])[0];
  const unanswered: string[] = [];
  for (let i = 0; i < ACTIONS; i++) {
    bot.advance(1_000);
    const messages = admin.messages().filter(({ isFromBot, keyboard }) => isFromBot && keyboard.length > 0);
    // The newest screens mostly, an old one now and then.
    const message = pick(random.shuffle([0, 1, 2, 3])[0] === 0 ? messages : messages.slice(-2));
    const button = pick(message?.keyboard.flat().filter(({ data }) => data !== undefined) ?? []);
    const kind = random.shuffle([
      'press',
      'press',
      'press',
      'press',
      'press',
      'text',
      'command',
      'media',
      'tick',
    ])[0];
    if (kind === 'press' && message !== undefined && button?.data !== undefined) {
      const answer = await admin.press(message, button.data);
      if (answer === undefined) unanswered.push(button.data);
    } else if (kind === 'command') await admin.send((pick(COMMANDS) ?? '/admin').replace('_', ' '));
    else if (kind === 'text') await admin.send(pick(TEXTS) ?? 'x');
    else if (kind === 'media')
      await admin.send(
        pick([
          { video: true },
          { photo: true, caption: 'A <b>\nB' },
          { document: { name: 'a.mkv' } },
          { document: { name: 'a.zip' } },
        ]) ?? 'x',
      );
    else for (const job of jobs) await job.run(bot.jobContext());
  }
  expect(unanswered).toEqual([]);
  const bad = bot.log.filter(({ outcome }) => outcome === 'poison' || outcome === 'again');
  expect(bad).toEqual([]);
  expect(await desk.rows('SELECT error AS error FROM failed_updates')).toEqual([]);
});
