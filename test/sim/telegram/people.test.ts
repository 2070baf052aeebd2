import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Person, startTelegram } from '../../../sim/telegram/start-telegram.ts';
import type { Telegram } from '../../../sim/telegram/telegram.ts';
import { call, manualClock, messageId } from './call.ts';

const clock = manualClock();
let telegram: Telegram;
let viewer: Person;

beforeEach(async () => {
  telegram = await startTelegram({ clock: clock.now });
  viewer = telegram.person({ id: 7, firstName: 'Ali', username: 'ali', languageCode: 'uz' });
  await viewer.start();
  telegram.takeUpdates();
});
afterEach(async () => {
  await telegram.close();
});

const send = async (params: object): Promise<number> =>
  messageId(await call(telegram, 'sendMessage', { chat_id: viewer.id, text: 'x', ...params }));

describe('a person', () => {
  it('opens deep links, with the payload Telegram allows', async () => {
    await viewer.openLink(`https://t.me/${telegram.botInfo.username}?start=12_5`);
    expect(telegram.takeUpdates()[0]?.message).toMatchObject({
      text: '/start 12_5',
      entities: [{ type: 'bot_command', offset: 0, length: 6 }],
      from: { id: 7, language_code: 'uz' },
      chat: { id: 7, type: 'private', username: 'ali' },
    });
    await expect(viewer.start('a'.repeat(65))).rejects.toThrow('start payload');
    await expect(viewer.start('12 5')).rejects.toThrow('start payload');
    await expect(viewer.openLink('https://t.me/other_bot?start=1')).rejects.toThrow('no bot');
  });

  it('sends an album as one update a medium', async () => {
    await viewer.sendAlbum([{ video: 'a.mkv', caption: 'one' }, { video: 'b.mkv' }]);
    const messages = telegram.takeUpdates().map(({ message }) => message);
    expect(messages).toMatchObject([
      { video: { file_name: 'a.mkv' }, caption: 'one' },
      { video: { file_name: 'b.mkv' } },
    ]);
    expect(messages[0]?.media_group_id).toBe(messages[1]?.media_group_id);
    expect(messages[0]?.video?.file_id).not.toBe(messages[1]?.video?.file_id);
  });

  it('sends the same file again: another message, the same unique id', async () => {
    const first = await viewer.send({ video: true });
    const again = await viewer.send({ video: { uniqueId: first.file?.uniqueId ?? '' } });
    expect(again.file).toEqual(first.file);
    expect(again.id).toBeGreaterThan(first.id);
  });

  it('edits their own message', async () => {
    const sent = await viewer.send('12');
    await viewer.edit(sent, '13');
    expect(telegram.takeUpdates().at(-1)?.edited_message).toMatchObject({ message_id: sent.id, text: '13' });
    const photo = await viewer.send({ photo: true, caption: 'old' });
    expect(await viewer.edit(photo, 'new')).toMatchObject({ kind: 'photo', caption: 'new', edits: 1 });
  });

  it('forwards a channel post, with its origin', async () => {
    const channel = telegram.channel({ username: 'kanal', title: 'Kanal' });
    await viewer.forward(await channel.post('news'));
    expect(telegram.takeUpdates().at(-1)?.message).toMatchObject({
      text: 'news',
      forward_origin: {
        type: 'channel',
        chat: { id: channel.id, title: 'Kanal', username: 'kanal' },
        message_id: 1,
      },
    });
  });

  it('presses buttons by text or data, and gets the answer or none', async () => {
    const reply_markup = { inline_keyboard: [[{ text: 'Next', callback_data: 'n:2' }]] };
    await send({ reply_markup });
    telegram.connect(async (update) => {
      const query = update.callback_query;
      if (query)
        await call(telegram, 'answerCallbackQuery', {
          callback_query_id: query.id,
          text: 'ok',
          show_alert: true,
        });
    });
    expect(await viewer.press(viewer.lastMessage(), 'Next')).toEqual({
      text: 'ok',
      isAlert: true,
      url: undefined,
    });
    telegram.connect(async () => {});
    expect(await viewer.press(viewer.lastMessage(), 'n:2')).toBeUndefined();
    await expect(viewer.press(viewer.lastMessage(), 'Back')).rejects.toThrow(
      'no button "Back" among ["Next"',
    );
  });

  it('presses a button that an edit has just taken away', async () => {
    await send({ reply_markup: { inline_keyboard: [[{ text: 'Old', callback_data: 'old' }]] } });
    const before = viewer.lastMessage();
    await call(telegram, 'editMessageText', { chat_id: viewer.id, message_id: before.id, text: 'y' });
    await viewer.press(before, 'Old');
    expect(telegram.takeUpdates().at(-1)?.callback_query).toMatchObject({
      data: 'old',
      message: { text: 'y' },
    });
  });

  it('blocks the bot and comes back', async () => {
    await viewer.block();
    expect(await call(telegram, 'sendMessage', { chat_id: viewer.id, text: 'x' })).toMatchObject({
      status: 403,
    });
    await expect(viewer.send('x')).rejects.toThrow('blocked');
    await viewer.start();
    expect(
      telegram
        .takeUpdates()
        .map(({ my_chat_member, message }) => my_chat_member?.new_chat_member.status ?? message?.text),
    ).toEqual(['kicked', 'member', '/start']);
    expect(await call(telegram, 'sendMessage', { chat_id: viewer.id, text: 'x' })).toMatchObject({
      ok: true,
    });
  });

  it('sees the reply keyboard and the menu of commands in their language', async () => {
    await send({ reply_markup: { keyboard: [['Bosh sahifa'], [{ text: 'Yordam' }]] } });
    expect(viewer.replyKeyboard()).toEqual([['Bosh sahifa'], ['Yordam']]);
    await send({ reply_markup: { remove_keyboard: true } });
    expect(viewer.replyKeyboard()).toEqual([]);
    const commands = [{ command: 'start', description: 'Start' }];
    const uzbek = [{ command: 'start', description: 'Boshlash' }];
    await call(telegram, 'setMyCommands', { commands });
    await call(telegram, 'setMyCommands', { commands: uzbek, language_code: 'uz' });
    expect(viewer.commands()).toEqual(uzbek);
    expect(telegram.person({ languageCode: 'ru' }).commands()).toEqual(commands);
    const own = [{ command: 'admin', description: 'Panel' }];
    await call(telegram, 'setMyCommands', { commands: own, scope: { type: 'chat', chat_id: viewer.id } });
    expect(viewer.commands()).toEqual(own);
  });

  it('sees rows of more than eight buttons wrapped', async () => {
    const row = Array.from({ length: 10 }, (_, i) => ({ text: `${i}`, callback_data: `${i}` }));
    await send({ reply_markup: { inline_keyboard: [row] } });
    expect(viewer.lastMessage().keyboard.map(({ length }) => length)).toEqual([8, 2]);
  });

  it('no longer sees what was deleted', async () => {
    const message_id = await send({});
    await call(telegram, 'deleteMessage', { chat_id: viewer.id, message_id });
    expect(viewer.messages().map(({ text }) => text)).toEqual(['/start']);
    expect(viewer.look({ chatId: viewer.id, id: message_id })).toMatchObject({ isDeleted: true });
  });
});

