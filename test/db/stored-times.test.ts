/**
 * Every stored time, written by a clock that was a year ahead or behind: nothing holds longer than
 * its own length from now.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createBackupLedger } from '../../src/backup/run/backup-runs.ts';
import { LEASE_TTL_MS } from '../../src/backup/run/lease.ts';
import { noticeAdmins, noticeSent, waitingNotices } from '../../src/db/admin-notices.ts';
import { dueRecipients, retryRecipient } from '../../src/db/broadcast-retries.ts';
import {
  broadcastById,
  dueBroadcasts,
  nextRecipients,
  recordSlice,
  waitBroadcast,
} from '../../src/db/broadcasts.ts';
import { sql } from '../../src/db/database.ts';
import { claimStatus } from '../../src/db/draft-parts.ts';
import { gateFor, rememberAnswer } from '../../src/db/gate-channels.ts';
import { claimJob } from '../../src/db/job-leases.ts';
import { announceParts, dueNews } from '../../src/db/part-news.ts';
import { claimPosts, openPostings, postFailed } from '../../src/db/postings.ts';
import { toSqlTime } from '../../src/db/time.ts';
import { personById, seePerson } from '../../src/db/users.ts';
import { believedUntil, isStillBroken } from '../../src/handlers/viewer/gate-answers.ts';
import { linkKey, readLink, signLink } from '../../src/http/download-links.ts';
import { trashJob } from '../../src/jobs/empty-trash.ts';
import { askBackup } from '../support/ask-backup.ts';
import { startTestBot, type TestBot } from '../support/bot.ts';

const NOW = new Date('2026-06-15T12:00:00Z');
const MINUTE = 60_000;
const DAY = 86_400_000;
const YEAR = 365 * DAY;

let bot: TestBot;
beforeEach(async () => {
  bot = await startTestBot({ now: NOW });
  await bot.db.write([
    sql("INSERT INTO anime (id, code, title) VALUES (1, 1, 'Naruto')"),
    sql(`INSERT INTO users (user_id) VALUES (7)`),
    sql(`INSERT INTO follows (anime_id, user_id, since) VALUES (1, 7, '2026-01-01 00:00:00')`),
    sql(`INSERT INTO mandatory_channels (id, channel_id, name) VALUES (1, '-1001', 'Kanal')`),
    sql(`INSERT INTO groups (id, group_id, name) VALUES (1, -1002, 'Guruh')`),
    sql(
      `INSERT INTO drafts (id, user_id, kind, step, created_at, updated_at) VALUES (1, 100, 'parts', 'parts', '', '')`,
    ),
    sql(`INSERT INTO postings (id, anime_id, requested_by, requested_at) VALUES (1, 1, 100, '')`),
    sql(`INSERT INTO posts (posting_id, group_id) VALUES (1, 1)`),
    sql(`INSERT INTO broadcasts (id, requested_by, audience, state, created_at, started_at)
         VALUES (1, 100, 'users', 'running', '', '2026-06-15 11:00:00')`),
  ]);
});
afterEach(() => bot.close());

const changes = async (statement: ReturnType<typeof sql>): Promise<number> => {
  const [result] = await bot.db.write([statement]);
  return result?.rows.length ?? 0;
};

interface StoredTime {
  /** Stores it as the program does at that time. */
  readonly write: (at: Date) => Promise<unknown>;
  /** Whether it still keeps the program from something. */
  readonly holds: (now: Date) => Promise<boolean>;
}

const POST = { postingId: 1, groupId: 1, chatId: -1002, name: 'Guruh', attempts: 1 };
const link = (at: Date) => ({ baseUrl: 'http://bot.test', key: linkKey('1:t'), prefix: 'b/', now: () => at });
let url = '';

