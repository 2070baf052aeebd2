import type { Message } from 'grammy/types';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Person } from '../../../sim/telegram/person.ts';
import type { Room } from '../../../sim/telegram/room.ts';
import { startTelegram } from '../../../sim/telegram/start-telegram.ts';
import type { Telegram } from '../../../sim/telegram/telegram.ts';
import { call } from './call.ts';

let first: Telegram;
let second: Telegram;
let channel: Room;
let admin: Person;
let now: number;

beforeEach(async () => {
  now = Date.UTC(2026, 10, 28);
  first = await startTelegram({ clock: () => new Date(now) });
  channel = first.channel({ title: 'Archive' });
  admin = first.person({ id: 5, firstName: 'Ali' });
  second = await startTelegram({
    beside: first,
    token: '7000000002:AASecond',
    botUsername: 'second_bot',
    limits: true,
  });
});

afterEach(async () => {
  await Promise.all([first.close(), second.close()]);
});

/** A video that the first bot got and put into the channel. */
async function archived(): Promise<{ fileId: string; uniqueId: string; messageId: number }> {
  const sent = await admin.send({ video: 'part-1.mkv' });
  const { file_id: fileId, file_unique_id: uniqueId } = sent.raw.video ?? { file_id: '', file_unique_id: '' };
  const { result } = await call(first, 'sendVideo', { chat_id: channel.id, video: fileId });
  return { fileId, uniqueId, messageId: (result as Message).message_id };
}

it('every bot has file ids of its own, and the unique id is the same for all', async () => {
  const { fileId, uniqueId } = await archived();
  const again = await second.person({ id: 5 }).send({ video: { uniqueId } });
  expect(again.raw.video).toMatchObject({ file_unique_id: uniqueId });
  expect(again.raw.video?.file_id).not.toBe(fileId);
  expect(await call(second, 'sendVideo', { chat_id: 5, video: again.raw.video?.file_id })).toMatchObject({
    ok: true,
  });
  expect(await call(second, 'sendVideo', { chat_id: 5, video: fileId })).toMatchObject({
    ok: false,
    description: 'Bad Request: wrong file identifier/HTTP URL specified',
  });
  expect(await call(second, 'getFile', { file_id: fileId })).toMatchObject({
    description: 'Bad Request: wrong file_id or the file is temporarily unavailable',
  });
});

it('a forward gives the other bot its own file id, a copy gives a message id only', async () => {
  const { uniqueId, fileId, messageId } = await archived();
  await second.room(channel.id).promoteBot();
  await second.person({ id: 5 }).start();
  const place = { from_chat_id: channel.id, message_id: messageId };
  const copied = await call(second, 'copyMessage', { chat_id: 5, ...place, caption: 'one' });
  expect(Object.keys(copied.result as object)).toEqual(['message_id']);
  const forwarded = (await call(second, 'forwardMessage', { chat_id: channel.id, ...place }))
    .result as Message;
  expect(forwarded.video).toMatchObject({ file_unique_id: uniqueId });
  expect(forwarded.video?.file_id).not.toBe(fileId);
  expect(
    await call(second, 'deleteMessages', { chat_id: channel.id, message_ids: [forwarded.message_id] }),
  ).toMatchObject({ ok: true });
  expect(second.person({ id: 5 }).lastMessage()).toMatchObject({ kind: 'video', text: 'one' });
  // The first bot's chat with the same person has none of it.
  expect(admin.messages().filter(({ isFromBot }) => isFromBot)).toEqual([]);
});