describe('inline mode', () => {
  it('offers results; the chosen one appears in the chat and can be edited', async () => {
    const reply_markup = {
      inline_keyboard: [[{ text: 'Open', url: `https://t.me/${telegram.botInfo.username}?start=12` }]],
    };
    const result = {
      type: 'article',
      id: '12',
      title: 'Naruto',
      input_message_content: { message_text: '<b>N</b>', parse_mode: 'HTML' },
      reply_markup,
    };
    telegram.connect(async (update) => {
      const query = update.inline_query;
      if (query)
        await call(telegram, 'answerInlineQuery', {
          inline_query_id: query.id,
          results: [result],
          cache_time: 5,
        });
    });
    const group = telegram.group({ members: [viewer], bot: 'none' });
    const offer = await viewer.inline('naruto');
    expect(offer).toMatchObject({ cacheTime: 5, results: [{ title: 'Naruto' }] });
    telegram.connect(undefined);
    const chosen = await viewer.chooseInline(offer?.results[0] ?? {}, 'naruto', group);
    expect(chosen).toMatchObject({ html: '<b>N</b>', isViaBot: true, keyboard: [[{ text: 'Open' }]] });
    const inline_message_id = telegram.takeUpdates().at(-1)?.chosen_inline_result?.inline_message_id;
    expect(await call(telegram, 'editMessageText', { inline_message_id, text: 'new' })).toMatchObject({
      result: true,
    });
    expect(group.lastMessage().text).toBe('new');
  });
});

