/** What Telegram refuses is told by what was attempted: its words for it are many, and change. */
import { describe, expect, test } from 'vitest';
import { sql } from '../../src/db/database.ts';
import { ownerNoticesJob } from '../../src/jobs/send-owner-notices.ts';
import { ADMIN_ID, type TestBot } from '../support/bot.ts';
import { addAnime, addChannel, buttons, press, run, start, values } from './support.ts';

/** Words of telegram-bot-api and of the servers behind it; the last ones nobody has seen yet. */
const FILE_WORDS = [
  'wrong type of the web page content',
  'IMAGE_PROCESS_FAILED',
  'MEDIA_EMPTY',
  'FILE_REFERENCE_EXPIRED',
  'FILE_REFERENCE_0_INVALID',
  'wrong file identifier/HTTP URL specified',
  'STORAGE_MOVED_AWAY',
  'что-то новое',
];

const photoOf = (bot: TestBot): Promise<string[]> => values(bot, 'SELECT photo_id AS v FROM anime');
const partOf = (bot: TestBot): Promise<string[]> => values(bot, 'SELECT file_id AS v FROM anime_parts');

describe('a file that is refused, whatever the words', () => {
  test.each(FILE_WORDS)('%s: the card opens without its photo, new and as an edit', async (words) => {
    const bot = await start();
    const admin = bot.telegram.person({ id: ADMIN_ID });
    await admin.start();
    await addAnime(bot, { code: 12, title: 'Naruto', photo: true, parts: 1 });
    bot.telegram.spoilFile((await photoOf(bot))[0] ?? '', words);
    const viewer = bot.telegram.person();
    await viewer.send('12');
    const card = viewer.lastMessage();
    expect(card).toMatchObject({ kind: 'text', text: expect.stringContaining('Kod: 12') });
    await press(viewer, card, 'ko‘rish');
    expect(viewer.lastMessage().text).toContain('Naruto');
    expect(bot.log.filter(({ outcome }) => outcome === 'poison')).toEqual([]);
    expect(bot.log).toContainEqual(
      expect.objectContaining({ event: 'file refused', error: expect.stringContaining(words) }),
    );
    await run(bot, ownerNoticesJob);
    expect(admin.lastMessage().text).toContain('saqlangan faylni qabul qilmadi');
    const [detail = ''] = await values(bot, "SELECT detail AS v FROM admin_notices WHERE key = 'file'");
    expect(detail).toContain(words);
  });

  test.each(FILE_WORDS)('%s: a part that cannot be sent is told to its viewer', async (words) => {
    const bot = await start();
    await addAnime(bot, { code: 12, title: 'Naruto', parts: [1] });
    bot.telegram.spoilFile((await partOf(bot))[0] ?? '', words);
    const viewer = bot.telegram.person();
    await viewer.start('12_1');
    expect(viewer.lastMessage().text).toContain('ochib bo‘lmadi');
    expect(await values(bot, 'SELECT COUNT(*) AS v FROM user_history')).toEqual(['0']);
  });

  test('a group that takes no photos gets the text, one that takes nothing is left alone', async () => {
    const bot = await start();
    await addAnime(bot, { code: 12, title: 'Naruto', photo: true });
    const group = bot.telegram.group();
    const viewer = bot.telegram.person();
    await group.join(viewer);
    const ask = `/start@${bot.telegram.botInfo.username} 12`;
    group.close('photos');
    await viewer.send(ask, { in: group });
    expect(viewer.lastMessage(group)).toMatchObject({
      kind: 'text',
      text: expect.stringContaining('Naruto'),
    });
    for (const closure of ['topic', 'writing'] as const) {
      group.close(closure);
      await viewer.send(ask, { in: group });
    }
    expect(bot.log.filter(({ outcome }) => outcome === 'poison')).toEqual([]);
  });
});

