/**
 * The swap of a server's tables: what is said of it is what happened, whatever becomes of its
 * answer.
 */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { RestoreParts } from '../../../src/backup/restore/restore-steps.ts';
import { type Database, sql } from '../../../src/db/database.ts';
import { migrate } from '../../../src/db/migrate.ts';
import { openRemoteDatabase } from '../../../src/db/remote-database.ts';
import { createWorld, type World } from '../../support/backup-world.ts';
import { backUp, type Remote, restoreNewest, startRemote } from './support.ts';

let world: World;
let remote: Remote;
let db: Database;
beforeEach(async () => {
  world = await createWorld();
  await backUp(world);
  remote = await startRemote(world.directory);
  db = openRemoteDatabase({ url: remote.server.url, authToken: 'token', fetch });
  await migrate(db, { now: () => new Date(), backup: async () => {} });
  await db.write([sql("INSERT INTO anime (code, title) VALUES (1, 'living')")]);
});
afterEach(async () => {
  db.close();
  await remote.server.close();
  world.close();
});

async function one(query: string): Promise<string> {
  const [found] = await db.read([
    { ...sql(`SELECT (${query}) AS v`), parse: ([row]) => row?.text('v') ?? '' },
  ]);
  return found;
}

const title = (): Promise<string> => one('SELECT MAX(substr(title, 1, 6)) FROM anime');
const debris = (): Promise<string> => one("SELECT COUNT(*) FROM sqlite_schema WHERE name GLOB 'restoring_*'");

/** Stands between the restore and the server; `onSwap` gets every request of the swap itself. */
function restoreWith(onSwap: (send: () => Promise<Response>) => Promise<Response>): Promise<unknown> {
  const between: RestoreParts['fetch'] = (input, init) => {
    const isSwap = typeof init?.body === 'string' && init.body.includes('INSERT INTO \\"anime\\"');
    return isSwap ? onSwap(() => fetch(input, init)) : fetch(input, init);
  };
  return restoreNewest(world, { target: remote.target, fetch: between });
}

const lost = (): Promise<Response> => Promise.reject(new TypeError('fetch failed'));

test('every answer is lost after the effect: it happened, and is said to have', async () => {
  await restoreWith(async (send) => {
    await (await send()).text();
    return lost();
  });
  expect(await title()).toBe('Naruto');
  expect(await debris()).toBe('0');
});

test('every request is lost: it did not happen, and is said not to have', async () => {
  await expect(restoreWith(lost)).rejects.toThrow('the swap failed, the old data is as it was');
  expect(await title()).toBe('living');
  expect(await debris()).toBe('0');
});

test('a request that was given up does not come in later', async () => {
  const late: (() => Promise<Response>)[] = [];
  const outcome = restoreWith((send) => {
    late.push(send);
    return lost();
  });
  await expect(outcome).rejects.toThrow('the old data is as it was');
  expect(late).toHaveLength(3);
  for (const send of late) await (await send()).text();
  expect(await title()).toBe('living');
});

test('the first request comes in while the second is tried: it happened once, and is said to have', async () => {
  let first: (() => Promise<Response>) | undefined;
  await restoreWith(async (send) => {
    if (first === undefined) {
      first = send;
      return lost();
    }
    await (await first()).text();
    return send();
  });
  expect(await title()).toBe('Naruto');
});

test('another restore clears the tables meanwhile: nobody claims to know', async () => {
  const outcome = restoreWith(async () => {
    await db.write([sql('DROP TABLE IF EXISTS restoring_control')]);
    return lost();
  });
  await expect(outcome).rejects.toThrow(/whether the swap happened is not known/);
  expect(await title()).toBe('living');
});

test('what another restore has staged since is not cleared away by one that fails', async () => {
  const outcome = restoreWith(async () => {
    await db.write([
      sql("UPDATE restoring_control SET id = 'another'"),
      sql('CREATE TABLE restoring_99 (theirs)'),
    ]);
    return lost();
  });
  await expect(outcome).rejects.toThrow();
  expect(await one("SELECT name FROM sqlite_schema WHERE name = 'restoring_99'")).toBe('restoring_99');
});

test('a lock that others take away: it says what to do', async () => {
  const timedOut = {
    step_results: [],
    step_errors: [{ message: 'Transaction timed-out', code: 'TRANSACTION_TIMEOUT' }],
  };
  const results = [
    { type: 'ok', response: { type: 'batch', result: timedOut } },
    { type: 'ok', response: { type: 'close' } },
  ];
  const outcome = restoreWith(async () => Response.json({ baton: null, base_url: null, results }));
  await expect(outcome).rejects.toThrow(
    /the old data is as it was: .*timed-out; .*stop the bot, then restore again/,
  );
  expect(await title()).toBe('living');
});

test('two that begin at the very same moment: one of them stops', async () => {
  const between: RestoreParts['fetch'] = async (input, init) => {
    const answer = await fetch(input, init);
    // The other's table and name are there first.
    if (typeof init?.body === 'string' && init.body.includes('CREATE TABLE IF NOT EXISTS restoring_control'))
      await db.write([sql("UPDATE restoring_control SET id = 'the other'")]);
    return answer;
  };
  await expect(restoreNewest(world, { target: remote.target, fetch: between })).rejects.toThrow(
    'another restore into this database has begun at the same time',
  );
  expect(await one('SELECT id FROM restoring_control')).toBe('the other');
  expect(await title()).toBe('living');
});
