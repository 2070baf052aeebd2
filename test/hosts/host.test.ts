/** What both hosts share, without their sockets: due runs, alerts, what may stand in a log. */
import { Api } from 'grammy';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readGroups } from '../../src/backup/catalog/list.ts';
import { backupName } from '../../src/backup/catalog/names.ts';
import { type BackupEngine, createBackupEngine } from '../../src/backup/engine.ts';
import { type Store, StoreError } from '../../src/backup/store/types.ts';
import { backupAlertText } from '../../src/bot/alerts.ts';
import { readBotInfo } from '../../src/bot/telegram.ts';
import { type Database, DatabaseUnavailable, sql } from '../../src/db/database.ts';
import { migrations } from '../../src/db/migrations/all-migrations.ts';
import { ownSchema } from '../../src/db/own-tables.ts';
import { composeEngine } from '../../src/hosts/compose.ts';
import { createHost } from '../../src/hosts/host.ts';
import type { Host } from '../../src/hosts/host-parts.ts';
import { peopleFormat } from '../../src/hosts/node/log-lines.ts';
import { linkKey } from '../../src/http/download-links.ts';
import { createLog, describeError } from '../../src/lib/log.ts';
import type { Timer } from '../../src/lib/silence.ts';
import { LOCALE_NAMES, readConfig } from '../../src/settings/config.ts';
import { TEXT_LIMIT } from '../../src/text/html.ts';
import { createWorld, type World } from '../support/backup-world.ts';

let world: World;
/** Called in place of every pause; how long it would have been. */
let onPause: (milliseconds: number) => Promise<void>;
let pauses: number[];

beforeEach(async () => {
  world = await createWorld({}, 'small');
  pauses = [];
  lines = [];
  onPause = async () => {};
});
afterEach(() => world.close());

let lines: Record<string, unknown>[];

function host(
  isLost = () => false,
  {
    store = world.context.store,
    healthTimer,
    db = world.db,
    sharesWork = false,
    backups,
  }: { store?: Store; healthTimer?: Timer; db?: Database; sharesWork?: boolean; backups?: BackupEngine } = {},
): Host {
  const { clock, ledger } = world;
  const context = { ...world.context, store };
  return createHost({
    config: readConfig({}, 'node'),
    webhookSecret: undefined,
    db,
    api: new Api('1:x'),
    me: readBotInfo({ id: 1, is_bot: true, username: 'test_bot' }),
    backups:
      backups ?? createBackupEngine({ ...context, requests: ledger, maxAgeHours: 26, signLink: () => '' }),
    now: clock.now,
    sleep: async (milliseconds) => {
      pauses.push(milliseconds);
      await onPause(milliseconds);
    },
    log: createLog('info', (line) => lines.push(JSON.parse(line) as Record<string, unknown>)),
    tickLimits: { seconds: 50, requests: 40 },
    after: () => {},
    isLost,
    sharesWork,
    ...(healthTimer && { healthTimer }),
  });
}

const expire = (): Promise<unknown> => world.db.write([sql('UPDATE backup_lease SET expires_ms = 0')]);

/** As a host composes it. */
function composed(): BackupEngine {
  const { clock, context, ledger } = world;
  const config = readConfig({}, 'node');
  const links = { baseUrl: '', key: linkKey('x'), prefix: context.prefix, now: clock.now };
  const { source, store, holder, alert } = context;
  return composeEngine(config.backup, { source, store, holder, alert, ledger, links, clock });
}

/** A database of the program as it was when it had two migrations. */
async function asOfTwoMigrations(): Promise<void> {
  const tables = ['anime', 'anime_parts', 'backup_lease', 'backup_runs', 'backup_requests'];
  await world.db.write([
    ...tables.map((name) => sql(`DROP TABLE ${name}`)),
    sql(
      'CREATE TABLE schema_migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at TEXT NOT NULL)',
    ),
    ...migrations
      .slice(0, 2)
      .flatMap((step) => [
        ...step.up(new Map()).map((text) => sql(text)),
        sql("INSERT INTO schema_migrations VALUES (?, ?, '')", step.version, step.name),
      ]),
  ]);
}

