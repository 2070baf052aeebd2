/** What takes long leaves the update that asks for it, and is done once, whatever dies. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sql } from '../../src/db/database.ts';
import { backupRequestsJob } from '../../src/jobs/backup-requests.ts';
import { adminWorkJob } from '../../src/jobs/continue-admin-work.ts';
import { type AdminDesk, startDesk } from './support.ts';

let desk: AdminDesk;
let held: ((signal: AbortSignal) => Promise<void>)[];
beforeEach(async () => {
  desk = await startDesk();
  await desk.admin.send('/backup');
  held = [];
});
afterEach(() => desk.close());

const FILE = JSON.stringify({
  anime: [{ code: 5, description: 'Naruto', parts: [{ part_number: 1, file_id: 'f' }] }],
});
const sendFile = () => desk.admin.send({ document: { name: 'old.json', bytes: Buffer.from(FILE) } });

/** From here on the process dies before it begins anything. */
function dies(): void {
  Object.assign(desk.bot.services, {
    background: (work: (signal: AbortSignal) => Promise<void>) => held.push(work),
  });
}

/** A tick of a host that does the work in the tick itself, as a Worker does. */
async function tick(): Promise<void> {
  const context = { ...desk.bot.jobContext(), background: undefined };
  await backupRequestsJob.run(context);
  await adminWorkJob.run(context);
}
const stored = () => desk.rows('SELECT kind AS kind FROM admin_work');
const codes = () => desk.rows('SELECT code AS code FROM anime');

const WORK: Record<
  string,
  { ask: () => Promise<unknown>; prepare?: () => Promise<unknown>; outcome: RegExp }
> = {
  '/backup': { ask: () => desk.admin.send('/backup'), outcome: /tayyor va tekshirildi/ },
  'the check of a backup': { ask: () => desk.press('🔎 Tekshirish'), outcome: /tekshirildi: har bir bayt/ },
  'files sent here': { ask: () => desk.press('📨 Shu yerga yuborish'), outcome: /^💾 anime_backup_/ },
  'a look into a file': { ask: sendFile, outcome: /Animelar: 1 tasi yangi/ },
  'an import': { prepare: sendFile, ask: () => desk.press(/Import qilish/), outcome: /Import qilindi/ },
};

describe.each(Object.entries(WORK))('%s', (name, { ask, prepare, outcome }) => {
  beforeEach(async () => {
    await prepare?.();
    desk.bot.advance(5_000);
    dies();
  });

  test('leaves its update, and a tick does it when the process died; once', async () => {
    await ask();
    expect(desk.bot.log.filter(({ event }) => event === 'update').at(-1)).toMatchObject({
      outcome: 'handled',
    });
    expect(held).toHaveLength(1);
    expect(desk.last().text).not.toMatch(outcome);
    await desk.telegram.redeliver();
    expect(held).toHaveLength(1);
    desk.bot.advance(60_000);
    await tick();
    expect(desk.last().text).toMatch(outcome);
    expect(await stored()).toEqual([]);
    const calls = desk.telegram.calls.length;
    // The process lives after all, and is late. (Runs of backups have a lease of their own.)
    if (name !== '/backup') await held[0]?.(new AbortController().signal);
    await tick();
    expect(desk.telegram.calls.slice(calls).map(({ method }) => method)).toEqual([]);
  });

  test('Telegram takes nothing when it is to be told: told later, not done again', async () => {
    await ask();
    const down = desk.telegram.script({
      method: ['editMessageText', 'sendMessage', 'sendDocument'],
      times: Infinity,
      fault: { kind: 'error', status: 502, description: 'Bad Gateway' },
    });
    await held[0]?.(new AbortController().signal);
    await tick();
    down.remove();
    const before = desk.telegram.calls.length;
    await tick();
    await tick();
    const told = desk.telegram.calls.slice(before).map(({ method }) => method);
    expect(desk.last().text).toMatch(outcome);
    expect(told.filter((method) => method === 'editMessageText').length).toBeLessThanOrEqual(1);
    expect(await stored()).toEqual([]);
  });
});

test('a process that is at it keeps others off; one that was not heard of for two minutes is dead', async () => {
  dies();
  await desk.press('🔎 Tekshirish');
  await desk.bot.db.write([sql('UPDATE admin_work SET claimed_ms = ?', desk.bot.now().getTime())]);
  desk.bot.advance(100_000);
  await tick();
  expect(desk.last().text).toContain('tekshirilmoqda');
  desk.bot.advance(21_000);
  await tick();
  expect(desk.last().text).toContain('tekshirildi: har bir bayt');
});

