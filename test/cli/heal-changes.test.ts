/**
 * What an owner does to change files with plain tools, in one bucket or in both: `copy` puts back
 * what is whole in the other one and proved; what nobody has whole makes `list --check` not safe.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { sql } from '../../src/db/database.ts';
import { openEmbeddedDatabase } from '../../src/db/file/embedded-database.ts';
import { migrate } from '../../src/db/migrate.ts';
import { type CliResult, runCli } from './spawn-cli.ts';

/** Processes, on a machine that may be busy. */
const SLOW_MS = 240_000;

let directory: string;
const SETTINGS = { DATABASE_URL: 'file:bot.db', BACKUP_DIR: 'first', COPY_DIR: 'second' };
const cli = (...args: readonly string[]): Promise<CliResult> => runCli(directory, SETTINGS, ...args);

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'heal-changes-'));
  await within(async (db) => {
    await migrate(db, { now: () => new Date(), backup: async () => {} });
  });
  await cli('changes', 'ship');
  await cli('full');
  for (const code of [1, 2, 3]) {
    await within((db) => db.write([sql(`INSERT INTO anime (code, title) VALUES (${code}, 'Bleach')`)]));
    expect(await cli('changes', 'ship')).toMatchObject({ code: 0 });
  }
  expect(await cli('copy')).toMatchObject({ code: 0 });
  // As the bot does when the second copy has them.
  await within((db) => db.write([sql("DELETE FROM bucket_notes WHERE key LIKE 'stored:changes/%/%'")]));
  // With the journal.
  for (const name of readdirSync(directory))
    cpSync(join(directory, name), join(directory, 'kept', name), {
      recursive: true,
      preserveTimestamps: true,
    });
}, SLOW_MS);
beforeEach(() => {
  for (const name of readdirSync(directory))
    if (name !== 'kept') rmSync(join(directory, name), { recursive: true });
  cpSync(join(directory, 'kept'), directory, { recursive: true, preserveTimestamps: true });
});
afterAll(() => rmSync(directory, { recursive: true, force: true, maxRetries: 10 }));

async function within(
  use: (db: Awaited<ReturnType<typeof openEmbeddedDatabase>>) => Promise<unknown>,
): Promise<void> {
  const db = await openEmbeddedDatabase(join(directory, 'bot.db'));
  await use(db);
  db.close();
}

type Place = 'first' | 'second';

function changeFile(bucket: Place, at: number): string {
  const kept = join(directory, 'kept', bucket, 'changes');
  const [timeline = ''] = readdirSync(kept);
  const name = readdirSync(join(kept, timeline)).toSorted()[at] ?? '';
  return join(directory, bucket, 'changes', timeline, name);
}

const whole = (at: number): Buffer =>
  readFileSync(changeFile('first', at).replace(directory, join(directory, 'kept')));

/** Four bytes, `dd … conv=notrunc`. At 4 stands gzip's own time: what is inside is as it was. */
const TOOLS: Record<string, (path: string) => string> = {
  'dd, in the middle': (path) => `printf XXXX | dd of='${path}' bs=1 seek=200 conv=notrunc status=none`,
  'dd, at the head': (path) => `printf XXXX | dd of='${path}' bs=1 seek=4 conv=notrunc status=none`,
  truncate: (path) => `truncate -s 50 '${path}'`,
  rm: (path) => `rm '${path}'`,
};
const use = (tool: string, path: string): unknown =>
  execFileSync('bash', ['-c', TOOLS[tool]?.(path) ?? 'false']);

