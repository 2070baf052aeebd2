/**
 * A lease whose holder is surely dead is taken over at once; one whose holder may live is waited
 * for.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { hostname } from 'node:os';
import process from 'node:process';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createBackupLedger } from '../../src/backup/run/backup-runs.ts';
import { takeLease } from '../../src/backup/run/lease.ts';
import { sql } from '../../src/db/database.ts';
import { holderText, isSurelyDead } from '../../src/db/file/lock-text.ts';
import { createWorld, testClock, type World } from '../support/backup-world.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld({}, 'small');
});
afterAll(() => world.close());
beforeEach(() => world.db.write([sql("UPDATE backup_lease SET expires_ms = 0, holder = ''")]));

const take = (ledger = createBackupLedger(world.db, isSurelyDead)) =>
  takeLease(ledger, holderText('cli', new Date()), testClock());

const HOLDER = `
  import { takeLease } from '${import.meta.dirname}/../../src/backup/run/lease.ts';
  import { createBackupLedger } from '${import.meta.dirname}/../../src/backup/run/backup-runs.ts';
  import { openEmbeddedDatabase } from '${import.meta.dirname}/../../src/db/file/embedded-database.ts';
  import { holderText } from '${import.meta.dirname}/../../src/db/file/lock-text.ts';
  const db = await openEmbeddedDatabase(process.argv[1]);
  const clock = { now: () => new Date(), sleep: async () => {} };
  const { kind, lease } = await takeLease(createBackupLedger(db), holderText('node host', new Date()), clock);
  console.log(kind, lease.fence);
  setInterval(() => {}, 1000);
`;

async function holdElsewhere(): Promise<{ readonly child: ChildProcess; readonly fence: number }> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', HOLDER, world.path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = await once(child.stdout ?? child, 'data');
  const [kind, fence] = String(said).trim().split(' ');
  expect(kind).toBe('held');
  return { child, fence: Number(fence) };
}

test('a killed process holds up nobody, and its fence is worth nothing any more', async () => {
  const { child, fence } = await holdElsewhere();
  expect(await take()).toMatchObject({ kind: 'busy', holder: `node host ${child.pid} on ${hostname()}` });
  child.kill('SIGKILL');
  await once(child, 'close');
  const taken = await take();
  expect(taken).toMatchObject({ kind: 'held', lease: { fence: fence + 1 } });
  expect(await world.ledger.renew(fence, 1000)).toBe(false);
});

test('a stopped process lives: its lease is waited for, and lost only when its time is over', async () => {
  const { child, fence } = await holdElsewhere();
  child.kill('SIGSTOP');
  expect(await take()).toMatchObject({ kind: 'busy' });
  expect(await world.ledger.renew(fence, 1000)).toBe(true);
  child.kill('SIGKILL');
  await once(child, 'close');
});

test('of many who find a dead holder, one has the lease', async () => {
  const { child } = await holdElsewhere();
  child.kill('SIGKILL');
  await once(child, 'close');
  const outcomes = await Promise.all(Array.from({ length: 8 }, () => take()));
  expect(outcomes.filter(({ kind }) => kind === 'held')).toHaveLength(1);
});

test('a lease that somebody took while its dead holder was looked at is not taken from them', async () => {
  await takeLease(world.ledger, 'dead', testClock());
  let other: number | undefined;
  const ledger = createBackupLedger(
    {
      ...world.db,
      async write(statements) {
        // Between the look at the holder and the end of its lease.
        if (other === undefined && statements.some(({ sql: text }) => text.includes("holder = '' WHERE"))) {
          await world.db.write([sql('UPDATE backup_lease SET expires_ms = 0')]);
          const answer = await world.ledger.acquire('other', 60_000);
          other = answer.kind === 'acquired' ? answer.fence : 0;
        }
        return world.db.write(statements);
      },
    },
    (holder) => holder === 'dead',
  );
  expect(await takeLease(ledger, 'next', testClock())).toMatchObject({ kind: 'busy', holder: 'other' });
  expect(await world.ledger.renew(other ?? 0, 60_000)).toBe(true);
});

/** Of a pid that nobody has, unless changed. */
function told(change: Readonly<Record<string, unknown>> = {}): string {
  const [shown = '', lock = ''] = holderText('cli', new Date()).split('\n');
  return `${shown}\n${JSON.stringify({ ...JSON.parse(lock), process: 'x', pid: 999_999_999, ...change })}`;
}

const machine: unknown = JSON.parse(holderText('cli', new Date()).split('\n')[1] ?? '').machine;

test.each([
  ['no such process here', told(), true],
  ['its number was given to another', told({ pid: process.ppid, began: '1' }), true],
  ['this process', holderText('cli', new Date()), false],
  ['a process that lives, begun at an unknown time', told({ pid: process.ppid, began: null }), false],
  ['another host', told({ host: 'elsewhere' }), false],
  ['another boot', told({ machine: `00000000-${String(machine).slice(9)}` }), false],
  ['another container of the same name', told({ machine: `${machine}1` }), false],
  ['an unknown machine', told({ machine: null }), false],
  ['a holder of an older program', 'node host 999999999', false],
  ['a Worker', 'worker', false],
  ['a forged text', 'cli\n{"pid":"1"}', false],
])('surely dead or not: %s', (_, text, isDead) => {
  expect(isSurelyDead(text)).toBe(isDead);
});