test.each([
  'message to edit not found',
  'MESSAGE_ID_INVALID',
  'MESSAGE_AUTHOR_REQUIRED',
  'MESSAGE_EDIT_TIME_EXPIRED',
])('an edit refused with %s becomes a new message', async (words) => {
  const bot = await start();
  await addAnime(bot, { code: 12, title: 'Naruto', parts: 2 });
  const viewer = bot.telegram.person();
  await viewer.send('12');
  const card = viewer.lastMessage();
  bot.telegram.script({
    method: ['editMessageText', 'editMessageMedia', 'editMessageCaption'],
    times: Number.POSITIVE_INFINITY,
    fault: { kind: 'error', status: 400, description: `Bad Request: ${words}` },
  });
  await press(viewer, card, 'ko‘rish');
  expect(viewer.lastMessage().id).not.toBe(card.id);
  expect(buttons(viewer.lastMessage())).toContain('1');
});

describe('a membership that cannot be looked up', () => {
  async function club() {
    const bot = await start();
    const admin = bot.telegram.person({ id: ADMIN_ID });
    await admin.start();
    const group = bot.telegram.group({ title: 'Muhokama' });
    await group.promoteBot();
    await addChannel(bot, group, { inviteLink: 'https://t.me/+AbCdEf123' });
    await addAnime(bot, { code: 12, title: 'Naruto' });
    const viewer = bot.telegram.person();
    return { bot, admin, group, viewer };
  }
  const state = (bot: TestBot) => values(bot, 'SELECT check_state AS v FROM mandatory_channels');
  const refuse = (bot: TestBot, userId: number, status: number, description: string) =>
    bot.telegram.script({
      method: 'getChatMember',
      when: (params) => Number(params['user_id']) === userId,
      times: Number.POSITIVE_INFINITY,
      fault: status === 429 ? { kind: 'flood', retryAfter: 60 } : { kind: 'error', status, description },
    });

  test('hidden member list, no rights: members pass, the owners are told once, nobody is "outside"', async () => {
    const { bot, admin, group, viewer } = await club();
    await group.join(viewer);
    group.close('members');
    await viewer.send('12');
    expect(viewer.lastMessage().text).toContain('Kod: 12');
    await group.demoteBot();
    bot.advance(11 * 60_000);
    const told = admin.messages().length;
    for (const someone of [viewer, bot.telegram.person()]) {
      await someone.send('12');
      expect(someone.lastMessage().text).toContain('Kod: 12');
      await run(bot, ownerNoticesJob);
    }
    expect(admin.messages()).toHaveLength(told + 1);
    expect(admin.lastMessage().text).toContain('Muhokama');
    expect(await state(bot)).toEqual(['broken']);
  });

  test('where the bot is an administrator, "no such participant" is somebody outside', async () => {
    const { bot, viewer } = await club();
    refuse(bot, viewer.id, 400, 'Bad Request: PARTICIPANT_ID_INVALID');
    await viewer.send('12');
    expect(viewer.lastMessage().text).toContain('obuna bo‘ling');
    expect(await state(bot)).not.toEqual(['broken']);
  });

  test.each([
    [400, 'Bad Request: USER_ID_INVALID'],
    [400, 'Bad Request: user not found'],
    [400, 'Bad Request: invalid user_id specified'],
    [429, 'Too Many Requests: retry after 60'],
  ])('%i %s: this one passes, the channel goes on guarding', async (status, description) => {
    const { bot, viewer } = await club();
    const script = refuse(bot, viewer.id, status, description);
    await viewer.send('12');
    expect(viewer.lastMessage().text).toContain('Kod: 12');
    expect(await state(bot)).not.toEqual(['broken']);
    expect(await values(bot, 'SELECT COUNT(*) AS v FROM admin_notices')).toEqual(['0']);
    expect(bot.log).toContainEqual(
      expect.objectContaining({ event: 'channel not checked', error: description }),
    );
    const outsider = bot.telegram.person();
    await outsider.send('12');
    expect(outsider.lastMessage().text).toContain('obuna bo‘ling');
    script.remove();
    await viewer.send('12');
    expect(viewer.lastMessage().text).toContain('obuna bo‘ling');
  });

  test('a button the gate may not show lets people pass, whatever the words', async () => {
    const { bot, viewer } = await club();
    bot.telegram.script({
      method: 'sendMessage',
      fault: { kind: 'error', status: 400, description: 'Bad Request: SOMETHING_NEW' },
    });
    await viewer.send('12');
    expect(viewer.lastMessage().text).toContain('Kod: 12');
    await bot.db.write([sql('DELETE FROM mandatory_channels')]);
  });
});
