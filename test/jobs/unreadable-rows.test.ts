/** A row of a work queue that cannot be read (a person's SQL, a restore) stops none behind it. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { noticeAdmins } from '../../src/db/admin-notices.ts';
import { one, sql } from '../../src/db/database.ts';
import { backupRequestsJob } from '../../src/jobs/backup-requests.ts';
import { adminWorkJob } from '../../src/jobs/continue-admin-work.ts';
import { replayUpdatesJob } from '../../src/jobs/replay-updates.ts';
import { broadcastJob } from '../../src/jobs/send-broadcasts.ts';
import { ownerNoticesJob } from '../../src/jobs/send-owner-notices.ts';
import { ADMIN_ID, startTestBot, type TestBot } from '../support/bot.ts';

let bot: TestBot;
beforeEach(async () => {
  bot = await startTestBot();
});
afterEach(() => bot.close());

const count = async (where: string): Promise<number | undefined> =>
  (await bot.db.read([one(sql(`SELECT COUNT(*) AS n FROM ${where}`), (row) => row.int('n'))]))[0];

test.each([
  ['not json', '{}'],
  ['{"kind":"nobody knows it"}', '{}'],
  ['{"kind":"chat"}', 'not json'],
  ['7', '{}'],
])('a notice %s does not keep the next one from the admins', async (detail, messages) => {
  const admin = bot.telegram.person({ id: ADMIN_ID });
  await admin.send('/start');
  await bot.db.write([
    sql(
      `INSERT INTO admin_notices (key, kind, detail, created_at, messages) VALUES ('a', 'chat', ?, '2026-11-22 09:00:00', ?)`,
      detail,
      messages,
    ),
    noticeAdmins('b', { kind: 'deaf', reason: 'wrong webhook' }, bot.now()),
  ]);
  await ownerNoticesJob.run(bot.jobContext());
  expect(admin.lastMessage().text).toContain('wrong webhook');
  expect(await count('admin_notices WHERE sent_at IS NULL')).toBe(0);
});

test('a stored update that is none keeps neither its chat nor the others waiting, and the admins are told', async () => {
  const viewer = bot.telegram.person({ id: 555 });
  await viewer.send('/start');
  await bot.db.write([
    sql(`INSERT INTO failed_updates (update_id, chat_id, payload, error, failed_at, since_ms, retry_ms)
         VALUES (1, 555, 'no json', 'e', '2026-11-22 09:00:00', 1, 1), (2, 556, '{"update_id":9}', 'e', '2026-11-22 09:00:00', 1, 1)`),
  ]);
  await viewer.send('/help');
  expect(bot.log.filter(({ outcome }) => outcome === 'poison')).toEqual([]);
  await replayUpdatesJob.run(bot.jobContext());
  expect(await count('failed_updates WHERE retry_ms IS NULL')).toBe(2);
  expect(await count("admin_notices WHERE kind = 'updates-failed'")).toBe(1);
});

test.each(['zzz', '', '12:00', '2026-99-99 00:00:00'])('a backup asked for at "%s" is made', async (at) => {
  await bot.db.write([
    sql(
      `INSERT INTO backup_requests (requested_by, chat_id, requested_at) VALUES (${ADMIN_ID}, ${ADMIN_ID}, ?)`,
      at,
    ),
  ]);
  await backupRequestsJob.run(bot.jobContext());
  expect(await count('backup_requests WHERE finished_at IS NULL')).toBe(0);
  expect(await count("backup_runs WHERE state = 'done'")).toBe(1);
});

test('a broadcast whose buttons are none ends with its reason, and the next one goes on', async () => {
  const admin = bot.telegram.person({ id: ADMIN_ID });
  await admin.send('/start');
  const message = admin.lastMessage().id;
  for (const [id, markup] of [
    [1, 'no json'],
    [2, null],
  ] as const)
    await bot.db.write([
      sql(
        `INSERT INTO broadcasts (id, requested_by, audience, state, total, reply_markup, created_at, started_at)
         VALUES (?, ${ADMIN_ID}, 'users', 'running', 1, ?, '2026-11-22 09:00:00', '2026-11-22 10:00:00')`,
        id,
        markup,
      ),
      sql('INSERT INTO broadcast_messages (broadcast_id, message_id) VALUES (?, ?)', id, message),
    ]);
  await broadcastJob.run(bot.jobContext());
  expect(
    await count("broadcasts WHERE id = 1 AND state = 'failed' AND problem LIKE '%buttons cannot be read%'"),
  ).toBe(1);
  expect(await count("broadcasts WHERE id = 2 AND state = 'done' AND sent = 1")).toBe(1);
});

test('long work that is none is dropped, and the next is done', async () => {
  const admin = bot.telegram.person({ id: ADMIN_ID });
  await admin.send('/start');
  await bot.db.write([
    sql(
      `INSERT INTO admin_work (kind, requested_by, chat_id, detail, requested_at) VALUES
         ('report', ${ADMIN_ID}, ${ADMIN_ID}, 'no json', ?1), ('nothing', ${ADMIN_ID}, ${ADMIN_ID}, '{}', ?1),
         ('report', ${ADMIN_ID}, ${ADMIN_ID}, '{"markup":"told"}', ?1)`,
      '2026-11-22 09:59:00',
    ),
  ]);
  await adminWorkJob.run(bot.jobContext({ requests: 200 }));
  await expect.poll(() => count('admin_work'), { timeout: 60_000 }).toBe(0);
  expect(admin.lastMessage().text).toBe('told');
});