describe('a run that is due and meets a lease', () => {
  test.each(['schedule', 'start'] as const)(
    'of a killed process: %s waits for its end and is made',
    async (trigger) => {
      await world.ledger.acquire('node host 1 (killed)', 120_000);
      onPause = async () => {
        if (pauses.length === 3) await expire();
      };
      const at = world.clock.now();
      expect(await host().runBackup(trigger, at)).toMatchObject({ kind: 'done', name: backupName(at) });
      expect(pauses).toEqual([30_000, 30_000, 30_000]);
    },
  );

  test('of a run that goes on and on: says so after the life of a dead lease, and a little more', async () => {
    await world.ledger.acquire('cli 7', 3_600_000);
    expect(await host().runBackup('schedule', world.clock.now())).toMatchObject({ reason: 'busy' });
    expect(pauses).toHaveLength(5);
  });

  test('before a migration nobody waits: the update is delivered again', async () => {
    await world.ledger.acquire('cli 7', 3_600_000);
    expect(await host().runBackup('migration', world.clock.now())).toMatchObject({ reason: 'busy' });
    expect(pauses).toEqual([]);
  });

  test('a start waits for a dead run, though a clock a year ahead wrote its lease, and says how long', async () => {
    await asOfTwoMigrations();
    await world.ledger.acquire('node host 1 (killed)', 365 * 86_400_000);
    onPause = async () => {
      if (pauses.length === 2) await expire();
    };
    await host().ready({ waits: true });
    const waiting = lines.filter(({ event }) => String(event).startsWith('start waits'));
    expect(waiting.map(({ seconds_left }) => seconds_left)).toEqual([120, 120]);
    expect(waiting[0]).toMatchObject({ detail: expect.stringContaining('node host 1 (killed)') });
    const [steps] = await world.db.write([sql('SELECT version FROM schema_migrations')]);
    expect(steps?.rows).toHaveLength(migrations.length);
  });

  test('an update does not wait: it is delivered again', async () => {
    await asOfTwoMigrations();
    await world.ledger.acquire('cli 7', 120_000);
    await expect(host().ready()).rejects.toThrow(/another run is under way/);
    expect(pauses).toEqual([]);
  });

  test('a host that stops waits no longer', async () => {
    await world.ledger.acquire('cli 7', 3_600_000);
    const stop = new AbortController();
    onPause = () => {
      stop.abort();
      return new Promise(() => {});
    };
    const outcome = await host().runBackup('schedule', world.clock.now(), { signal: stop.signal });
    expect(outcome).toMatchObject({ reason: 'busy' });
  });
});

test('a database file that was taken away is said by /healthz at once, not when its cache ends', async () => {
  let isLost = false;
  const { app } = host(() => isLost);
  const database = async (): Promise<unknown> => {
    const health: unknown = await (await app.request('/healthz')).json();
    return health;
  };
  expect(await database()).not.toMatchObject({ database: 'replaced' });
  isLost = true;
  expect(await database()).toMatchObject({ status: 'failing', database: 'replaced' });
});

test('a directory whose disk is not mounted: /healthz says so, and names no path', async () => {
  const { store } = world.context;
  const away = new StoreError('directory /mnt/usb is not the directory that the bot knows', {
    retryable: false,
    isElsewhere: true,
  });
  const { app } = host(undefined, { store: { ...store, list: () => Promise.reject(away) } });
  const answer = await app.request('/healthz');
  expect(answer.status).toBe(503);
  const text = await answer.text();
  expect(JSON.parse(text)).toMatchObject({ status: 'failing', backup: { bucket: 'another directory' } });
  expect(text).not.toContain('/mnt');
});

