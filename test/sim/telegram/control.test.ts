import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startTelegram } from '../../../sim/telegram/start-telegram.ts';
import type { Telegram } from '../../../sim/telegram/telegram.ts';
import { call } from './call.ts';

let telegram: Telegram;
beforeEach(async () => {
  telegram = await startTelegram();
});
afterEach(async () => {
  await telegram.close();
});

async function control(
  path: string,
  body?: object,
  headers: Record<string, string> = {},
): Promise<{ status: number; body: unknown }> {
  const isForm = body instanceof FormData;
  const response = await fetch(`${telegram.apiRoot}/control/${path}`, {
    ...(body ? { method: 'POST', body: isForm ? body : JSON.stringify(body) } : {}),
    headers: body && !isForm ? { 'content-type': 'application/json', ...headers } : headers,
  });
  return { status: response.status, body: await response.json() };
}

describe('the control API', () => {
  it('lets a person act and see, over HTTP alone', async () => {
    telegram.person({ id: 7, firstName: 'Ali' });
    await control('people/7/start', { payload: '12' });
    const reply_markup = { inline_keyboard: [[{ text: 'Next', callback_data: 'n' }]] };
    await call(telegram, 'sendMessage', { chat_id: 7, text: '<b>x</b>', parse_mode: 'HTML', reply_markup });
    const { body } = await control('chats/7/messages');
    expect(body).toMatchObject([
      { text: '/start 12', isFromBot: false },
      { html: '<b>x</b>', isFromBot: true, keyboard: [[{ text: 'Next', data: 'n' }]] },
    ]);
    expect((await control('people/7/press', { chatId: 7, id: 2, button: 'Next' })).body).toBeNull();
    expect(telegram.takeUpdates()).toMatchObject([
      { message: { text: '/start 12' } },
      { callback_query: { data: 'n' } },
    ]);
    expect((await control('state')).body).toMatchObject({ people: [{ id: 7 }], pending: 0, calls: 1 });
  });

  it('takes files, one or an album, and gives them back', async () => {
    telegram.person({ id: 7 });
    const form = new FormData();
    form.set('kind', 'document');
    form.set('caption', 'backup');
    form.append('file', new File(['{"a":1}'], 'old.json'));
    const sent = await control('people/7/send', form);
    expect(sent.body).toMatchObject({
      kind: 'document',
      caption: 'backup',
      file: { name: 'old.json', size: 7 },
    });
    const { file } = sent.body as { file: { href: string } };
    const response = await fetch(`${telegram.apiRoot}${file.href}`);
    expect(await response.text()).toBe('{"a":1}');
    expect(response.headers.get('content-disposition')).toContain('old.json');
    form.append('file', new File(['b'], 'b.mkv'));
    form.set('kind', 'video');
    expect((await control('people/7/send', form)).body).toMatchObject([{ kind: 'video' }, { kind: 'video' }]);
  });

  it('changes membership', async () => {
    telegram.person({ id: 7 });
    const room = telegram.channel({ title: 'Kanal' });
    const { id } = room;
    expect((await control(`rooms/${id}/join`, { person: 7 })).body).toEqual({ result: 'joined' });
    await room.post('news');
    await control('people/7/forward', { chatId: id, id: 1 });
    expect((await control('chats/7/messages')).body).toMatchObject([{ text: 'news' }]);
    await control(`rooms/${id}/remove-bot`, {});
    expect(await call(telegram, 'sendMessage', { chat_id: id, text: 'x' })).toMatchObject({ status: 403 });
  });

  it('lets an administrator of a chat, and nobody else there, add the bot and remove it', async () => {
    const [ali, vali] = [telegram.person({ id: 7 }), telegram.person({ id: 8 })];
    const room = telegram.channel({ title: 'Kanal', members: [ali, vali] });
    await room.promote(ali, { can_promote_members: true });
    telegram.takeUpdates();
    for (const path of ['remove-bot', 'promote-bot']) {
      expect(await control(`rooms/${room.id}/${path}`, { person: 8 })).toMatchObject({
        status: 400,
        body: { code: 'no-rights' },
      });
      expect((await control(`rooms/${room.id}/${path}`, { person: 7 })).status).toBe(200);
    }
    // As Telegram, it tells the bot who did it.
    expect(telegram.takeUpdates()).toMatchObject([
      { my_chat_member: { from: { id: 7 }, new_chat_member: { status: 'kicked' } } },
      { my_chat_member: { from: { id: 7 }, new_chat_member: { status: 'administrator' } } },
    ]);
  });

  it.each([
    ['an unknown person', 'people/99/start', 'there is no person 99'],
    ['an unknown room', 'rooms/-99/join', 'there is no group or channel -99'],
  ])('says what is wrong: %s', async (_, path, error) => {
    expect(await control(path, { text: 'x' })).toEqual({ status: 400, body: { error } });
  });

  it('turns pages of other origins away', async () => {
    const person = telegram.person({ id: 8 });
    const { status } = await control('people/8/start', {}, { origin: 'https://evil.example' });
    expect(status).toBe(403);
    expect(person.messages()).toEqual([]);
    expect((await control('people/8/start', {}, { origin: telegram.apiRoot })).status).toBe(200);
  });
});
