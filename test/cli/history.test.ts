/** `history`: the line of a row, from change files and from what only full backups hold. */
import { copyFileSync, readdirSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { ownDatabase } from './own-database.ts';

const own = ownDatabase('history');
const { cli, full, run } = own;

interface Told {
  readonly ok: boolean;
  readonly versions: readonly { readonly where: string; readonly row: { readonly title: string } | null }[];
  readonly gaps: readonly { readonly reason: string }[];
  readonly others: readonly { readonly timeline: string; readonly text: string }[];
  readonly living: { readonly same: boolean } | null;
  readonly backups: { readonly opened: number; readonly unopened: readonly string[] };
}

const told = async (...args: readonly string[]): Promise<Told> =>
  (await cli('history', 'anime', ...args, '--json')).json() as unknown as Told;
const titles = ({ versions }: Told): (string | undefined)[] => versions.map(({ row }) => row?.title);
const ship = async (): Promise<void> => {
  await cli('changes', 'ship');
};
const title = (text: string, id = 1): void => run(`UPDATE anime SET title = '${text}' WHERE id = ${id}`);
const add = (id: number, text: string): void =>
  run(`INSERT INTO anime (id, code, title) VALUES (${id}, ${id}, '${text}')`);
const keep = (): void => copyFileSync(join(own.directory, 'bot.db'), join(own.directory, 'old.db'));
const putBack = (): void => {
  for (const end of ['-wal', '-shm']) rmSync(join(own.directory, `bot.db${end}`), { force: true });
  copyFileSync(join(own.directory, 'old.db'), join(own.directory, 'bot.db'));
};

beforeEach(async () => {
  await own.migrate();
  await ship();
  await full();
});

test('versions that only full backups hold are told, and the gaps between them', async () => {
  add(1, 'V1');
  await ship();
  title('V2');
  await full();
  title('V3');
  await full();
  const found = await told('1');
  expect(titles(found)).toEqual([undefined, 'V1', 'V2', 'V3']);
  expect(found.gaps.map(({ reason }) => reason)).toEqual([
    expect.stringMatching(/^changes? .* in backup .* only$/),
    expect.stringMatching(/^changes? .* in backup .* only$/),
  ]);
  expect(found).toMatchObject({ ok: true, living: { same: true } });
  title('V4');
  const shown = (await cli('history', 'anime', '1')).stdout;
  expect(shown).toMatch(/"V2" → "V3"[\s\S]*the database itself[\s\S]*"V3" → "V4"/);
  expect(shown).toMatch(/between .* and .* nothing is known: changes? .* only/);
}, 120_000);

test('a row that never was, one that never changed, and one that a restore took away: in plain words', async () => {
  const never = (await cli('history', 'anime', '99')).stdout;
  expect(never).toMatch(/^no row of anime with id 99: the database has none, and no backup/);
  expect(never).not.toMatch(/not there|itself has it|\bbackup \d/);
  add(1, 'V1');
  const name = await full();
  const same = (await cli('history', 'anime', '1')).stdout;
  expect(same).toMatch(/ {2}there was no such row yet\n/);
  expect(same).toMatch(/"V1"[\s\S]*It has not changed since: the database has it so now\./);
  add(2, 'V2');
  await ship();
  run('DELETE FROM anime WHERE id = 2');
  await ship();
  await cli('restore', name, '--replace', '--yes');
  await full();
  const elsewhere = (await cli('history', 'anime', '2')).stdout;
  expect(elsewhere).toMatch(/^no row of anime with id 2: .* of its history has one/);
  expect(elsewhere).toContain('Beside this line the bucket has other histories');
  run('DELETE FROM anime WHERE id = 1');
  const without = await full();
  await cli('restore', without, '--replace', '--yes');
  await full();
  const gone = (await cli('history', 'anime', '1')).stdout;
  expect(gone).toMatch(/ {2}a restore replaced the rows: the row was not there\n/);
  expect(gone).toContain('The database itself has no such row now.');
}, 120_000);

test('an old file put back: the row is as the new line’s full backup has it, and the other branch is named', async () => {
  add(1, 'Anime 1');
  await ship();
  keep();
  title('A-branch');
  add(2, 'Anime 2');
  await ship();
  putBack();
  add(2, 'Anime 5');
  await ship();
  await full();
  expect(titles(await told('1'))).toEqual([undefined, 'Anime 1', 'Anime 1']);
  title('B-branch');
  await ship();
  const found = await told('1');
  expect(titles(found)).toEqual([undefined, 'Anime 1', 'Anime 1', 'B-branch']);
  expect(found).toMatchObject({ ok: true, living: { same: true }, gaps: [{}] });
  expect(titles(await told('2'))).toEqual([undefined, 'Anime 5']);
  const [other] = found.others;
  expect(found.others).toHaveLength(1);
  const there = await told('1', '--timeline', other?.timeline ?? '');
  expect(titles(there)).toEqual([undefined, 'Anime 1', 'A-branch']);
  expect(there.living).toBeNull();
  const shown = (await cli('history', 'anime', '1')).stdout;
  expect(shown).toMatch(/another copy of the database went on .*: the row was/);
  expect(shown).toMatch(/Beside this line.*\n.*--timeline /);
}, 120_000);

test('after a restore the row is as it was restored, also before the next full backup', async () => {
  add(1, 'V1');
  const name = await full();
  title('V2');
  await ship();
  await cli('restore', name, '--replace', '--yes');
  const waiting = await told('1');
  expect(titles(waiting).at(-1)).toBe('V1');
  expect(titles(waiting)).not.toContain('V2');
  expect(waiting.gaps.at(-1)?.reason).toMatch(/a restore replaced the rows/);
  await full();
  const found = await told('1');
  expect(titles(found)).toEqual([undefined, 'V1', 'V1']);
  expect(found.others).toHaveLength(1);
  expect((await cli('history', 'anime', '1')).stdout).toMatch(/a restore replaced the rows: the row was\n/);
}, 120_000);

test('a file that is damaged or gone is a gap, and the full backup behind it goes on', async () => {
  add(1, 'V1');
  for (const text of ['V2', 'V3', 'V4']) {
    await ship();
    title(text);
  }
  await full();
  const changes = join(own.directory, 'bucket', 'changes');
  const files = readdirSync(changes, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.gz'),
  );
  const path = join(changes, files.toSorted()[1] ?? '');
  truncateSync(path, 50);
  const damaged = await told('1');
  expect(titles(damaged)).toEqual([undefined, 'V1', 'V4']);
  expect(damaged).toMatchObject({ ok: false, gaps: [{ reason: expect.stringContaining('cut off') }] });
  rmSync(path);
  const gone = await told('1');
  expect(titles(gone)).toEqual([undefined, 'V1', 'V4']);
  expect(gone).toMatchObject({
    ok: true,
    gaps: [{ reason: expect.stringContaining('in no file: a file is gone') }],
    living: { same: true },
  });
}, 120_000);