test('a bucket that does not answer: /healthz does within seconds, and begins no second look', async () => {
  const { store } = world.context;
  const stuck: Store = { ...store, list: () => new Promise(() => {}) };
  const waits: number[] = [];
  const healthTimer: Timer = (ms, run) => {
    waits.push(ms);
    queueMicrotask(run);
    return () => {};
  };
  const { app } = host(undefined, { store: stuck, healthTimer });
  for (let i = 0; i < 3; i += 1) {
    const answer = await app.request('/healthz');
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({
      status: 'failing',
      backup: { last_verified: null, bucket: 'unreachable' },
    });
    world.clock.advance(1_500);
  }
  expect(waits).toEqual([5_000]);
  world.clock.advance(30_000);
  await app.request('/healthz');
  expect(waits).toEqual([5_000, 5_000]);
});

test('a database that does not answer: /healthz accuses no bucket, then and when it is back', async () => {
  let isSilent = true;
  const unlessSilent = <T>(work: () => Promise<T>): Promise<T> => (isSilent ? new Promise(() => {}) : work());
  const silent: Database = {
    read: (queries) => unlessSilent(() => world.db.read(queries)),
    write: (statements) => unlessSilent(() => world.db.write(statements)),
    roundTrips: 0,
    close: () => {},
  };
  const known = composed();
  const backups = { ...known, health: () => unlessSilent(() => known.health()) };
  const healthTimer: Timer = (_, run) => {
    if (isSilent) queueMicrotask(run);
    return () => {};
  };
  const { app } = host(undefined, { db: silent, healthTimer, backups });
  const answer = await app.request('/healthz');
  expect([answer.status, await answer.json()]).toMatchObject([
    503,
    { database: 'unreachable', backup: { last_verified: null, bucket: 'unknown' } },
  ]);
  isSilent = false;
  world.clock.advance(2_000);
  const after = (await (await app.request('/healthz')).json()) as { backup: object };
  expect(after.backup).not.toHaveProperty('bucket');
});

test('thousands who ask /healthz at once wait for one look at the bucket', async () => {
  let lists = 0;
  const counted: Store = {
    ...world.context.store,
    list: (...args) => {
      lists += 1;
      return world.context.store.list(...args);
    },
  };
  const { app } = host(undefined, { store: counted, sharesWork: true });
  await app.request('/healthz');
  const once = lists;
  world.clock.advance(60_000);
  lists = 0;
  const answers = await Promise.all(Array.from({ length: 3_000 }, () => app.request('/healthz')));
  expect(lists).toBe(once);
  expect(new Set(answers.map(({ status }) => status)).size).toBe(1);
});

