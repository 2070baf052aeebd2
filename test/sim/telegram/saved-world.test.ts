/** A kept world: all that people, chats and the bot could see returns, no number comes twice. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Update } from 'grammy/types';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openWorldFile } from '../../../sim/offline/world-file.ts';
import { startTelegram } from '../../../sim/telegram/start-telegram.ts';
import type { Telegram } from '../../../sim/telegram/telegram.ts';

let directory: string;
const open: Telegram[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'anime-world-'));
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((telegram) => telegram.close()));
  rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
});

async function life(): Promise<Telegram> {
  const keeper = openWorldFile(join(directory, 'world.json'), join(directory, 'files'));
  const telegram = await startTelegram({ keeper });
  open.push(telegram);
  return telegram;
}

async function call(telegram: Telegram, method: string, params: Record<string, unknown>): Promise<unknown> {
  const response = await fetch(`${telegram.apiRoot}/bot${telegram.token}/${method}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(params),
  });
  return response.json();
}

test('people, chats, members, messages, files, the menu and pending updates come back', async () => {
  const first = await life();
  const ali = first.person({ id: 7, firstName: 'Ali', username: 'ali', languageCode: 'uz' });
  const channel = first.channel({ title: 'Kanal', username: 'kanal', members: [ali] });
  const closed = first.group({ title: 'Guruh', joinRequests: true });
  await ali.start('12');
  await ali.send({ photo: { bytes: new Uint8Array([1, 2, 3]) }, caption: 'rasm' });
  await channel.kick(first.person({ id: 8, firstName: 'Vali' }));
  await closed.join(ali);
  await call(first, 'setMyCommands', { commands: [{ command: 'start', description: 'Boshlash' }] });
  await call(first, 'sendMessage', {
    chat_id: 7,
    text: '<b>salom</b>',
    parse_mode: 'HTML',
    reply_markup: { inline_keyboard: [[{ text: 'Bos', callback_data: 'x' }]] },
  });
  await call(first, 'sendPhoto', { chat_id: 7, photo: ali.messages()[1]?.file?.fileId ?? '', caption: 'c' });
  const seen = [ali.messages(), channel.messages(), closed.messages()];
  const state = [...channel.state.members];
  const pending = first.pending;
  await first.close();

  const second = await life();
  const [again] = second.people;
  expect(second.people.map(({ id }) => id)).toEqual([7, 8]);
  expect(second.rooms.map(({ title, link }) => [title, link])).toEqual(
    [channel, closed].map(({ title, link }) => [title, link]),
  );
  expect([again, ...second.rooms].map((place) => place?.messages())).toEqual(seen);
  expect([...second.room(channel.id).state.members]).toEqual(state);
  expect([...second.room(closed.id).state.pendingJoins]).toEqual([7]);
  expect(again?.commands()).toEqual([{ command: 'start', description: 'Boshlash' }]);
  expect(second.pending).toBe(pending);
  expect(second.file(again?.messages()[1]?.file?.uniqueId ?? '')?.bytes).toEqual(new Uint8Array([1, 2, 3]));
});

test('the kinds of updates that the bot asked for are asked for still', async () => {
  const first = await life();
  await call(first, 'getUpdates', { allowed_updates: ['chat_member'], timeout: 0 });
  const ali = first.person({ id: 7 });
  const channel = first.channel();
  await first.close();
  const second = await life();
  const again = second.people.find(({ id }) => id === ali.id);
  if (again === undefined) throw new Error('nobody came back');
  await second.room(channel.id).join(again);
  expect(second.pending).toBe(1);
});

test('ids go on: of updates, messages, files and whatever has a number', async () => {
  const numbers = async (telegram: Telegram): Promise<(string | number)[]> => {
    const updates: Update[] = [];
    telegram.connect(async (update) => void updates.push(update));
    const ali = telegram.people[0] ?? telegram.person({ id: 7 });
    const sent = await ali.send({ video: true });
    const room = telegram.group();
    return [...updates.map(({ update_id: id }) => id), sent.id, sent.file?.uniqueId ?? '', room.id];
  };
  const before = await numbers(await life());
  await open[0]?.close();
  const after = await numbers(await life());
  expect(after).toHaveLength(before.length);
  for (const [i, number] of after.entries()) expect(number).not.toBe(before[i]);
});

test('what a call changed is on disk before it is answered', async () => {
  const first = await life();
  const ali = first.person({ id: 7 });
  await ali.start();
  await call(first, 'sendMessage', { chat_id: 7, text: 'bor' });
  // Nothing is closed: as if the process were killed here.
  const killed = openWorldFile(join(directory, 'world.json'), join(directory, 'files')).saved;
  expect(JSON.stringify(killed)).toContain('"bor"');
  expect(readdirSync(directory).filter((name) => name.endsWith('.new'))).toEqual([]);
});

test('calls at the same time are all kept', async () => {
  const first = await life();
  await first.person({ id: 7 }).start();
  await Promise.all(
    Array.from({ length: 50 }, (_, i) => call(first, 'sendMessage', { chat_id: 7, text: `matn ${i}` })),
  );
  const killed = JSON.stringify(openWorldFile(join(directory, 'world.json'), join(directory, 'files')).saved);
  for (let i = 0; i < 50; i += 1) expect(killed).toContain(`"matn ${i}"`);
});
