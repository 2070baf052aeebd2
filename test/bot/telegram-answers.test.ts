/**
 * A Bot API server that is none: the token and people's data stay, and no answer fills the memory.
 */
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { createApi } from '../../src/bot/telegram.ts';

const TOKEN = '123456789:AAabcdefghijklmnopqrstuvwxyz0123456';
const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test.each([301, 302, 307, 308])('a redirect (%s) is not followed', async (status) => {
  const stolen: string[] = [];
  const thief = await serve((request, response) => {
    stolen.push(`${request.method} ${request.url}`);
    response.end('{"ok":true,"result":true}');
  });
  const apiRoot = await serve((request, response) => {
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
  const apiRoot = await serve((request, response) => {
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
