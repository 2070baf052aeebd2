import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Person, startTelegram } from '../../../sim/telegram/start-telegram.ts';
import type { Telegram } from '../../../sim/telegram/telegram.ts';
import { call, manualClock } from './call.ts';

const clock = manualClock();
let telegram: Telegram;
let viewer: Person;
let root: string;

beforeEach(async () => {
  telegram = await startTelegram({ clock: clock.now, limits: true });
  viewer = telegram.person();
  await viewer.start();
  root = `${telegram.apiRoot}/bot${telegram.token}`;
});
afterEach(async () => {
  await telegram.close();
});

describe('requests', () => {
  it('takes parameters from the query string, a form, multipart and JSON', async () => {
    const form = new FormData();
    form.set('chat_id', String(viewer.id));
    form.set('text', 'multipart');
    await fetch(`${root}/sendMessage?chat_id=${viewer.id}&text=query`);
    await fetch(`${root}/sendMessage`, {
      method: 'POST',
      body: new URLSearchParams({ chat_id: String(viewer.id), text: 'form' }),
    });
    await fetch(`${root}/sendMessage`, { method: 'POST', body: form });
    await call(telegram, 'SENDMESSAGE', { chat_id: String(viewer.id), text: 'json' });
    expect(
      viewer
        .messages()
        .slice(1)
        .map(({ text }) => text),
    ).toEqual(['query', 'form', 'multipart', 'json']);
  });

  it('takes an upload under the name of its field', async () => {
    const form = new FormData();
    form.set('chat_id', String(viewer.id));
    form.set('document', new File(['hello'], 'a.txt', { type: 'text/plain' }));
    await fetch(`${root}/sendDocument`, { method: 'POST', body: form });
    expect(viewer.lastMessage().document).toMatchObject({ name: 'a.txt', mime: 'text/plain', size: 5 });
  });

  it.each([
    [
      'no image',
      'Bad Request: IMAGE_PROCESS_FAILED',
      Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'),
    ],
    ['a long strip', 'Bad Request: PHOTO_INVALID_DIMENSIONS', png(4000, 100)],
    ['an empty file', 'Bad Request: file must be non-empty', Buffer.alloc(0)],
    ['11 MB', /too big for a photo/, Buffer.concat([png(100, 100), Buffer.alloc(11 * 1024 * 1024)])],
  ])('refuses a photo that is %s', async (_, description, bytes) => {
    const form = new FormData();
    form.set('chat_id', String(viewer.id));
    form.set('photo', new File([bytes], 'a.png'));
    const response = await fetch(`${root}/sendPhoto`, { method: 'POST', body: form });
    expect(await response.json()).toMatchObject({
      error_code: 400,
      description: typeof description === 'string' ? description : expect.stringMatching(description),
    });
  });

  it('takes a PNG and knows its size', async () => {
    const form = new FormData();
    form.set('chat_id', String(viewer.id));
    form.set('photo', new File([png(640, 360)], 'a.png'));
    const answer: unknown = await (await fetch(`${root}/sendPhoto`, { method: 'POST', body: form })).json();
    expect(answer).toMatchObject({ result: { photo: [{ width: 90 }, { width: 640, height: 360 }] } });
  });

  it('refuses more than 50 MB with 413', async () => {
    const form = new FormData();
    form.set('chat_id', String(viewer.id));
    form.set('document', new File([Buffer.alloc(50 * 1024 * 1024 + 1)], 'a.bin'));
    const response = await fetch(`${root}/sendDocument`, { method: 'POST', body: form });
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({ error_code: 413, description: 'Request Entity Too Large' });
  });

  it.each([
    ['a wrong token', '/bot1:wrong/getMe', 401, 'Unauthorized'],
    ['no method', '/', 404, 'Not Found'],
    ['a file that is not there', '/file/bot%TOKEN%/photos/file_9.jpg', 404, 'Not Found'],
    ['a file with a wrong token', '/file/bot1:wrong/photos/file_9.jpg', 401, 'Unauthorized'],
  ])('answers %s', async (_, path, status, description) => {
    const response = await fetch(`${telegram.apiRoot}${path.replace('%TOKEN%', telegram.token)}`);
    expect(response.status).toBe(status);
    expect(await response.json()).toEqual({ ok: false, error_code: status, description });
  });

  it('gives no download of a file over 20 MB', async () => {
    const size = 20 * 1024 * 1024;
    const [fits, large] = [Buffer.alloc(size), Buffer.alloc(size + 1)];
    const statuses: number[] = [];
    for (const bytes of [fits, large]) {
      const { raw } = await viewer.send({ document: { name: 'a.db', bytes } });
      const number = Number(/\d+/.exec(raw.document?.file_unique_id ?? '')?.[0]);
      const response = await fetch(
        `${telegram.apiRoot}/file/bot${telegram.token}/documents/file_${number}.db`,
      );
      await response.arrayBuffer();
      statuses.push(response.status);
    }
    expect(statuses).toEqual([200, 404]);
  });

  it('refuses a body that is no JSON', async () => {
    const response = await fetch(`${root}/getMe`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{',
    });
    expect(response.status).toBe(400);
  });
});

