/** A bot that Telegram brings nothing is unwell and says so; one that nobody writes to is well. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GrammyError } from 'grammy';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Person } from '../../sim/telegram/start-telegram.ts';
import { type Hearing, PollHearing, setWebhook } from '../../src/bot/hearing.ts';
import { noticeAdmins } from '../../src/db/admin-notices.ts';
import { sql } from '../../src/db/database.ts';
import { createHost } from '../../src/hosts/host.ts';
import { ownerNoticesJob } from '../../src/jobs/send-owner-notices.ts';
import { hearingJob } from '../../src/jobs/watch-hearing.ts';
import { TOKEN_REFUSED } from '../../src/lib/token-refused.ts';
import { readConfig } from '../../src/settings/config.ts';
import { ADMIN_ID, startTestBot, type TestBot } from '../support/bot.ts';

const URL_OF_OURS = 'https://bot.example.org/webhook';
const SECRET = 'webhook_secret_1';
const MINUTE = 60_000;
let bot: TestBot;
let admin: Person;
let directory: string;
beforeEach(async () => {
  bot = await startTestBot();
  admin = bot.telegram.person({ id: ADMIN_ID });
  await admin.start();
  directory = mkdtempSync(join(tmpdir(), 'anime-hearing-'));
  await bot.services.backups.run({ trigger: 'command', scheduledAt: bot.now() });
});
afterEach(async () => {
  await bot.close();
  rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
});

/** Node knows its address, a Worker the one that was recorded. */
const node: Hearing = { webhook: { url: URL_OF_OURS, secret: SECRET }, trouble: () => undefined };
const worker: Hearing = { webhook: { secret: SECRET }, trouble: () => undefined };

async function look(hearing: Hearing): Promise<void> {
  await hearingJob.run({ ...bot.jobContext(), hearing });
  await ownerNoticesJob.run(bot.jobContext());
}

async function health(hearing: Hearing) {
  const { services } = bot;
  const { app } = createHost({
    ...services,
    config: readConfig({}, 'node'),
    hearing,
    webhookSecret: SECRET,
    sleep: async () => {},
    tickLimits: { seconds: 50, requests: 40 },
    after: () => {},
  });
  const response = await app.request('/healthz');
  const { updates } = (await response.json()) as { updates: { last_received: string; webhook: string } };
  return { status: response.status, ...updates };
}

const told = (): number => admin.messages().filter(({ text }) => text.includes('olmayapti')).length;
const webhookUrl = async (): Promise<string> => (await bot.services.api.getWebhookInfo()).url ?? '';
const script = (description: string) =>
  bot.telegram.script({
    method: 'setWebhook',
    times: Number.POSITIVE_INFINITY,
    fault: { kind: 'error', status: 400, description },
  });

