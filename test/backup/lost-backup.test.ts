/**
 * That the newest backup was taken out of the bucket is known from the record of runs, until a
 * newer one is good.
 */
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { madeLater } from '../../src/backup/catalog/lost-backup.ts';
import { backupName, manifestKey } from '../../src/backup/catalog/names.ts';
import { createBackupEngine } from '../../src/backup/engine.ts';
import { drill } from '../../src/backup/restore/drill.ts';
import { runBackup } from '../../src/backup/run/run.ts';
import { sql } from '../../src/db/database.ts';
import { runCli } from '../cli/spawn-cli.ts';
import { createWorld, type World } from '../support/backup-world.ts';

const HOUR = 3_600_000;
let world: World;
let older = '';
let newest = '';

async function back(): Promise<string> {
  const outcome = await runBackup(world.context, { trigger: 'schedule', scheduledAt: world.clock.now() });
  if (outcome.kind !== 'done') throw new Error(JSON.stringify(outcome));
  return outcome.name;
}

async function later(hours: number): Promise<void> {
  world.clock.set(new Date(world.clock.now().getTime() + hours * HOUR));
}

beforeEach(async () => {
  world = await createWorld({}, 'small');
  onTestFinished(() => world.close());
  older = await back();
  await later(5);
  newest = await back();
  await later(1);
});

const engine = () =>
  createBackupEngine({
    ...world.context,
    requests: world.ledger,
    maxAgeHours: 26,
    signLink: () => '',
  });

const LOSSES: readonly (readonly [string, string, () => Promise<unknown>])[] = [
  [
    'all its files are gone from the bucket',
    'all its files',
    async () => {
      const found = await engine().find(newest as never);
      await world.context.store.delete((found?.objects ?? []).map(({ key }) => key));
    },
  ],
  [
    'its manifest is gone from the bucket',
    'its manifest',
    () => world.context.store.delete([manifestKey('backups/', newest as never)]),
  ],
  [
    'manifest was changed',
    'one byte of its manifest',
    async () => {
      const key = manifestKey('backups/', newest as never);
      const object = await world.context.store.get(key);
      const text = await new Response(object?.body).text();
      await world.context.store.put(key, Buffer.from(text.replace('"app_version": "0', '"app_version": "9')));
    },
  ],
];

test('what nobody can read and no run made is no good news: health tells of it until a newer one is good', async () => {
  const stray = backupName(world.clock.now());
  await world.context.store.put(manifestKey('backups/', stray), new Uint8Array());
  expect(await engine().health()).toMatchObject({
    ok: false,
    name: newest,
    damaged: { name: stray, problem: expect.any(String) },
  });
  await later(1);
  await back();
  expect((await engine().health()).ok).toBe(true);
});

describe.each(LOSSES)('%s', (problem, _, lose) => {
  test('health tells of it until a newer one is good', async () => {
    expect(await engine().health()).toMatchObject({ ok: true, name: newest });
    await lose();
    expect(await engine().health()).toMatchObject({
      ok: false,
      reason: 'damaged',
      name: older,
      damaged: { name: newest, problem: expect.stringContaining(problem), isLost: true },
    });
    await later(1);
    const next = await back();
    expect(await engine().health()).toMatchObject({ ok: true, name: next });
  });
});

test('a run of a clock that ran ahead, and a database that does not tell, raise no alarm', async () => {
  await world.context.store.delete(
    (await engine().list()).entries.flatMap(({ name, objects }) =>
      name === newest ? objects.map(({ key }) => key) : [],
    ),
  );
  const behind = new Date(world.clock.now().getTime() - 4 * HOUR);
  world.clock.set(behind);
  expect(await engine().health()).toMatchObject({ ok: true, name: older });
  await world.db.write([sql('DROP TABLE backup_runs')]);
  await later(4);
  expect(await engine().health()).toMatchObject({ ok: true, name: older });
});

test('a drill with an older one is not passed', async () => {
  const parts = { bucket: world.context, keys: undefined, clock: world.clock };
  const lost = { name: newest, problem: 'its manifest is gone from the bucket', isLost: true } as const;
  await world.context.store.delete([manifestKey('backups/', newest as never)]);
  expect((await drill({ ...parts, lost })).record).toMatchObject({
    name: older,
    ok: false,
    problem: `the newest backup, ${newest}, is lost: its manifest is gone from the bucket; this older one could be restored`,
  });
  expect((await drill(parts)).record).toMatchObject({ name: older, ok: true });
});

describe('a clock that was behind', () => {
  test('the backup made later is told where an older one passes for the newest', async () => {
    const told = (name: string) => madeLater(world.context, async () => world.ledger, name as never);
    expect(await told(newest)).toBeUndefined();
    await later(-48);
    const behind = await back();
    await later(48);
    expect((await engine().health()).name).toBe(newest);
    expect(await told(newest)).toContain(`${behind} was made after ${newest}, by a clock that was behind`);
    const settings = { DATABASE_URL: `file:${world.path}`, BACKUP_DIR: 'bucket', BACKUP_PREFIX: 'backups/' };
    for (const args of [['list'], ['restore', 'latest', '--dry-run']]) {
      const { stdout, stderr } = await runCli(world.directory, settings, ...args);
      expect(stdout + stderr).toContain(`${behind} was made after ${newest}`);
    }
    await world.context.store.delete([manifestKey('backups/', behind as never)]);
    expect(await told(newest)).toBeUndefined();
    await later(1);
    expect(await told(await back())).toBeUndefined();
  });

  test('the safety backup of a restore is no later one', async () => {
    await later(-48);
    const outcome = await runBackup(world.context, { trigger: 'restore', scheduledAt: world.clock.now() });
    expect(outcome.kind).toBe('done');
    expect(await madeLater(world.context, async () => world.ledger, newest as never)).toBeUndefined();
  });
});
