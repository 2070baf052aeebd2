/**
 * What no driver can bind is a fault of the program: another try would not mend it. And no answer
 * is read without end.
 */
import { expect, test } from 'vitest';
import { sql } from '../../src/db/database.ts';
import { openRemoteDatabase } from '../../src/db/remote-database.ts';

test('an object, a list, undefined and numbers that do not fit are refused before any driver sees them', () => {
  for (const wrong of [{}, [5], undefined, Number.POSITIVE_INFINITY, Number.NaN, 2n ** 63n])
    expect(() => sql('SELECT ?', wrong as never)).toThrow(TypeError);
  for (const right of [null, 1.5, -(2n ** 63n), '', true, new Uint8Array()])
    expect(sql('SELECT ?', right as never).args).toEqual([right]);
});

test.each([
  ['objects', '{},'],
  ['lists', '[],'],
  ['nested lists', '['],
])('an answer of nothing but %s is refused before it is parsed', async (_, one) => {
  const text = `{"results":[${one.repeat(6_000_000)}`;
  const db = openRemoteDatabase({
    url: 'http://server.invalid',
    authToken: undefined,
    fetch: async () => new Response(text, { headers: { 'content-length': String(text.length) } }),
  });
  await expect(db.read([])).rejects.toThrow(/an answer of more than 4000000 parts/);
});

test('an answer without end is given up', async () => {
  let sentBytes = 0;
  const chunk = new Uint8Array(1024 * 1024).fill(97);
  const endless = new ReadableStream<Uint8Array>({
    pull(controller) {
      sentBytes += chunk.byteLength;
      controller.enqueue(chunk);
    },
  });
  const db = openRemoteDatabase({
    url: 'http://server.invalid',
    authToken: undefined,
    fetch: async () => new Response(endless, { headers: { 'content-type': 'application/json' } }),
  });
  await expect(db.read([])).rejects.toThrow(/an answer of more than 67108864 bytes/);
  expect(sentBytes).toBeLessThan(80 * 1024 * 1024);
});

test.each([
  ['longer than it says, for it is packed', { 'content-length': '10', 'content-encoding': 'gzip' }],
  ['as long as it says', { 'content-length': String(70 * 1024 * 1024) }],
])('nor an answer that is %s', async (_, headers) => {
  const chunk = new Uint8Array(1024 * 1024).fill(0x20);
  let left = 70;
  const long = (): ReadableStream<Uint8Array> =>
    new ReadableStream({
      pull(controller) {
        left -= 1;
        if (left < 0) controller.close();
        else controller.enqueue(chunk);
      },
    });
  const db = openRemoteDatabase({
    url: 'http://server.invalid',
    authToken: undefined,
    fetch: async () => new Response(long(), { headers }),
  });
  await expect(db.read([])).rejects.toThrow(/an answer of more than 67108864 bytes/);
});