describe('a webhook', () => {
  test('an idle bot is not deaf, however long nobody writes', async () => {
    await setWebhook(bot.services.api, URL_OF_OURS, SECRET);
    for (let i = 0; i < 3; i += 1) {
      bot.advance(24 * 60 * MINUTE);
      await look(node);
    }
    await bot.services.backups.run({ trigger: 'command', scheduledAt: bot.now() });
    expect(await health(node)).toEqual({ status: 200, last_received: '2026-11-22T10:00:00Z', webhook: 'ok' });
    expect(told()).toBe(0);
  });

  test('Telegram begins with lower numbers after a week without updates: the newest mark counts', async () => {
    await setWebhook(bot.services.api, URL_OF_OURS, SECRET);
    await bot.services.db.write([
      sql("INSERT INTO handled_updates VALUES (7, '2026-11-22 10:00:07'), (8, '2026-11-22 10:00:08')"),
      sql(`WITH RECURSIVE n(i) AS (SELECT 1000 UNION ALL SELECT i + 1 FROM n WHERE i < 1300)
           INSERT INTO handled_updates SELECT i, '2026-11-15 09:00:00' FROM n`),
      sql("INSERT INTO handled_updates VALUES (1000000000007, '2026-11-22 09:00:00'), (9, '9999-12-31')"),
    ]);
    bot.advance(MINUTE);
    expect(await health(node)).toMatchObject({ last_received: '2026-11-22T10:00:08Z' });
  });

  test('an update that the clock dated in the future says nothing of when it came', async () => {
    await setWebhook(bot.services.api, URL_OF_OURS, SECRET);
    await bot.services.db.write([sql("UPDATE handled_updates SET handled_at = '9999-12-31'")]);
    expect(await health(node)).toEqual({ status: 200, last_received: null, webhook: 'ok' });
    await bot.services.db.write([noticeAdmins('deaf', { kind: 'deaf', reason: 'x' }, bot.now())]);
    expect(await health(node)).toMatchObject({ last_received: null, webhook: 'failing' });
  });

  test.each([
    ['Node', node],
    ['Worker', worker],
  ])(
    'that somebody removed is set again, with its secret and kinds, and told once (%s)',
    async (_, hearing) => {
      await setWebhook(bot.services.api, URL_OF_OURS, SECRET);
      await look(hearing);
      for (let i = 0; i < 3; i += 1) {
        await bot.services.api.deleteWebhook();
        bot.telegram.forgetCalls();
        await look(hearing);
        expect(await webhookUrl()).toBe(URL_OF_OURS);
        const [call] = bot.telegram.callsOf('setWebhook');
        expect(call?.params).toMatchObject({ secret_token: SECRET });
        expect(JSON.stringify(call?.params['allowed_updates'])).toContain('chat_member');
      }
      expect(told()).toBe(1);
      expect((await health(hearing)).status).toBe(200);
    },
  );

  test.each([
    'Bad Request: bad webhook: An HTTPS URL must be provided for webhook',
    'Bad Request: bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443',
  ])('whose address is refused for good (%s): unhealthy, told once, well when it is taken', async (words) => {
    const refusal = script(words);
    await look(node);
    bot.advance(2 * MINUTE);
    await look(node);
    expect(await health(node)).toMatchObject({ status: 503, webhook: 'failing' });
    expect(told()).toBe(1);
    expect(admin.lastMessage().text).toContain(words);
    expect(bot.log).toContainEqual(
      expect.objectContaining({ level: 'error', event: 'updates cannot arrive', reason: words }),
    );
    refusal.remove();
    bot.advance(2 * MINUTE);
    await look(node);
    expect(await health(node)).toMatchObject({ status: 200, webhook: 'ok' });
  });

  test('the stand-in refuses plain http and other ports, as Telegram does', async () => {
    const { api } = bot.services;
    await expect(setWebhook(api, 'http://bot.example.org/webhook', SECRET)).rejects.toThrow('HTTPS URL');
    await expect(setWebhook(api, 'https://bot.example.org:8787/webhook', SECRET)).rejects.toThrow(
      'only on ports',
    );
    await setWebhook(api, 'https://bot.example.org:8443/webhook', SECRET);
  });

  test('that another address has taken is left to it: unhealthy and told, with the host alone', async () => {
    await setWebhook(bot.services.api, URL_OF_OURS, SECRET);
    await look(worker);
    await bot.services.api.setWebhook('https://thief.example.net/secret-path');
    await look(worker);
    expect(await health(worker)).toMatchObject({ status: 503, webhook: 'failing' });
    expect(await webhookUrl()).toContain('thief');
    expect(admin.lastMessage().text).toContain('thief.example.net');
    expect(admin.lastMessage().text).not.toContain('secret-path');
  });

  test('a Worker that never had one says how to get it', async () => {
    await look(worker);
    expect(admin.lastMessage().text).toContain('npm run deploy');
    expect(await webhookUrl()).toBe('');
  });

  test.each([
    ['Connection refused', 503],
    ['Wrong response from the webhook: 401 Unauthorized', 503],
    ['Wrong response from the webhook: 429 Too Many Requests', 200],
    ['Wrong response from the webhook: 503 Service Unavailable', 200],
  ])('that fails with "%s" while updates wait: %i', async (words, status) => {
    const info = (pending: number, error_message: string | undefined) =>
      bot.services.api.config.use(async (call, method, payload, signal) => {
        if (method !== 'getWebhookInfo') return call(method, payload, signal);
        const at = Math.floor(bot.now().getTime() / 1000);
        const error =
          error_message === undefined ? {} : { last_error_date: at, last_error_message: error_message };
        const result = {
          url: URL_OF_OURS,
          has_custom_certificate: false,
          pending_update_count: pending,
          ...error,
        };
        return { ok: true, result: result as never };
      });
    // Nothing waits: nothing is missed.
    info(0, words);
    bot.advance(MINUTE);
    await look(node);
    expect((await health(node)).status).toBe(200);
    info(3, words);
    await look(node);
    expect((await health(node)).status).toBe(status);
    // What arrives proves that it can.
    bot.advance(MINUTE);
    await admin.send('/start');
    expect((await health(node)).status).toBe(200);
  });

  test('a token that Telegram refuses is deafness, and logged once', async () => {
    const refused = { kind: 'error', status: 401, description: 'Unauthorized' } as const;
    bot.telegram.script({ method: 'getWebhookInfo', times: 2, fault: refused });
    await look(worker);
    await look(worker);
    expect(await health(worker)).toMatchObject({ status: 503, webhook: 'failing' });
    expect(bot.log.filter(({ level }) => level === 'error')).toEqual([
      expect.objectContaining({ reason: TOKEN_REFUSED }),
    ]);
    await setWebhook(bot.services.api, URL_OF_OURS, SECRET);
    await look(node);
    expect(await health(node)).toMatchObject({ status: 200 });
  });

  test('an unreachable Telegram is nobody’s deafness, and costs one request', async () => {
    bot.telegram.script({ method: 'getWebhookInfo', fault: { kind: 'drop' } });
    await expect(look(node)).rejects.toThrow();
    expect(await health(node)).toMatchObject({ webhook: 'ok' });
    await setWebhook(bot.services.api, URL_OF_OURS, SECRET);
    const cost = await bot.costOf(() => hearingJob.run({ ...bot.jobContext(), hearing: node }));
    expect(cost.calls).toBe(1);
  });
});