test.each([
  ...Object.keys(TOOLS).flatMap((tool) =>
    (['first', 'second'] as const).map((place) => ({ tool, place, at: 1 })),
  ),
  { tool: 'rm', place: 'first' as const, at: 0 },
  { tool: 'rm', place: 'first' as const, at: 2 },
  { tool: 'dd, at the head', place: 'first' as const, at: 2 },
])(
  '$tool, file $at of the $place: copy puts it back, and all is well',
  async ({ tool, place, at }) => {
    use(tool, changeFile(place, at));
    const { code, stdout, stderr } = await cli('copy');
    expect(code, stdout + stderr).toBe(0);
    // What the copy lacks is copied, as ever.
    if (place === 'first' || tool !== 'rm')
      expect(stdout).toContain(`from the ${place === 'first' ? 'second copy' : 'first bucket'}`);
    for (const bucket of ['first', 'second'] as const)
      expect(readFileSync(changeFile(bucket, at))).toEqual(whole(at));
    expect((await cli('verify', '--changes')).code).toBe(0);
    expect(await cli('list', '--check')).toMatchObject({ code: 0 });
  },
  SLOW_MS,
);

test.each(['dd, in the middle', 'truncate', 'rm'])(
  'verify --changes names the whole file next door: %s',
  async (tool) => {
    use(tool, changeFile('first', 1));
    const { code, stdout } = await cli('verify', '--changes');
    expect(code).toBe(1);
    expect(stdout).toMatch(/second copy has .* whole.*npm run backup -- copy/s);
    expect(stdout).not.toContain('npm run backup -- full');
  },
  SLOW_MS,
);

test.each(['dd, in the middle', 'dd, at the head', 'truncate'])(
  'alike in both (%s): copy fails with the name, nobody is safe, and a full backup ends it',
  async (tool) => {
    for (const place of ['first', 'second'] as const) use(tool, changeFile(place, 1));
    const name = /[^/]*$/.exec(changeFile('first', 1))?.[0] ?? '';
    const copied = await cli('copy');
    expect(copied).toMatchObject({ code: 1 });
    expect(copied.stdout).toContain(name);
    const checked = await cli('list', '--check');
    expect(checked).toMatchObject({ code: 3, stderr: expect.stringContaining(name) });
    expect(checked.stderr).toContain('npm run backup -- full');
    expect(await cli('full')).toMatchObject({ code: 0 });
    expect(await cli('list', '--check')).toMatchObject({ code: 0 });
  },
  SLOW_MS,
);

test(
  'cut in the first, and gone from the copy: the same',
  async () => {
    use('truncate', changeFile('first', 1));
    use('rm', changeFile('second', 1));
    expect(await cli('copy')).toMatchObject({ code: 1 });
    expect(existsSync(changeFile('second', 1))).toBe(false);
    expect(await cli('list', '--check')).toMatchObject({ code: 3 });
  },
  SLOW_MS,
);

test(
  'found by verify --changes: list --check says so, until the file is whole again',
  async () => {
    for (const place of ['first', 'second'] as const) use('dd, in the middle', changeFile(place, 1));
    expect(await cli('verify', '--changes')).toMatchObject({ code: 1 });
    expect(await cli('list', '--check')).toMatchObject({ code: 3 });
    cpSync(changeFile('first', 1).replace(directory, join(directory, 'kept')), changeFile('first', 1));
    expect(await cli('list', '--check')).toMatchObject({ code: 0 });
  },
  SLOW_MS,
);

test(
  'gone from the first: list --check names the copy, not a new beginning',
  async () => {
    use('rm', changeFile('first', 1));
    const { code, stderr } = await cli('list', '--check');
    expect(code).toBe(3);
    expect(stderr).toContain('npm run backup -- copy');
    expect(stderr).not.toContain('npm run backup -- full');
  },
  SLOW_MS,
);

test(
  'all change files of the first gone: copy puts back every one',
  async () => {
    rmSync(join(directory, 'first', 'changes'), { recursive: true });
    expect(await cli('copy')).toMatchObject({ code: 0 });
    for (const at of [0, 1, 2]) expect(readFileSync(changeFile('first', at))).toEqual(whole(at));
    expect(await cli('list', '--check')).toMatchObject({ code: 0 });
  },
  SLOW_MS,
);

test(
  'nothing unproved is put back: the copy’s was altered, and the first lost its own',
  async () => {
    use('dd, at the head', changeFile('second', 1));
    use('rm', changeFile('first', 1));
    expect(await cli('copy')).toMatchObject({ code: 1 });
    expect(existsSync(changeFile('first', 1))).toBe(false);
  },
  SLOW_MS,
);