const TIMES: Record<string, StoredTime> = {
  'the lease of a job': {
    write: (at) => bot.db.write([claimJob('trash', 'dead host', at, 60)]),
    holds: async (now) => (await changes(claimJob('trash', 'living host', now, 60))) === 0,
  },
  'the minute that updates are counted in': {
    write: async (at) => {
      for (let i = 0; i < 3; i += 1)
        await bot.db.write([
          seePerson(
            { id: 7, firstName: 'a', lastName: undefined, username: undefined, language: undefined },
            at,
          ),
        ]);
    },
    holds: async (now) => {
      await bot.db.write([
        seePerson(
          { id: 7, firstName: 'a', lastName: undefined, username: undefined, language: undefined },
          now,
        ),
      ]);
      const [person] = await bot.db.read([personById(7)]);
      return person.rate.count > 1;
    },
  },
  'an answer of the gate': {
    write: (at) => bot.db.write([rememberAnswer(1, 7, 'out', believedUntil('out', at))]),
    holds: async (now) => {
      const [channels] = await bot.db.read([gateFor(7)]);
      return channels(now)[0]?.answer !== undefined;
    },
  },
  'a request to join': {
    write: (at) => bot.db.write([rememberAnswer(1, 7, 'asked', believedUntil('asked', at))]),
    holds: async (now) => {
      const [channels] = await bot.db.read([gateFor(7)]);
      return channels(now)[0]?.answer !== undefined;
    },
  },
  'a channel that could not be checked': {
    write: (at) => bot.db.write([sql('UPDATE mandatory_channels SET checked_at = ?', toSqlTime(at))]),
    holds: async (now) => {
      const [channels] = await bot.db.read([gateFor(7)]);
      return isStillBroken(channels(now)[0]?.checkedAt ?? null, now);
    },
  },
  'the status message of a draft': {
    write: (at) => bot.db.write([claimStatus({ id: 1 }, at, 3_000)]),
    holds: async (now) => (await changes(claimStatus({ id: 1 }, now, 3_000))) === 0,
  },
  'a card that a dead host was sending': {
    write: (at) => bot.db.write([claimPosts(1, 10, at)]),
    holds: async (now) => (await changes(claimPosts(1, 10, now))) === 0,
  },
  'news that gather parts': {
    write: async (at) => {
      await bot.db.write([
        sql(
          "INSERT INTO anime_parts (anime_code, part_number, file_id, created_at) VALUES (1, 1, 'f', ?)",
          toSqlTime(at),
        ),
        announceParts(1, at),
      ]);
    },
    holds: async (now) => (await bot.db.read([dueNews(now)]))[0] === undefined,
  },
  'a wait of a broadcast': {
    write: (at) => bot.db.write([waitBroadcast(1, at.getTime() + 30_000)]),
    holds: async (now) => (await bot.db.read([dueBroadcasts(now)]))[0].length === 0,
  },
  'the pause of a recipient of a broadcast': {
    write: async (at) => {
      const place = { id: 1, cursor: 0, slice: 0 };
      await bot.db.write([
        recordSlice(place, 500, { sent: 0, failed: 0, blocked: 0 }),
        retryRecipient(place, 500, 500, at.getTime() + 60_000),
      ]);
    },
    holds: async (now) => {
      const [broadcast] = await bot.db.read([broadcastById(1)]);
      if (broadcast === undefined) throw new Error('no broadcast');
      return (await bot.db.read([dueRecipients(broadcast, 10, now)]))[0].length === 0;
    },
  },
  'the pause of a post': {
    write: (at) => bot.db.write([claimPosts(1, 10, at), ...postFailed(POST, 'x', at.getTime() + 60_000)]),
    holds: async (now) => (await bot.db.read([openPostings(5, now)]))[0].length === 0,
  },
  'the silence after a notice': {
    write: (at) =>
      bot.db.write([
        noticeAdmins('k', { kind: 'channel-link', name: 'K' }, at),
        noticeSent({ key: 'k', count: 1 }, { 100: 1 }, at),
      ]),
    holds: async (now) => {
      await bot.db.write([noticeAdmins('k', { kind: 'channel-link', name: 'K' }, now)]);
      return (await bot.db.read([waitingNotices(10)]))[0].length === 0;
    },
  },
  'a download link': {
    write: async (at) => {
      url = signLink(link(at), 'b/anime_bot_20260615_020000.db.gz', 100, '');
    },
    holds: async (now) => readLink(link(now), url.slice('http://bot.test'.length)) !== undefined,
  },
};

describe.each(Object.entries(TIMES))('%s', (_, { write, holds }) => {
  test('holds right after it was stored', async () => {
    await write(NOW);
    expect(await holds(new Date(NOW.getTime() + 1_000))).toBe(true);
  });

  test('holds too when the clock was set back by some seconds', async () => {
    await write(NOW);
    expect(await holds(new Date(NOW.getTime() - 20_000))).toBe(true);
  });

  test.each([
    ['a year ahead', YEAR],
    ['a year behind', -YEAR],
  ])('does not hold when it was stored while the clock was %s', async (_name, off) => {
    await write(new Date(NOW.getTime() + off));
    expect(await holds(NOW)).toBe(false);
  });
});