const unauthorized = (method: string) =>
  new GrammyError('x', { ok: false, error_code: 401, description: 'Unauthorized' }, method, {});

describe('polling', () => {
  const conflict = new GrammyError(
    'x',
    { ok: false, error_code: 409, description: 'Conflict: terminated by other getUpdates request' },
    'getUpdates',
    {},
  );

  test('unhealthy two minutes after the last answer, told, and well with the next one', async () => {
    const hearing = new PollHearing(bot.now());
    bot.advance(100_000);
    expect(await health(hearing)).toMatchObject({ status: 200, webhook: 'polling' });
    hearing.failed(new Error('connect ECONNREFUSED'));
    bot.advance(30_000);
    await look(hearing);
    expect(await health(hearing)).toMatchObject({ status: 503, webhook: 'failing' });
    expect(admin.lastMessage().text).toContain('ECONNREFUSED');
    hearing.answered(bot.now());
    expect(await health(hearing)).toMatchObject({ status: 200, webhook: 'polling' });
    await look(hearing);
    expect(told()).toBe(1);
  });

  test('a token that Telegram refuses is unhealthy at once, with a reason, until it is known again', async () => {
    const hearing = new PollHearing(bot.now());
    hearing.failed(unauthorized('getUpdates'));
    expect(await health(hearing)).toMatchObject({ status: 503, webhook: 'failing', reason: TOKEN_REFUSED });
    await look(hearing);
    expect(admin.lastMessage().text).toContain('bot tokeni noto‘g‘ri');
    hearing.answered(bot.now());
    expect(await health(hearing)).toMatchObject({ status: 200, webhook: 'polling' });
  });

  test('another program with the token is told once; a restart that overlaps is not', async () => {
    const hearing = new PollHearing(bot.now());
    // One now and then, however often.
    for (let i = 0; i < 4; i += 1) {
      hearing.failed(conflict);
      await look(hearing);
    }
    expect(told()).toBe(0);
    for (let i = 0; i < 8; i += 1) {
      hearing.failed(conflict);
      if (i % 4 === 3) await look(hearing);
    }
    expect(told()).toBe(1);
    expect(bot.log).toContainEqual(expect.objectContaining({ remedy: 'stop it, or change the token' }));
  });
});
