/**
 * A Bot API server that is none: the token and people's data stay, and no answer fills the memory.
 */
import type { GrammyError } from 'grammy';
import { expect, test } from 'vitest';
import { createApi } from '../../src/bot/telegram.ts';
import { serveHere } from '../support/local-server.ts';

const TOKEN = '123456789:AAabcdefghijklmnopqrstuvwxyz0123456';
test.each([301, 302, 307, 308])('a redirect (%s) is not followed', async (status) => {
  const stolen: string[] = [];
  const thief = await serveHere((request, response) => {
    stolen.push(`${request.method} ${request.url}`);
    response.end('{"ok":true,"result":true}');
  });
  const apiRoot = await serveHere((request, response) => {
    request.resume();
    response.writeHead(status, { location: `${thief}/steal` }).end();
  });
  const api = createApi({ token: TOKEN, apiRoot });
  await expect(api.sendMessage(1, 'words')).rejects.toThrow(/sendMessage/);
  await expect(api.getMe()).rejects.toThrow(/getMe/);
  expect(stolen).toEqual([]);
});

test('an endless answer is cut off', async () => {
  let sent = 0;
  const piece = Buffer.alloc(1_000_000, ' ');
  const apiRoot = await serveHere((request, response) => {
    request.resume();
    const more = (): void => {
      while (!response.destroyed && sent < 1_000 && response.write(piece)) sent += 1;
      sent += 1;
    };
    response.on('drain', more);
    more();
  });
  await expect(createApi({ token: TOKEN, apiRoot, timeoutSeconds: 60 }).getMe()).rejects.toThrow(/getMe/);
  expect(sent).toBeLessThan(200);
});

test.each(['-5', '"soon"', '1e999', 'null'])('a wait of %s is none', async (wait) => {
  const warned: Error[] = [];
  const onWarning = (warning: Error): void => void warned.push(warning);
  process.on('warning', onWarning);
  const apiRoot = await serveHere((request, response) => {
    request.resume();
    response
      .writeHead(429, { 'content-type': 'application/json' })
      .end(`{"ok":false,"error_code":429,"description":"x","parameters":{"retry_after":${wait}}}`);
  });
  const failed = await createApi({ token: TOKEN, apiRoot })
    .getUpdates()
    .catch((error: unknown) => error);
  process.off('warning', onWarning);
  expect(failed).toMatchObject({ error_code: 429 });
  expect((failed as GrammyError).parameters).toEqual({});
  expect(warned).toEqual([]);
});