it('refuses what Telegram refuses: strangers to the channel, missing rights, missing messages', async () => {
  const { messageId } = await archived();
  await second.person({ id: 5 }).start();
  const copy = (message_id: number) =>
    call(second, 'copyMessage', { chat_id: 5, from_chat_id: channel.id, message_id });
  expect(await copy(messageId)).toMatchObject({ description: 'Bad Request: chat not found' });
  await second.room(channel.id).promoteBot({ can_post_messages: false, can_delete_messages: false });
  expect(await copy(messageId)).toMatchObject({ ok: true });
  expect(await copy(999)).toMatchObject({ description: 'Bad Request: message to copy not found' });
  const inChannel = (method: string, more: Record<string, unknown>) =>
    call(second, method, { chat_id: channel.id, ...more });
  expect(await inChannel('forwardMessage', { from_chat_id: channel.id, message_id: 999 })).toMatchObject({
    description: 'Bad Request: message to forward not found',
  });
  expect(
    await inChannel('forwardMessage', { from_chat_id: channel.id, message_id: messageId }),
  ).toMatchObject({ description: 'Bad Request: need administrator rights in the channel chat' });
  expect(await inChannel('deleteMessage', { message_id: messageId })).toMatchObject({
    description: "Bad Request: message can't be deleted",
  });
  // A stranger to the new bot, though the old one knew this person.
  first.person({ id: 6 });
  await first.person({ id: 7 }).start();
  expect(await call(second, 'sendMessage', { chat_id: 7, text: 'hi' })).toMatchObject({
    description: 'Bad Request: chat not found',
  });
});

it('may edit posts of another bot with the right to, in a channel only', async () => {
  const { messageId } = await archived();
  await second.room(channel.id).promoteBot();
  const keyboard = { inline_keyboard: [[{ text: 'Watch', url: 'https://t.me/second_bot?start=1' }]] };
  const edit = () =>
    call(second, 'editMessageReplyMarkup', {
      chat_id: channel.id,
      message_id: messageId,
      reply_markup: keyboard,
    });
  expect(await edit()).toMatchObject({ ok: true });
  const group = first.group();
  const post = (await call(first, 'sendMessage', { chat_id: group.id, text: 'card' })).result as Message;
  await second.room(group.id).promoteBot();
  expect(
    await call(second, 'editMessageText', { chat_id: group.id, message_id: post.message_id, text: 'other' }),
  ).toMatchObject({ description: "Bad Request: message can't be edited" });
});

it('limits are each bot’s own: 20 messages a minute to a channel, copies and forwards too', async () => {
  const { messageId } = await archived();
  await second.room(channel.id).promoteBot();
  const forward = () =>
    call(second, 'forwardMessage', { chat_id: channel.id, from_chat_id: channel.id, message_id: messageId });
  for (let i = 0; i < 20; i += 1) {
    expect(await forward()).toMatchObject({ ok: true });
    now += 1_500;
  }
  expect(await forward()).toMatchObject({ error_code: 429, parameters: { retry_after: 30 } });
  expect(await call(first, 'sendMessage', { chat_id: channel.id, text: 'free' })).toMatchObject({ ok: true });
});

it('a banned bot’s token opens nothing; a renewed one is the same bot', async () => {
  const { fileId } = await archived();
  const old = first.token;
  first.renewToken();
  expect((await fetch(`${first.apiRoot}/bot${old}/getMe`)).status).toBe(401);
  expect(await call(first, 'sendVideo', { chat_id: channel.id, video: fileId })).toMatchObject({ ok: true });
  first.ban();
  expect(await call(first, 'getMe')).toMatchObject({ error_code: 401, description: 'Unauthorized' });
  await admin.send('hello?');
  expect(first.pending).toBe(0);
  expect(await call(second, 'getMe')).toMatchObject({ ok: true });
});

it('both bots hear what happens in a channel, each of its own standing', async () => {
  await second.room(channel.id).promoteBot();
  first.takeUpdates();
  second.takeUpdates();
  await channel.post('news');
  await call(first, 'sendMessage', { chat_id: channel.id, text: 'of the first' });
  expect(first.takeUpdates().map((update) => update.channel_post?.text)).toEqual(['news']);
  expect(second.takeUpdates().map((update) => update.channel_post?.text)).toEqual(['news', 'of the first']);
});
