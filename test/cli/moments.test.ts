/** The real CLI at a moment: restore, download, diff and export. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseMoment } from '../../src/cli/moment-options.ts';
import { clockNote, copyMoment, showMoment } from '../../src/text/moment.ts';
import { type ChangeWorld, createChangeWorld } from '../support/change-world.ts';
import { type CliResult, runCli } from './spawn-cli.ts';

let world: ChangeWorld;
/** When `one` and `two` were the note. */
let one: string;
let two: string;
beforeAll(async () => {
  world = await createChangeWorld();
  await world.full();
  const change = async (note: string): Promise<string> => {
    world.clock.advance(60_000);
    world.sql(
      `INSERT INTO counted (id, note) VALUES (1, '${note}') ON CONFLICT DO UPDATE SET note = excluded.note`,
    );
    await world.ship();
    return world.clock.now().toISOString();
  };
  one = await change('one');
  two = await change('two');
  world.clock.advance(60_000);
});
afterAll(() => world.close());

const cli = (...args: readonly string[]): Promise<CliResult> =>
  runCli(
    world.directory,
    {
      DATABASE_URL: 'file:data.db',
      BACKUP_DIR: 'bucket',
      BACKUP_PREFIX: 'backups/',
      TIMEZONE: 'Asia/Tashkent',
    },
    ...args,
  );

test('a moment as people write it', () => {
  const now = new Date('2026-11-27T10:00:00.000Z');
  const read = (text: string, zone = 'Asia/Tashkent') => parseMoment(text, now, zone).toISOString();
  expect(read('15m')).toBe('2026-11-27T09:45:00.000Z');
  expect(read('2h ago')).toBe('2026-11-27T08:00:00.000Z');
  expect(read('2026-11-27 14:32')).toBe('2026-11-27T09:32:00.000Z');
  // As times are shown: all of that second, and of this one what has passed.
  expect(read('14:32:05')).toBe('2026-11-27T09:32:05.999Z');
  expect(read('2026-11-27 15:00:00')).toBe('2026-11-27T10:00:00.000Z');
  expect(read('14:32:05.250')).toBe('2026-11-27T09:32:05.250Z');
  expect(read('2026-11-27T14:32:05+05:00')).toBe('2026-11-27T09:32:05.000Z');
  expect(read('2026-11-27T14:32:05.250Z')).toBe('2026-11-27T14:32:05.250Z');
  expect(read('2026-11-27 14:32+03:00')).toBe('2026-11-27T11:32:00.000Z');
  // Clocks go back at 03:00: the zone's own rules of that day.
  expect(read('2026-10-25 12:00', 'Europe/Berlin')).toBe('2026-10-25T11:00:00.000Z');
  expect(read('2026-10-24 12:00', 'Europe/Berlin')).toBe('2026-10-24T10:00:00.000Z');
  // As people here write a date.
  expect(read('27.11.2026 14:32')).toBe('2026-11-27T09:32:00.000Z');
  expect(read('7.1.2026 9:05')).toBe('2026-01-07T04:05:00.000Z');
  for (const wrong of [
    ...['', 'yesterday', '2026-11-31', '2026-13-01 10:00', '25:00', '15', '24:00'],
    // JavaScript would take it for the 3rd of March.
    ...['2026-02-31 14:32', '31.02.2026 14:32', '31.11 14:32'],
  ])
    expect(() => read(wrong), wrong).toThrow('is not a time');
  expect(showMoment(new Date('2026-11-27T09:32:05Z'), 'Asia/Tashkent')).toBe(
    '2026-11-27 14:32:05 (Asia/Tashkent)',
  );
});

test('a fraction of a second is copied: the moment that is told is the moment that is taken', () => {
  const at = new Date('2026-11-27T09:32:05.678Z');
  for (const [zone, wanted] of [
    ['Asia/Tashkent', '2026-11-27T14:32:05.678+05:00'],
    ['America/St_Johns', '2026-11-27T06:02:05.678-03:30'],
    ['UTC', '2026-11-27T09:32:05.678+00:00'],
  ] as const) {
    expect(copyMoment(at, zone)).toBe(wanted);
    expect(parseMoment(wanted, at, 'Asia/Tokyo')).toEqual(at);
  }
});

test.each([
  ['2026-03-29 02:30', 'Europe/Berlin', /skip that hour; 2026-03-29T03:30:00\+02:00 was taken/],
  [
    '2026-10-25 02:30',
    'Europe/Berlin',
    /show it twice; 2026-10-25T02:30:00\+01:00 was taken, the other one is 2026-10-25T02:30:00\+02:00/,
  ],
  ['2026-10-25 03:30', 'Europe/Berlin', undefined],
  ['2026-10-25T02:30Z', 'Europe/Berlin', undefined],
  ['2026-10-25 02:30', 'Asia/Tashkent', undefined],
])('%s in %s: what clocks skip or show twice is told', (text, zone, said) => {
  const note = clockNote(text, parseMoment(text, new Date('2026-11-27T10:00:00Z'), zone), zone);
  if (said === undefined) expect(note).toBeUndefined();
  else expect(note).toMatch(said);
});

