/** The webhook's secret: every bit of it counts, and its comparison tells nothing by its time. */
import crypto, { createHash } from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { expect, test } from 'vitest';
import { createApp } from '../../src/http/app.ts';

const SECRET = 'webhook_secret_1';

function statusOf(secret: string): Promise<number> {
  const app = createApp({
    webhookSecret: SECRET,
    receive: async () => 'handled',
    health: () => Promise.reject(new Error('not asked')),
    download: async () => undefined,
  });
  const headers = { 'X-Telegram-Bot-Api-Secret-Token': secret };
  const body = '{"update_id":1}';
  return Promise.resolve(app.request('/webhook', { method: 'POST', headers, body })).then(
    ({ status }) => status,
  );
}

test('a secret whose hash agrees in any one byte is refused', async () => {
  expect(await statusOf(SECRET)).toBe(200);
  const hash = (text: string): Buffer => createHash('sha256').update(text).digest();
  const wanted = hash(SECRET);
  const agreeing = new Map<number, string>();
  for (let i = 0; agreeing.size < wanted.length; i += 1) {
    const candidate = `candidate_${i}`;
    for (const [at, byte] of hash(candidate).entries())
      if (byte === wanted[at] && !agreeing.has(at)) agreeing.set(at, candidate);
  }
  for (const [at, candidate] of agreeing) expect(await statusOf(candidate), `byte ${at}`).toBe(401);
});

test('right and wrong secrets of any length are compared by timingSafeEqual, over equal lengths', async () => {
  const real = crypto.timingSafeEqual;
  const compared: [number, number][] = [];
  crypto.timingSafeEqual = (a, b) => {
    compared.push([a.byteLength, b.byteLength]);
    return real(a, b);
  };
  syncBuiltinESMExports();
  try {
    for (const secret of [SECRET, '', 'x', 'webhook_secret_2', 'x'.repeat(300)]) await statusOf(secret);
  } finally {
    crypto.timingSafeEqual = real;
    syncBuiltinESMExports();
  }
  expect(compared).toEqual(Array.from({ length: 5 }, () => [260, 260]));
});