describe('a table or column of the bot’s own is missing', () => {
  beforeEach(async () => {
    world.close();
    world = await createWorld();
  });
  const health = async () => (await (await host().app.request('/healthz')).json()) as Record<string, unknown>;

  test.each([
    ['DROP TABLE user_history', 'table user_history is missing'],
    ['ALTER TABLE users DROP COLUMN source', 'table users lacks column source'],
  ])('%s: the start says so, and /healthz is not ok', async (statement, finding) => {
    expect(await health()).toMatchObject({ database: 'ok' });
    await world.db.write([sql(statement)]);
    const trips = world.db.roundTrips;
    await host().ready();
    expect(world.db.roundTrips - trips).toBe(2);
    expect(lines).toContainEqual(
      expect.objectContaining({
        level: 'error',
        event: 'database incomplete',
        message: expect.stringContaining(finding),
      }),
    );
    expect(await health()).toMatchObject({ status: 'failing', database: 'incomplete' });
  });

  test('of the catalogue: no update is handled, and the scheduled backup is kept as damaged', async () => {
    await world.db.write([sql('ALTER TABLE anime DROP COLUMN photo_id')]);
    await expect(host().ready()).rejects.toThrow(
      /table anime lacks column photo_id.*restore latest --replace/,
    );
    expect(await host().receive({ update_id: 1 })).toBe('again');
    expect(await host().runBackup('schedule', world.clock.now())).toMatchObject({
      kind: 'done',
      manifest: { state: 'damaged', findings: ['table anime lacks column photo_id'] },
    });
    expect(world.alerts).toMatchObject([{ kind: 'damaged' }]);
  });

  test('an index of ours that is gone: the start makes it again and says so, to people too', async () => {
    await world.db.write([sql('DROP INDEX drafts_open')]);
    await host().ready();
    const note = 'index drafts_open was missing and was made again';
    expect(lines).toEqual([expect.objectContaining({ level: 'warn', event: 'database', note })]);
    expect(peopleFormat(world.clock.now)('warn', 'database', { note })).toContain(note);
  });

  test('and a migration is due: a start again and again makes one backup and tells of it once', async () => {
    world.close();
    world = await createWorld({}, 'small');
    await asOfTwoMigrations();
    await world.db.write([sql('DROP TABLE groups')]);
    for (let start = 0; start < 3; start += 1) {
      await expect(host().ready()).rejects.toThrow(
        /nothing was changed: .*groups is missing.*keeps what it holds/,
      );
      world.clock.advance(5_000);
    }
    expect(await readGroups(world.context)).toHaveLength(1);
    expect(world.alerts).toMatchObject([{ kind: 'damaged' }]);
  });

  test('all of them: the running host makes no backup of an empty database', async () => {
    const tables = [...ownSchema().tables.keys(), 'schema_migrations'];
    const at = world.clock.now();
    const engine = composed();
    await world.db.write([
      sql('PRAGMA defer_foreign_keys = ON'),
      ...tables.toReversed().map((name) => sql(`DROP TABLE IF EXISTS ${name}`)),
    ]);
    expect(await engine.run({ trigger: 'schedule', scheduledAt: at })).toMatchObject({
      kind: 'failed',
      reason: expect.stringContaining("not the bot's database"),
    });
  });

  test('an older version lacks nothing', async () => {
    world.close();
    world = await createWorld({}, 'small');
    await asOfTwoMigrations();
    expect(await health()).toMatchObject({ database: 'ok' });
  });
});

test.each(LOCALE_NAMES)('an alert of any length fits one message (%s)', (locale) => {
  for (const kind of ['failed', 'ask', 'problem'] as const) {
    const text = backupAlertText(locale, { kind, message: '😀<&>'.repeat(5_000) });
    expect(text.length).toBeLessThan(TEXT_LIMIT);
    expect(text.markup.isWellFormed()).toBe(true);
    expect(backupAlertText(locale, { kind, message: 'S3 said no' }).markup).toContain('S3 said no');
  }
});

test('the question of a large deletion names its numbers', () => {
  const message = 'retention would delete some backups';
  const { markup } = backupAlertText('uz', { kind: 'ask', message, asks: { removing: 12, of: 20 } });
  expect(markup).toContain('12');
  expect(markup).toContain('20');
});

test('a token is hidden wherever it stands, also in the address that network errors quote', () => {
  const token = '123456789:AAabcdefghijklmnopqrstuvwxyz_-01234';
  for (const text of [
    `request to https://api.telegram.org/bot${token}/getMe failed`,
    `token ${token}`,
    `(${token})`,
  ])
    expect(describeError(new Error(text))).not.toContain('abcdefghij');
});

test('a database that takes no writes any more is told at once, whatever was just said', async () => {
  let isFull = false;
  world.close();
  world = await createWorld();
  const { db: whole } = world;
  const db: Database = {
    read: (queries) => whole.read(queries),
    write: (statements) =>
      isFull
        ? Promise.reject(new DatabaseUnavailable('database unavailable: ENOSPC'))
        : whole.write(statements),
    get roundTrips() {
      return whole.roundTrips;
    },
    close: () => {},
  };
  const one = host(() => false, { db });
  const said = async (): Promise<unknown> =>
    ((await (await one.app.request('/healthz')).json()) as { database: string }).database;
  await one.runBackup('schedule', world.clock.now());
  const before = await said();
  isFull = true;
  await one.tick().catch(() => {});
  expect([before, await said()]).toEqual([before, 'takes no writes']);
  expect(before).not.toBe('takes no writes');
  isFull = false;
  world.clock.advance(1_500);
  expect(await said()).toBe(before);
});