describe('groups and channels', () => {
  it('privacy mode keeps chatter from the bot', async () => {
    const group = telegram.group({ members: [viewer] });
    const fromBot = messageId(await call(telegram, 'sendMessage', { chat_id: group.id, text: 'hello' }));
    await viewer.send('12', { in: group });
    await viewer.send('/start@other_bot', { in: group });
    await viewer.send(`/start@${telegram.botInfo.username}`, { in: group });
    await viewer.send('/help', { in: group });
    await viewer.send('thanks', { in: group, replyTo: { chatId: group.id, id: fromBot } });
    const heard = telegram.takeUpdates().map(({ message }) => message?.text);
    expect(heard).toEqual([`/start@${telegram.botInfo.username}`, '/help', 'thanks']);
    await group.promoteBot();
    telegram.takeUpdates();
    await viewer.send('12', { in: group });
    expect(telegram.takeUpdates()).toHaveLength(1);
  });

  it('numbers messages by chat in channels, and through all private chats', async () => {
    const other = telegram.person();
    const ids = [(await viewer.send('a')).id, (await other.send('b')).id, (await viewer.send('c')).id];
    expect(ids[1]).toBe((ids[0] ?? 0) + 1);
    expect(ids[2]).toBe((ids[1] ?? 0) + 1);
    expect((await telegram.channel().post('x')).id).toBe(1);
  });

  it.each([
    ['member', async (channel) => channel.join(viewer), 'member'],
    ['administrator', async (channel) => channel.promote(viewer), 'administrator'],
    ['restricted inside', async (channel) => channel.restrict(viewer, { isMember: true }), 'restricted'],
    ['gone', async (channel) => channel.leave(viewer), 'left'],
    ['banned', async (channel) => channel.kick(viewer), 'kicked'],
    ['never there', async () => {}, 'left'],
  ] satisfies [string, (channel: ReturnType<Telegram['channel']>) => Promise<unknown>, string][])(
    'getChatMember of one who is %s',
    async (_, act, status) => {
      const channel = telegram.channel();
      await act(channel);
      const answer = await call(telegram, 'getChatMember', { chat_id: channel.id, user_id: viewer.id });
      expect(answer).toMatchObject({ result: { status, user: { id: 7 } } });
    },
  );

  it('a request to join is told', async () => {
    const channel = telegram.channel({ joinRequests: true });
    expect(await channel.join(viewer)).toBe('requested');
    expect(telegram.takeUpdates()).toMatchObject([
      { chat_join_request: { chat: { id: channel.id }, from: { id: 7 }, user_chat_id: 7 } },
    ]);
    const member = { chat_id: channel.id, user_id: viewer.id };
    expect(await call(telegram, 'getChatMember', member)).toMatchObject({ result: { status: 'left' } });
  });

  it('a request to join is not told to a bot that may not invite', async () => {
    await telegram.channel({ joinRequests: true, rights: { can_invite_users: false } }).join(viewer);
    await telegram.channel({ joinRequests: true, bot: 'none' }).join(viewer);
    expect(telegram.takeUpdates()).toEqual([]);
  });

  it('a bot that is added, promoted, demoted and removed is told by whom', async () => {
    const channel = telegram.channel({ bot: 'none' });
    await channel.promoteBot({}, viewer);
    await channel.demoteBot(viewer);
    await channel.removeBot(viewer);
    const changes = telegram
      .takeUpdates()
      .map(({ my_chat_member: change }) => [change?.new_chat_member.status, change?.from.id]);
    expect(changes).toEqual([
      ['administrator', 7],
      ['left', 7],
      ['kicked', 7],
    ]);
  });

  it('an upgraded group names its successor', async () => {
    const group = telegram.group({ basic: true });
    const upgraded = await group.upgrade();
    expect(await call(telegram, 'sendMessage', { chat_id: group.id, text: 'x' })).toMatchObject({
      parameters: { migrate_to_chat_id: upgraded.id },
    });
    expect(await call(telegram, 'sendMessage', { chat_id: upgraded.id, text: 'x' })).toMatchObject({
      ok: true,
    });
  });

  it('shows the invite link to administrators', async () => {
    const open = telegram.channel({ username: 'ochiq' });
    const inviteLink = 'https://t.me/+yopiq';
    const closed = telegram.channel({ inviteLink });
    expect(await call(telegram, 'getChat', { chat_id: '@Ochiq' })).toMatchObject({
      result: { id: open.id, username: 'ochiq', type: 'channel' },
    });
    expect(await call(telegram, 'getChat', { chat_id: closed.id })).toMatchObject({
      result: { invite_link: inviteLink },
    });
    const stranger = telegram.group({ inviteLink, bot: 'member' });
    expect((await call(telegram, 'getChat', { chat_id: stranger.id })).result).not.toHaveProperty(
      'invite_link',
    );
  });
});

