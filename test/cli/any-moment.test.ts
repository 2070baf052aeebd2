/**
 * Any moment of a real history, by the real commands: changes, ships and full backups killed with
 * -9, imports, restores over the database. What comes back is the copy that was taken then.
 */
import { existsSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { parseChangeKey } from '../../src/backup/changes/change-names.ts';
import { coverageOf } from '../../src/backup/changes/coverage.ts';
import { openFileSnapshotSource } from '../../src/backup/snapshot/file.ts';
import { digestFile } from '../../src/backup/verify/file-digests.ts';
import { createRandom } from '../backup/sqlite/random-values.ts';
import { ownDatabase } from './own-database.ts';
import { runCliKilled } from './spawn-cli.ts';

const STEPS = 24;
const MOMENTS = 30;
/** The others lie behind a restore, before its first full backup. */
const AT_LEAST = 20;

/** A command takes about so long, more on a busy machine. */
const MOST_MS = 2_000;
const SETTINGS = { DATABASE_URL: 'file:bot.db', BACKUP_DIR: 'bucket' };

const own = ownDatabase('any-moment');
const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 1e9));
const random = createRandom(seed);

type Rows = Readonly<Record<string, string>>;

/** From then on the database was so, until the next one. */
interface Shadow {
  readonly from: number;
  readonly rows: Rows;
  /** What replaced the rows is told by a full backup alone: until then it may be refused. */
  readonly unsureFrom: number;
}

const shadows: Shadow[] = [];
const story: string[] = [];

async function rowsOf(path: string): Promise<Rows> {
  const covered = coverageOf(await openFileSnapshotSource({ path }).schema()).covered.map(({ name }) => name);
  const { tables } = await digestFile(path, { only: covered });
  return Object.fromEntries(tables.map(({ table, sha256 }) => [table, sha256]));
}

/** A copy of the database as it is, and since when it is so: what SQLite itself says. */
async function shadow(unsureFrom?: number): Promise<void> {
  const path = join(own.directory, 'shadow.db');
  rmSync(path, { force: true });
  const db = new DatabaseSync(join(own.directory, 'bot.db'), { timeout: 20_000 });
  db.exec(`VACUUM INTO '${path}'`);
  const state = db.prepare('SELECT previous FROM change_state').get();
  const waiting = db.prepare('SELECT count(*) AS n FROM change_log').get();
  db.close();
  expect(waiting?.['n']).toBe(0);
  const previous = JSON.parse(String(state?.['previous'] ?? 'null')) as { file?: string } | null;
  const stored = parseChangeKey('', previous?.file ?? '')?.time.getTime();
  const from = unsureFrom === undefined ? (stored ?? Date.now()) : Date.now();
  const rows = await rowsOf(path);
  const last = shadows.at(-1);
  if (last !== undefined && JSON.stringify(last.rows) === JSON.stringify(rows)) return;
  shadows.push({ from, rows, unsureFrom: unsureFrom ?? from });
}

/** Changes of many kinds, in transactions of their own. */
function change(): void {
  const count = 1 + random.int(4);
  for (let i = 0; i < count; i += 1) {
    const code = 1 + random.int(12);
    own.run(
      random.pick([
        `INSERT OR IGNORE INTO anime (code, title) VALUES (${code}, 'a' || hex(randomblob(6)))`,
        `UPDATE anime SET title = hex(randomblob(8)), updated_at = datetime('now') WHERE code = ${code}`,
        `DELETE FROM anime WHERE code = ${code}`,
        `INSERT INTO users (user_id, username) VALUES (${random.int(1e6)}, 'u') ON CONFLICT DO UPDATE SET last_name = hex(randomblob(4))`,
        `UPDATE users SET username = hex(randomblob(4)) WHERE user_id % 3 = ${random.int(3)}`,
        `INSERT INTO user_history (user_id, anime_code, part_number) SELECT user_id, ${code}, 1 FROM users LIMIT 5`,
        `DELETE FROM users WHERE user_id % 7 = ${random.int(7)}`,
      ]),
    );
  }
}

async function good(...args: readonly string[]): Promise<void> {
  const done = await own.cli(...args);
  expect(done.code, `seed ${seed}: ${args.join(' ')}: ${done.stdout}${done.stderr}`).toBe(0);
}

/** Killed at any moment of its work, or done. */
async function killed(...args: readonly string[]): Promise<void> {
  await runCliKilled(own.directory, SETTINGS, 200 + random.int(MOST_MS), ...args);
}

/** Until nothing waits; where a full backup has to come first it is made. */
async function ship(): Promise<void> {
  const done = await own.cli('changes', 'ship');
  if (done.code === 0) return;
  await good('full', '--yes');
  await good('changes', 'ship');
}

async function step(at: number): Promise<void> {
  const what =
    at < 3
      ? 'ship'
      : random.pick(['ship', 'ship', 'ship', 'kill', 'kill', 'full', 'kill full', 'restore', 'import']);
  story.push(`${new Date().toISOString()} ${what}`);
  const begun = Date.now();
  if (what === 'restore') {
    const { from } = random.pick(shadows.slice(-6));
    await good('restore', '--at', new Date(from).toISOString(), '--replace', '--yes');
    await good('full', '--yes');
    return shadow(begun);
  }
  if (what === 'import') {
    await good('export', '-o', 'older.json', '--yes');
    change();
    await ship();
    await shadow();
    const before = Date.now();
    await good('import', 'older.json', '--prefer', 'file', '--yes');
    await ship();
    rmSync(join(own.directory, 'older.json'));
    return shadow(before);
  }
  change();
  if (what === 'kill') for (let i = 0; i < 2; i += 1) await killed('changes', 'ship');
  if (what === 'kill full') await killed('full', '--yes');
  await ship();
  // A full backup that was made before it was killed holds what waited then.
  await shadow(what === 'kill full' ? begun : undefined);
  if (what === 'full') await good('full', '--yes');
}

test(`${MOMENTS} moments of a history of ${STEPS} steps`, { timeout: 2_400_000 }, async () => {
  await own.migrate();
  await own.cli('changes', 'ship');
  await good('full', '--yes');
  await shadow(Date.now());
  for (let at = 0; at < STEPS; at += 1) {
    await step(at);
    await sleep(5);
  }
  const [first, last] = [shadows[0]?.from ?? 0, shadows.at(-1)?.from ?? 0];
  let restored = 0;
  mkdirSync(join(own.directory, 'then'));
  for (let i = 0; i < MOMENTS; i += 1) {
    const at = first + random.int(last - first + 1);
    const path = join(own.directory, 'then', `${i}.db`);
    const done = await own.cli(
      'restore',
      '--at',
      new Date(at).toISOString(),
      '--to',
      `file:${path}`,
      '--yes',
    );
    const now = shadows.findLastIndex(({ from }) => from <= at);
    const next = shadows[now + 1];
    const isUnsure = next !== undefined && at >= next.unsureFrom - 1_000;
    const what = `seed ${seed}, ${new Date(at).toISOString()}:\n${story.join('\n')}\n${done.stdout}${done.stderr}`;
    if (done.code !== 0) {
      expect(isUnsure, what).toBe(true);
      expect(existsSync(path) && statSync(path).size > 0, what).toBe(false);
      continue;
    }
    restored += 1;
    const rows = JSON.stringify(await rowsOf(path));
    const right = [shadows[now]?.rows, ...(isUnsure ? [next.rows] : [])].map((one) => JSON.stringify(one));
    expect(right, what).toContain(rows);
  }
  expect(restored, `seed ${seed}`).toBeGreaterThanOrEqual(AT_LEAST);
});
