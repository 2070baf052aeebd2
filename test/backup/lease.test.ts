import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Ledger } from '../../src/backup/catalog/ledger.ts';
import { createBackupLedger } from '../../src/backup/run/backup-runs.ts';
import { LEASE_TTL_MS, LeaseLost, takeLease } from '../../src/backup/run/lease.ts';
import { runBackup } from '../../src/backup/run/run.ts';
import { sql } from '../../src/db/database.ts';
import { openEmbeddedDatabase } from '../../src/db/file/embedded-database.ts';
import { askBackup } from '../support/ask-backup.ts';
import { createWorld, testClock, type World } from '../support/backup-world.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld({}, 'small');
});
afterAll(() => world.close());
beforeEach(() => world.db.write([sql("UPDATE backup_lease SET expires_ms = 0, holder = ''")]));

async function held(ledger: Ledger = world.ledger, clock = testClock()) {
  const outcome = await takeLease(ledger, 'node host 1', clock);
  if (outcome.kind !== 'held') throw new Error(`not held: ${outcome.kind}`);
  return outcome.lease;
}

const expire = () => world.db.write([sql('UPDATE backup_lease SET expires_ms = 1')]);

test('one holder at a time; the next learns who and how long', async () => {
  const lease = await held();
  expect(await takeLease(world.ledger, 'other', testClock())).toEqual({
    kind: 'busy',
    holder: 'node host 1',
    secondsLeft: LEASE_TTL_MS / 1000,
  });
  await lease.release();
  expect((await takeLease(world.ledger, 'other', testClock())).kind).toBe('held');
});

test('fences only grow', async () => {
  const fences: (number | null)[] = [];
  for (let i = 0; i < 5; i += 1) {
    const lease = await held();
    fences.push(lease.fence);
    await (i % 2 === 0 ? lease.release() : expire());
  }
  expect(fences).toEqual(fences.toSorted((a, b) => (a ?? 0) - (b ?? 0)));
  expect(new Set(fences).size).toBe(5);
});

test('what somebody’s SQL left in the lease is waited for as a dead holder is, and no more', async () => {
  await world.db.write([sql("UPDATE backup_lease SET holder = x'ff00', expires_ms = 9999999999999")]);
  expect(await takeLease(world.ledger, 'other', testClock())).toEqual({
    kind: 'busy',
    holder: 'unknown',
    secondsLeft: LEASE_TTL_MS / 1000,
  });
  await world.db.write([sql("UPDATE backup_lease SET holder = ?, expires_ms = x'00'", 'h'.repeat(100_000))]);
  expect(await takeLease(world.ledger, 'other', testClock())).toEqual({
    kind: 'busy',
    holder: `${'h'.repeat(120)}…`,
    secondsLeft: LEASE_TTL_MS / 1000,
  });
  await expire();
  expect((await takeLease(world.ledger, 'other', testClock())).kind).toBe('held');
});

test('rows that no run wrote are passed over and told of; a backup is made all the same', async () => {
  const run = `INSERT INTO backup_runs (name, fence, "trigger", scheduled_at, started_at, state) VALUES`;
  await world.db.write([
    sql(`${run} (x'00', 1, 'schedule', '2026-01-01 00:00:00', '2026-01-01 00:00:00', 'running')`),
    sql(`${run} ('20990101_000000', 1, 'schedule', '2026-01-01 00:00:00', x'00', 'done')`),
    sql(`${run} ('20990101_000001', 1, 'never', '2026-01-01 00:00:00', 'yesterday', 'done')`),
  ]);
  expect(await world.ledger.lastBegun()).toBeUndefined();
  const outcome = await runBackup(world.context, { trigger: 'command', scheduledAt: world.clock.now() });
  expect(outcome).toMatchObject({ kind: 'done' });
  expect(JSON.stringify(outcome)).toContain('table backup_runs: 3 rows were passed over');
  expect(await world.ledger.newestDone(new Date('2100-01-01T00:00:00Z'))).toMatchObject({
    trigger: 'command',
  });
  world.alerts.length = 0;
  await world.db.write([sql("DELETE FROM backup_runs WHERE name LIKE '2099%' OR typeof(name) = 'blob'")]);
});

test('many at once: exactly one gets it', async () => {
  const outcomes = await Promise.all(
    Array.from({ length: 20 }, (_, i) => takeLease(world.ledger, `holder ${i}`, testClock())),
  );
  expect(outcomes.filter(({ kind }) => kind === 'held')).toHaveLength(1);
});

test('another process on the same file sees it too', async () => {
  await held();
  const other = await openEmbeddedDatabase(world.path);
  expect((await takeLease(createBackupLedger(other), 'other', testClock())).kind).toBe('busy');
  other.close();
});

