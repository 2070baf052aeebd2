/** The bot's own trouble with mandatory channels locks nobody out (docs/spec/bot.md "Viewer" 2). */
import { describe, expect, test } from 'vitest';
import { sql } from '../../src/db/database.ts';
import { channelUrl } from '../../src/handlers/viewer/channel-link.ts';
import { ownerNoticesJob } from '../../src/jobs/send-owner-notices.ts';
import { ADMIN_ID } from '../support/bot.ts';
import { addChannel, buttons, guarded, press, run, values } from './support.ts';

describe('the bot’s own trouble locks nobody out', () => {
  test('old bot: losing admin rights in a channel locked everybody out; here it passes and admins get one alert', async () => {
    const { bot, news, club, viewer } = await guarded();
    const admin = bot.telegram.person({ id: ADMIN_ID });
    await admin.start();
    await club.join(viewer);
    await news.demoteBot();
    bot.telegram.forgetCalls();
    await viewer.send('12');
    expect(viewer.lastMessage().text).toContain('Kod: 12');
    const others = [bot.telegram.person(), bot.telegram.person()];
    for (const other of others) {
      await club.join(other);
      await other.send('12');
      expect(other.lastMessage().text).toContain('Kod: 12');
    }
    // Telegram said so: nobody is looked up in vain.
    const asked = bot.telegram.callsOf('getChatMember').map(({ params }) => String(params['chat_id']));
    expect(asked).not.toContain(String(news.id));
    await run(bot, ownerNoticesJob);
    await run(bot, ownerNoticesJob);
    expect(
      bot.telegram.callsOf('sendMessage').filter(({ params }) => params['chat_id'] === ADMIN_ID),
    ).toHaveLength(1);
    expect(admin.lastMessage().text).toContain('Yangiliklar');
    expect(admin.lastMessage().text).toContain('admin');
  });

  test('when the channel works again it is asked again, and the next trouble is told anew', async () => {
    const { bot, news, club, viewer } = await guarded();
    const admin = bot.telegram.person({ id: ADMIN_ID });
    await admin.start();
    await club.join(viewer);
    await news.demoteBot();
    await viewer.send('12');
    await run(bot, ownerNoticesJob);
    await news.promoteBot();
    await viewer.send('12');
    expect(viewer.lastMessage().text).toContain('obuna bo‘ling');
    expect(
      await values(bot, "SELECT check_state AS v FROM mandatory_channels WHERE name = 'Yangiliklar'"),
    ).toEqual(['ok']);
    await news.demoteBot();
    bot.advance(61_000);
    await viewer.send('12');
    await run(bot, ownerNoticesJob);
    expect(admin.messages().filter(({ text }) => text.includes('tekshirib bo‘lmayapti'))).toHaveLength(2);
  });

  test('Telegram down for getChatMember: everybody passes, and the alert waits until the admins can be reached', async () => {
    const { bot, viewer } = await guarded();
    const admin = bot.telegram.person({ id: ADMIN_ID });
    await admin.start();
    bot.telegram.script({
      method: 'getChatMember',
      times: Number.POSITIVE_INFINITY,
      fault: { kind: 'error', status: 500, description: 'Internal Server Error' },
    });
    await viewer.send('12');
    expect(viewer.lastMessage().text).toContain('Kod: 12');
    // It may be over in a moment.
    expect(await values(bot, 'SELECT COUNT(*) AS v FROM admin_notices')).toEqual(['0']);
    bot.advance(3 * 60_000);
    await viewer.send('12');
    const down = bot.telegram.script({
      method: 'sendMessage',
      times: Number.POSITIVE_INFINITY,
      fault: { kind: 'error', status: 500, description: 'Internal Server Error' },
    });
    await run(bot, ownerNoticesJob);
    expect(await values(bot, 'SELECT COUNT(*) AS v FROM admin_notices WHERE sent_at IS NULL')).toEqual(['2']);
    down.remove();
    await run(bot, ownerNoticesJob);
    // Both channels in one message.
    expect(admin.lastMessage().text.match(/tekshirib bo‘lmayapti/g)).toHaveLength(2);
  });

  test('old bot: one bad channel link broke /start for all; here it is left out, passes, and is told once', async () => {
    const { bot, news, club, viewer } = await guarded();
    const admin = bot.telegram.person({ id: ADMIN_ID });
    await admin.start();
    for (const [i, link] of [
      'javascript:alert(1)',
      'not a link',
      'http://',
      'https://localhost',
      '',
    ].entries())
      await addChannel(bot, bot.telegram.channel({ title: `Yomon ${i}` }), { link });
    await viewer.start();
    const gate = viewer.lastMessage();
    expect(buttons(gate)).toEqual(['📢 Yangiliklar', '📢 Klub <1>', '🔄 Tekshirish']);
    await news.join(viewer);
    await club.join(viewer);
    expect((await press(viewer, gate, 'Tekshirish')).text).toContain('Assalomu alaykum');
    await run(bot, ownerNoticesJob);
    await run(bot, ownerNoticesJob);
    const told = admin.messages().map(({ text }) => text.match(/havolasi yo‘q/g)?.length ?? 0);
    expect(told.filter((count) => count > 0)).toEqual([5]);
  });

  test('even when Telegram refuses the whole keyboard the viewer gets what they asked for', async () => {
    const { bot, viewer } = await guarded();
    bot.telegram.script({
      method: 'sendMessage',
      fault: { kind: 'error', status: 400, description: 'Bad Request: BUTTON_URL_INVALID' },
    });
    await viewer.send('12');
    expect(viewer.lastMessage().text).toContain('Kod: 12');
  });

  test('a channel the admin took off the list is gone for good (old bot: it came back at restart)', async () => {
    const { bot, viewer } = await guarded();
    await bot.db.write([sql('DELETE FROM mandatory_channels')]);
    await viewer.start();
    expect(viewer.lastMessage().text).toContain('Assalomu alaykum');
    const { startTestBot } = await import('../support/bot.ts');
    const again = await startTestBot({ path: bot.path, telegram: bot.telegram });
    await viewer.start();
    expect(viewer.lastMessage().text).toContain('Assalomu alaykum');
    expect(await values(again, 'SELECT COUNT(*) AS v FROM mandatory_channels')).toEqual(['0']);
    await again.close();
  });
});

describe('addresses of channels', () => {
  const channel = { chat: '-1001', username: null, inviteLink: null, link: null };
  test.each([
    [{ username: 'kanal' }, 'https://t.me/kanal'],
    [{ username: '@kanal' }, 'https://t.me/kanal'],
    [{ chat: '@kanal' }, 'https://t.me/kanal'],
    [{ link: '@kanal' }, 'https://t.me/kanal'],
    [{ link: 'kanal_uz' }, 'https://t.me/kanal_uz'],
    [{ link: ' t.me/kanal ' }, 'https://t.me/kanal'],
    [{ link: 'https://t.me/+AbC' }, 'https://t.me/+AbC'],
    [{ inviteLink: 'https://t.me/joinchat/AbC', link: 'https://x.uz' }, 'https://t.me/joinchat/AbC'],
    [{ link: 'tg://resolve?domain=x' }, undefined],
    [{ link: 'ftp://x.uz' }, undefined],
    [{ link: 'https://user:pass@x.uz' }, undefined],
    [{ link: 'https://x' }, undefined],
    [{ link: 'https://kanal .uz' }, undefined],
    [{ link: 'a b' }, undefined],
    [{}, undefined],
  ])('%j opens %s', (given, url) => {
    expect(channelUrl({ ...channel, ...given })).toBe(url);
  });
});