test('restore --at brings the moment back, and says which', async () => {
  const dry = await cli('restore', '--at', one, '--any-schema', '--dry-run', '--json');
  expect(dry.json()).toMatchObject({
    point: { at: one, reached: one },
    tables: expect.arrayContaining([expect.objectContaining({ table: 'counted', changed: 1 })]),
  });
  const done = await cli('restore', '--at', one, '--any-schema', '--to', 'file:then.db');
  expect(done).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(
      /^The state of 2026-06-15 07:02:00, by backup \S+ and the changes behind it\.\n {2}to name it again: --at 2026-06-15T07:02:00\+05:00$/m,
    ),
  });
  const later = new Date(Date.parse(one) + 30_250).toISOString();
  expect((await cli('restore', '--at', later, '--any-schema', '--dry-run')).stdout).toMatch(
    /^The state of 2026-06-15 07:02:00, the last one stored up to 2026-06-15 07:02:30, by/m,
  );
  const db = new DatabaseSync(join(world.directory, 'then.db'), { readOnly: true });
  expect(db.prepare('SELECT note FROM counted').get()).toEqual({ note: 'one' });
  db.close();
  for (const [args, code, message] of [
    [['--at', '2099-01-01 10:00'], 2, /is still to come/],
    [['latest', '--at', one], 2, /takes a backup or --at, not both/],
    [[], 2, /missing required argument 'source'/],
    [['latest', '--best-effort'], 2, /--best-effort goes with --at/],
    [['--at', '2020-01-01 10:00'], 1, /there is no full backup from before/],
  ] as const)
    expect(await cli('restore', ...args)).toMatchObject({ code, stderr: expect.stringMatching(message) });
}, 60_000);

test('restore latest says that changes are stored behind it, and by what command', async () => {
  const said = /changes are stored up to 2026-06-15T02:03:00\.000Z: `npm run backup -- (.*)` takes them, too/;
  const args = ['--any-schema', '--to', 'file:latest.db', '--dry-run', '--json'];
  const { notes } = (await cli('restore', 'latest', ...args)).json();
  expect(said.exec(String(notes))?.[1]).toBe(
    `restore --at ${two} --replace --any-schema --to file:latest.db --dry-run`,
  );
  // Whoever names a backup means it.
  expect((await cli('restore', '2026', '--any-schema', '--dry-run')).stdout).not.toMatch(said);
}, 60_000);

test('download, export and diff at a moment', async () => {
  const downloaded = await cli('download', '--at', one, '--best-effort', '--json');
  const [file] = downloaded.json()['files'] as string[];
  expect(existsSync(join(world.directory, file ?? ''))).toBe(true);
  expect(await cli('export', '--at', two, '--best-effort', '-o', 'two.json')).toMatchObject({ code: 0 });
  expect(readFileSync(join(world.directory, 'two.json'), 'utf8')).toContain('"note":"two"');
  const diff = await cli('diff', '--at', one, '--to', two, '--best-effort', '--json');
  expect(diff.json()).toMatchObject({
    same: false,
    tables: expect.arrayContaining([expect.objectContaining({ table: 'counted', changed: 1, added: 0 })]),
  });
  expect((await cli('diff', file ?? '', '--to', one, '--json')).json()).toMatchObject({ same: true });
}, 60_000);

test('changes, list and verify --changes: how far back, and whether it holds', async () => {
  const [status, list] = [await cli('changes', '--json'), await cli('list')];
  expect(status.json()).toMatchObject({
    ok: true,
    files: 2,
    newest: { seq: 2 },
    point_in_time: { to: two, gaps: [] },
    timelines: [{ files: 2, backups: 1, reason: 'new' }],
  });
  const line =
    /Point in time: any minute from 2026-06-15 07:00:\d\d to 2026-06-15 07:03:00: restore --at <time>/;
  expect(list.stdout).toMatch(line);
  expect(await cli('verify', '--changes')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('Good: 2 change files'),
  });
  world.newTimeline('restore');
  world.clock.advance(60_000);
  await world.full({ trim: true });
  expect((await cli('restore', 'latest', '--any-schema', '--dry-run')).stdout).not.toContain(
    'changes are stored',
  );
  world.sql('INSERT INTO counted (note) VALUES (3)');
  const lost = await world.ship();
  world.sql('INSERT INTO counted (note) VALUES (4)');
  world.clock.advance(60_000);
  const last = await world.ship();
  rmSync(world.pathOf(lost));
  const shown = (await cli('changes')).stdout;
  expect(shown).toContain('(2 gaps)');
  expect(shown).toMatch(/not from 2026-06-15 07:03:00 to .*: a restore replaced the rows/);
  expect(shown).toMatch(
    /^o 00000000 {2}since 2026-06-15 07:00:\d\d, a change log began anew: 2 files, 1 backup, to 2026-06-15 07:03:00$/m,
  );
  expect(shown).toMatch(
    /^└─o 00000000 .*a restore replaced the rows after change 2: 1 file, 1 backup, to .* \(newest\)$/m,
  );
  expect(await cli('verify', '--changes', '--json')).toMatchObject({ code: 1 });
  expect((await cli('verify', '--changes')).stdout).toContain(`${lost} is gone, and ${last} continues it`);
}, 60_000);

test('history: a table younger than the oldest backup; what could not be read is said first', async () => {
  world.sql('CREATE TABLE late (id INTEGER PRIMARY KEY, note); INSERT INTO late VALUES (1, 7)');
  await world.full();
  expect(await cli('history', 'late', '1')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('note: 7'),
  });
  world.sql('INSERT INTO counted (note) VALUES (5)');
  const path = world.pathOf(await world.ship());
  writeFileSync(path, readFileSync(path).subarray(0, 40));
  expect(await cli('history', 'late', '2')).toMatchObject({
    code: 1,
    stdout: expect.stringMatching(
      /^not read: [\s\S]*no row of late with id 2: [^\n]* has one in what could be read/,
    ),
  });
}, 60_000);