test('two processes at once: one does it', async () => {
  dies();
  await desk.press('📨 Shu yerga yuborish');
  const run = (): Promise<void> => held[0]?.(new AbortController().signal) ?? Promise.resolve();
  await Promise.all([run(), run()]);
  expect(desk.telegram.callsOf('sendDocument')).toHaveLength(2);
});

test('three processes died of it: the admin is told what to do instead', async () => {
  dies();
  await desk.press('🔎 Tekshirish');
  await desk.bot.db.write([sql('UPDATE admin_work SET attempts = 3')]);
  await tick();
  expect(desk.last().text).toMatch(/npm run backup -- verify \d{8}_\d{6}/);
  expect(await stored()).toEqual([]);
});

test('of files sent here, what came is not sent again', async () => {
  dies();
  await desk.press('📨 Shu yerga yuborish');
  desk.telegram.script({ method: 'sendDocument', after: 1, fault: { kind: 'drop' } });
  await tick();
  await tick();
  const names = desk.admin.messages().map(({ document }) => document?.name?.slice(0, 12));
  expect(names.filter((name) => name !== undefined)).toEqual(['anime_bot_20', 'anime_backup']);
});

test('an import that was begun shows what is left, and imports nothing without a press: its backup may have been restored', async () => {
  await sendFile();
  dies();
  await desk.press(/Import qilish/);
  await desk.bot.db.write([
    sql(`UPDATE admin_work SET detail = json_set(detail, '$.isBegun', json('true'))`),
  ]);
  await tick();
  expect(await codes()).toEqual([]);
  expect(desk.last().text).toContain('nima o‘zgaradi');
  await desk.press(/Import qilish/);
  await tick();
  expect(await codes()).toEqual([{ code: '5' }]);
});

test('the backup before an import says that it was begun', async () => {
  await sendFile();
  const { run } = desk.bot.services.backups;
  let seen: unknown;
  Object.assign(desk.bot.services.backups, {
    run: async (options: Parameters<typeof run>[0]) => {
      seen = await desk.rows(`SELECT detail ->> '$.isBegun' AS begun FROM admin_work`);
      return run(options);
    },
  });
  await desk.press(/Import qilish/);
  expect(seen).toEqual([{ begun: '1' }]);
  expect(await codes()).toEqual([{ code: '5' }]);
});

test('an import that nobody began can be called off', async () => {
  await sendFile();
  dies();
  await desk.press(/Import qilish/);
  await desk.press(/To‘xtatish/);
  expect(desk.last().text).toContain('Hech narsa o‘zgarmadi');
  await tick();
  expect(await codes()).toEqual([]);
});

test('a host that stops leaves the work to the next one', async () => {
  await sendFile();
  dies();
  await desk.press(/Import qilish/);
  await held[0]?.(AbortSignal.abort(new Error('the host was stopped')));
  expect(await stored()).toEqual([{ kind: 'import' }]);
  await tick();
  expect(desk.last().text).toContain('nima o‘zgaradi');
});

test('on a Worker it goes on after the answer', async () => {
  Object.assign(desk.bot.services, { background: undefined });
  await desk.press('🔎 Tekshirish');
  expect(desk.last().text).toContain('tekshirilmoqda');
  await desk.later();
  expect(desk.last().text).toContain('tekshirildi: har bir bayt');
});

test('work of somebody who was removed as an admin meanwhile is dropped, and they are told nothing', async () => {
  const ask = (admin: number) =>
    desk.bot.db.write([
      sql(
        `INSERT INTO admin_work (kind, requested_by, chat_id, detail, requested_at)
         VALUES ('check', ?1, ?1, '{"name":"20261122_100000"}', '2026-11-22 10:00:00')`,
        admin,
      ),
    ]);
  const friend = desk.telegram.person({ id: 555, firstName: 'Vali' });
  await friend.start();
  const told = () => friend.messages().length;
  const before = told();
  await ask(friend.id);
  await tick();
  expect(await stored()).toEqual([]);
  expect(told()).toBe(before);
  await desk.bot.db.write([
    sql("INSERT INTO admins (user_id, added_at) VALUES (?, '2026-11-22 10:00:00')", friend.id),
  ]);
  await ask(friend.id);
  await tick();
  expect(told()).toBe(before + 1);
});