describe('renewal', () => {
  test('beats renew when due, and not more often', async () => {
    let renewals = 0;
    const ledger = {
      ...world.ledger,
      renew: async (...args: Parameters<Ledger['renew']>) => {
        renewals += 1;
        return world.ledger.renew(...args);
      },
    };
    const clock = testClock();
    const lease = await held(ledger, clock);
    for (let second = 0; second < 100; second += 1) {
      clock.advance(1000);
      await lease.beat();
    }
    expect(renewals).toBe(5);
    clock.set(new Date(0));
    await lease.beat();
    expect(renewals).toBe(6);
  });

  test('an expired lease that nobody took is still ours', async () => {
    const lease = await held();
    await expire();
    await lease.confirm();
    expect((await takeLease(world.ledger, 'other', testClock())).kind).toBe('busy');
  });

  test('a lease taken by another is lost: nothing may be published, and it is not released from under them', async () => {
    const clock = testClock();
    const lease = await held(world.ledger, clock);
    await expire();
    await held();
    await expect(lease.confirm()).rejects.toThrow(LeaseLost);
    clock.advance(60_000);
    await expect(lease.beat()).rejects.toThrow(LeaseLost);
    await lease.release();
    expect((await takeLease(world.ledger, 'third', testClock())).kind).toBe('busy');
  });

  test('a database that is away for a while is borne, until the end', async () => {
    let away = false;
    const ledger = {
      ...world.ledger,
      renew: async (...args: Parameters<Ledger['renew']>) => {
        if (away) throw new Error('no route to host');
        return world.ledger.renew(...args);
      },
    };
    const clock = testClock();
    const lease = await held(ledger, clock);
    away = true;
    clock.advance(30_000);
    await lease.beat();
    await expect(lease.confirm()).rejects.toThrow(
      /could not confirm the lease \(nor at the last beat: no route to host\)/,
    );
    away = false;
    await lease.confirm();
  });
});

test('a database without our tables has no lease', async () => {
  const db = await openEmbeddedDatabase(`${world.directory}/bare.db`);
  await db.write([sql('CREATE TABLE users (user_id INTEGER PRIMARY KEY)')]);
  const outcome = await takeLease(createBackupLedger(db), 'x', testClock());
  expect(outcome).toMatchObject({ kind: 'held', lease: { fence: null } });
  db.close();
});

test('a lease row that somebody deleted comes back', async () => {
  await world.db.write([sql('DELETE FROM backup_lease')]);
  expect((await held()).fence).toBeGreaterThan(0);
  expect((await takeLease(world.ledger, 'other', testClock())).kind).toBe('busy');
});

test('requests are answered once', async () => {
  const asked = { requestedBy: 7, chatId: -100, messageId: 3, requestedAt: new Date('2026-01-01T00:00:00Z') };
  const request = await askBackup(world.db, asked);
  expect(await world.ledger.openRequests(new Date())).toEqual([{ ...asked, id: request.id, attempts: 0 }]);
  await world.ledger.closeRequest(request.id, new Date());
  expect(await world.ledger.openRequests(new Date())).toEqual([]);
});

describe('a fence that no run can have written', () => {
  const forge = (fence: string) => world.db.write([sql(`UPDATE backup_lease SET fence = ${fence}`)]);
  const runs = (values: string) =>
    world.db.write([
      sql('DELETE FROM backup_runs'),
      sql(
        `INSERT INTO backup_runs (name, fence, "trigger", scheduled_at, started_at, state)
         VALUES ('20260101_000000', ${values}, 'command', '2026-01-01 00:00:00', '2026-01-01 00:00:00', 'running')`,
      ),
    ]);

  test.each(['9223372036854775807', '9007199254740993', '-9223372036854775808', '1e300', "'many'", "x'00'"])(
    '%s gives way to a new one, which is ahead of all before it, and is told',
    async (forged) => {
      await world.db.write([sql('DELETE FROM backup_runs')]);
      // Of a restore, which is no run on record.
      await forge('1000000000');
      const before = await held();
      await forge(forged);
      await expect(before.confirm()).rejects.toThrow(LeaseLost);
      expect(await takeLease(world.ledger, 'other', testClock())).toMatchObject({ kind: 'busy' });
      await expire();
      const after = await held();
      expect(after.problems).toEqual([expect.stringContaining('backup_lease.fence')]);
      expect(after.fence).toBeGreaterThan(before.fence ?? 0);
      await after.confirm();
      await after.release();
      const next = await held();
      expect(next.problems).toEqual([]);
      await next.release();
      await runs(String(2 ** 50));
      await forge(forged);
      expect((await held()).fence).toBeGreaterThan(2 ** 50);
    },
  );

  test('in a record of a run it ends neither the next run nor the question for the last one', async () => {
    for (const forged of ['-9223372036854775808', '9223372036854775807', '1e300', "'x'"]) {
      await runs(forged);
      expect(await world.ledger.lastBegun()).toMatchObject({ fence: 0 });
      const at = new Date();
      const start = { name: '20260102_000000', fence: 7, scheduledAt: at, startedAt: at };
      await world.ledger.begin({ ...start, trigger: 'command' });
    }
  });

  test('a backup is made, and the admins are told', async () => {
    await world.db.write([sql('DELETE FROM backup_runs')]);
    await forge('9223372036854775807');
    const outcome = await runBackup(world.context, { trigger: 'command', scheduledAt: new Date() });
    expect(outcome).toMatchObject({ kind: 'done' });
    expect(world.alerts.map(({ message }) => message)).toEqual([
      expect.stringMatching(/is good, but: backup_lease\.fence held a number/),
    ]);
  });
});
