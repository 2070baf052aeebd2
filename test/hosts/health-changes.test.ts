/** What `/healthz` says of changes that wait for the bucket. */
import { Api } from 'grammy';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createBackupEngine } from '../../src/backup/engine.ts';
import { openEmbeddedSnapshotSource } from '../../src/backup/snapshot/embedded.ts';
import { readBotInfo } from '../../src/bot/telegram.ts';
import { sql } from '../../src/db/database.ts';
import { createHost } from '../../src/hosts/host.ts';
import type { Host } from '../../src/hosts/host-parts.ts';
import { createLog } from '../../src/lib/log.ts';
import { readConfig } from '../../src/settings/config.ts';
import { createWorld, type World } from '../support/backup-world.ts';
import { beginLog, shippingOf, stateOf } from '../support/shipping.ts';

let world: World;
beforeEach(async () => {
  world = await createWorld();
  await beginLog(world.db, openEmbeddedSnapshotSource({ path: world.path }));
  await host(true).runBackup('command', world.clock.now());
});
afterEach(() => world.close());

function host(isOn: boolean): Host {
  const { clock, db, ledger, context, path } = world;
  const { store } = context;
  const source = openEmbeddedSnapshotSource({ path });
  return createHost({
    config: readConfig({}, 'node'),
    webhookSecret: undefined,
    db,
    api: new Api('1:x'),
    me: readBotInfo({ id: 1, is_bot: true, username: 'test_bot' }),
    backups: createBackupEngine({ ...context, requests: ledger, maxAgeHours: 26, signLink: () => '' }),
    now: clock.now,
    sleep: async () => {},
    log: createLog('info', () => {}),
    tickLimits: { seconds: 50, requests: 40 },
    after: () => {},
    changes: { isOn, hasTimer: false, shipping: shippingOf({ db, source, store }) },
  });
}

/** Of a new host, which has no answer of before. */
async function health(isOn = true) {
  const answer = await host(isOn).app.request('/healthz');
  const { backup } = (await answer.json()) as { backup: { changes?: { lag_seconds: number } } };
  return { status: answer.status, changes: backup.changes };
}

const waitSince = (seconds: number) =>
  world.db.write([
    sql(
      "UPDATE change_state SET waiting_since = strftime('%Y-%m-%dT%H:%M:%fZ', 'now', ?)",
      `${-seconds} seconds`,
    ),
  ]);

test('/healthz tells how many and how long, and fails after a quarter of an hour', async () => {
  const { since } = await stateOf(world.db);
  expect(await health()).toEqual({ status: 200, changes: { lag_seconds: 0, pending: 0, since } });
  await world.db.write([sql("INSERT INTO change_log (tbl, key) VALUES ('users', 1), ('users', 2)")]);
  expect(await health()).toEqual({ status: 200, changes: { lag_seconds: 0, pending: 2, since } });
  await waitSince(890);
  const late = await health();
  expect(late.status).toBe(200);
  expect(late.changes?.lag_seconds).toBeGreaterThanOrEqual(890);
  await waitSince(910);
  expect(await health()).toMatchObject({ status: 503, changes: { pending: 2 } });
  // A clock that was set back.
  await waitSince(-3_600);
  expect(await health()).toMatchObject({ status: 200, changes: { lag_seconds: 0 } });
  await waitSince(910);
  await world.db.write([sql('DELETE FROM change_log')]);
  expect(await health()).toMatchObject({ status: 200, changes: { lag_seconds: 0, pending: 0 } });
});

test('where none are recorded /healthz says nothing of them', async () => {
  await world.db.write([sql("INSERT INTO change_log (tbl, key) VALUES ('users', 1)")]);
  await waitSince(910);
  expect(await health(false)).toEqual({ status: 200, changes: undefined });
});