describe('what Telegram takes', () => {
  it.each([
    ['4096 units after parsing', { text: `<b>${'a'.repeat(4095)}</b>&lt;`, parse_mode: 'HTML' }],
    [
      'data of 64 bytes',
      { reply_markup: { inline_keyboard: [[{ text: 'a', callback_data: 'ж'.repeat(32) }]] } },
    ],
    [
      '100 buttons',
      {
        reply_markup: {
          inline_keyboard: Array.from({ length: 100 }, () => [{ text: 'a', callback_data: 'a' }]),
        },
      },
    ],
    ['no button at all', { reply_markup: { inline_keyboard: [] } }],
    [
      'a reply that may be missing',
      { reply_parameters: { message_id: 999, allow_sending_without_reply: true } },
    ],
    [
      'silence, protection, no preview',
      { disable_notification: true, protect_content: true, link_preview_options: { is_disabled: true } },
    ],
    ...[
      'https://t.me/kanal',
      't.me/+AbC',
      'tg://user?id=7',
      'http://example.com:8080/a?b#c',
      'https://пример.рф',
      'https://1.2.3.4/',
    ].map((url): [string, object] => [
      `the link ${url}`,
      { reply_markup: { inline_keyboard: [[{ text: 'a', url }]] } },
    ]),
  ])('%s', async (_, params) => {
    expect(await call(telegram, 'sendMessage', { chat_id: viewer.id, text: 'x', ...params })).toMatchObject({
      ok: true,
    });
  });

  it('white space around a text goes, and formatting stays in place', async () => {
    await send({ text: '\n  a <b>bold</b> word \n', parse_mode: 'HTML' });
    expect(viewer.lastMessage()).toMatchObject({
      html: 'a <b>bold</b> word',
      entities: [{ type: 'bold', offset: 2, length: 4 }],
    });
  });

  it('an edit without a keyboard takes the keyboard away', async () => {
    const message_id = await send({
      reply_markup: { inline_keyboard: [[{ text: 'a', callback_data: 'a' }]] },
    });
    await call(telegram, 'editMessageText', { chat_id: viewer.id, message_id, text: 'y' });
    expect(viewer.lastMessage().keyboard).toEqual([]);
  });

  it('a copy leaves the keyboard behind, unless one is given', async () => {
    const from = { chat_id: viewer.id, from_chat_id: viewer.id };
    const reply_markup = { inline_keyboard: [[{ text: 'a', callback_data: 'a' }]] };
    const message_id = await send({ reply_markup });
    await call(telegram, 'copyMessage', { ...from, message_id });
    expect(viewer.lastMessage()).toMatchObject({ text: 'x', keyboard: [] });
    await call(telegram, 'copyMessage', { ...from, message_id, reply_markup });
    expect(viewer.lastMessage().keyboard).toHaveLength(1);
  });

  it('deletes up to 100 messages, passing over what is gone', async () => {
    const ids = [await send({}), 999_999, await send({})];
    expect(await call(telegram, 'deleteMessages', { chat_id: viewer.id, message_ids: ids })).toMatchObject({
      result: true,
    });
    expect(viewer.messages()).toHaveLength(1);
  });
});