test('the lease of runs: one of a clock that was ahead holds for its own life from now, and no longer', async () => {
  const ledger = createBackupLedger(bot.db);
  const left = async (): Promise<number> => {
    const [row] = await bot.db.write([
      sql("SELECT expires_ms - CAST(unixepoch('subsec') * 1000 AS INTEGER) AS ms FROM backup_lease"),
    ]);
    return row?.rows[0]?.int('ms') ?? 0;
  };
  expect((await ledger.acquire('killed', LEASE_TTL_MS)).kind).toBe('acquired');
  await bot.db.write([sql(`UPDATE backup_lease SET expires_ms = expires_ms + ${YEAR}`)]);
  expect(await ledger.acquire('next', LEASE_TTL_MS)).toMatchObject({
    kind: 'held',
    holder: 'killed',
    fence: 1,
  });
  expect(await left()).toBeLessThanOrEqual(LEASE_TTL_MS);
  await bot.db.write([sql(`UPDATE backup_lease SET expires_ms = expires_ms - ${LEASE_TTL_MS}`)]);
  expect((await ledger.acquire('next', LEASE_TTL_MS)).kind).toBe('acquired');
});

test('a backup asked for while the clock was ahead counts as asked for now', async () => {
  const ledger = createBackupLedger(bot.db);
  const asked = { requestedBy: 100, chatId: 100, messageId: 1, requestedAt: new Date(NOW.getTime() + YEAR) };
  const { id } = await askBackup(bot.db, asked);
  expect(await ledger.openRequests(NOW)).toEqual([{ ...asked, id, attempts: 0, requestedAt: NOW }]);
  expect(await ledger.openRequests(NOW)).toHaveLength(1);
});

test('somebody who came while the clock was ahead gets the broadcasts of today', async () => {
  const tomorrow = toSqlTime(new Date(NOW.getTime() + YEAR));
  await bot.db.write([sql('UPDATE users SET created_at = ? WHERE user_id = 7', tomorrow)]);
  const [broadcast] = await bot.db.read([broadcastById(1)]);
  if (broadcast === undefined) throw new Error('no broadcast');
  const [recipients] = await bot.db.read([nextRecipients(broadcast, 10, NOW)]);
  expect(recipients.map(({ chatId }) => chatId)).toEqual([7]);
});

test('a viewer who wrote too much while the clock was ahead is answered', async () => {
  const viewer = bot.telegram.person({ id: 8, firstName: 'Kim' });
  bot.advance(YEAR);
  for (let i = 0; i < 32; i += 1) await viewer.send('/start');
  const before = bot.telegram.calls.length;
  await viewer.send('/start');
  expect(bot.telegram.calls.length).toBe(before);
  bot.advance(-YEAR);
  await viewer.send('/start');
  expect(bot.telegram.calls.length).toBeGreaterThan(before);
});

describe('the trash', () => {
  const runs = (...days: number[]) =>
    bot.db.write(
      days.map((day, i) =>
        sql(
          `INSERT INTO backup_runs (name, fence, "trigger", scheduled_at, started_at, state) VALUES (?, 1, 'schedule', '', ?, 'done')`,
          `n${i}-${day}`,
          toSqlTime(new Date(NOW.getTime() + day * DAY)),
        ),
      ),
    );
  const trash = (at: Date) => bot.db.write([sql('UPDATE anime SET deleted_at = ?', toSqlTime(at))]);
  const left = async (): Promise<number> =>
    (await bot.db.write([sql('SELECT 1 AS one FROM anime')]))[0]?.rows.length ?? 0;

  test('what was trashed while the clock was ahead goes thirty days after the clock was set right', async () => {
    await runs(-3, -2, -1, 365);
    await trash(new Date(NOW.getTime() + YEAR));
    await trashJob.run(bot.jobContext());
    bot.advance(30 * DAY - MINUTE);
    await trashJob.run(bot.jobContext());
    expect(await left()).toBe(1);
    bot.advance(2 * MINUTE);
    await trashJob.run(bot.jobContext());
    expect(await left()).toBe(0);
  });

  test('a clock that jumps a year ahead does not empty it', async () => {
    await runs(-4, -3, -2, -1);
    await trash(NOW);
    bot.advance(YEAR);
    await trashJob.run(bot.jobContext());
    expect(await left()).toBe(1);
  });

  test('a clock that is a year behind gives nothing a date that would end it when the clock is set right', async () => {
    await runs(-4, -3, -2, -1);
    await trash(NOW);
    bot.advance(-YEAR);
    await trashJob.run(bot.jobContext());
    bot.advance(YEAR);
    await trashJob.run(bot.jobContext());
    expect(await left()).toBe(1);
  });
});