describe('faults', () => {
  const send = (): Promise<unknown> => call(telegram, 'sendMessage', { chat_id: viewer.id, text: 'x' });
  const seen = (): number => viewer.messages().filter(({ isFromBot }) => isFromBot).length;

  it('asks to wait, with the header and the parameter, as often as told', async () => {
    const script = telegram.script({
      method: 'sendMessage',
      times: 2,
      fault: { kind: 'flood', retryAfter: 7 },
    });
    const response = await fetch(`${root}/sendMessage?chat_id=${viewer.id}&text=x`);
    expect(response.headers.get('retry-after')).toBe('7');
    expect(await response.json()).toEqual({
      ok: false,
      error_code: 429,
      description: 'Too Many Requests: retry after 7',
      parameters: { retry_after: 7 },
    });
    expect(await send()).toMatchObject({ status: 429 });
    expect(await send()).toMatchObject({ ok: true });
    expect([script.hits, seen()]).toEqual([2, 1]);
  });

  it('hits only the calls it is meant for', async () => {
    const other = telegram.person();
    await other.start();
    telegram.script({
      method: ['sendMessage', 'copyMessage'],
      chat: viewer.id,
      after: 1,
      when: ({ text }) => text !== 'spare me',
      fault: { kind: 'error', status: 500, description: 'Internal Server Error' },
    });
    expect(await call(telegram, 'getMe')).toMatchObject({ ok: true });
    expect(await call(telegram, 'sendMessage', { chat_id: other.id, text: 'x' })).toMatchObject({ ok: true });
    expect(await call(telegram, 'sendMessage', { chat_id: viewer.id, text: 'spare me' })).toMatchObject({
      ok: true,
    });
    expect(await send()).toMatchObject({ ok: true });
    expect(await send()).toMatchObject({ status: 500, description: 'Internal Server Error' });
    expect(await send()).toMatchObject({ ok: true });
  });

  it('breaks the connection before or after the effect', async () => {
    telegram.script({ fault: { kind: 'drop' } });
    await expect(send()).rejects.toThrow('fetch failed');
    expect(seen()).toBe(0);
    telegram.script({ fault: { kind: 'lost' } });
    await expect(send()).rejects.toThrow('fetch failed');
    expect(seen()).toBe(1);
    expect(telegram.calls.map(({ status }) => status)).toEqual([0, 0]);
  });

  it('never answers until the caller gives up', async () => {
    telegram.script({ fault: { kind: 'timeout' } });
    const request = fetch(`${root}/sendMessage?chat_id=${viewer.id}&text=x`, {
      signal: AbortSignal.timeout(30),
    });
    await expect(request).rejects.toThrow(/abort|timeout/i);
    expect(seen()).toBe(0);
  });

  it('logs calls with parameters and answers', async () => {
    await call(telegram, 'sendMessage', {
      chat_id: viewer.id,
      text: '12',
      reply_markup: { inline_keyboard: [] },
    });
    await call(telegram, 'sendMessage', { chat_id: 1, text: 'x' });
    expect(telegram.callsOf('sendmessage')).toMatchObject([
      {
        method: 'sendMessage',
        status: 200,
        params: { chat_id: viewer.id, reply_markup: { inline_keyboard: [] } },
      },
      { status: 400, answer: 'Bad Request: chat not found' },
    ]);
    telegram.forgetCalls();
    expect(telegram.calls).toEqual([]);
  });
});

describe('flood limits', () => {
  const send = (chat_id: number): Promise<{ status: number; parameters?: { retry_after?: number } }> =>
    call(telegram, 'sendMessage', { chat_id, text: 'x' });

  it('lets one message a second go to a chat, with a short burst', async () => {
    for (let sent = 0; sent < 5; sent += 1) expect((await send(viewer.id)).status).toBe(200);
    const refused = await send(viewer.id);
    expect(refused).toMatchObject({ status: 429, parameters: { retry_after: 5 } });
    clock.advance(refused.parameters?.retry_after ?? 0);
    expect((await send(viewer.id)).status).toBe(200);
  });

  it('lets 30 a second go in all', async () => {
    const people = await Promise.all(
      Array.from({ length: 31 }, async () => {
        const person = telegram.person();
        await person.start();
        return person;
      }),
    );
    const statuses: number[] = [];
    for (const { id } of people) statuses.push((await send(id)).status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(30);
    expect(statuses.at(-1)).toBe(429);
  });

  it('takes all messages of copyMessages, or none', async () => {
    const ids: number[] = [];
    for (let sent = 0; sent < 4; sent += 1) {
      await send(viewer.id);
      ids.push(viewer.lastMessage().id);
    }
    const before = viewer.messages().length;
    const copied = await call(telegram, 'copyMessages', {
      chat_id: viewer.id,
      from_chat_id: viewer.id,
      message_ids: ids.slice(0, 2),
    });
    expect(copied.status).toBe(429);
    expect(viewer.messages()).toHaveLength(before);
  });

  it('lets 20 a minute go to a group', async () => {
    const group = telegram.group();
    const statuses: number[] = [];
    for (let sent = 0; sent < 21; sent += 1) {
      statuses.push((await send(group.id)).status);
      clock.advance(1);
    }
    expect(statuses.indexOf(429)).toBe(20);
  });
});

/** The head of a PNG of a size: all the stand-in looks at. */
function png(width: number, height: number): Buffer<ArrayBuffer> {
  const head = Buffer.alloc(32);
  head.write('\x89PNG\r\n\x1a\n', 'latin1');
  head.writeUInt32BE(width, 16);
  head.writeUInt32BE(height, 20);
  return head;
}
