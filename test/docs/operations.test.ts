/**
 * docs/operations.md, run as written: every `sh` block of a section, in a world in the state that
 * the section speaks of.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { text as readText } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type SqlServer, startSqlServer } from '../../sim/sql-over-http/sql-server.ts';
import { generateKey } from '../../src/backup/envelope/keys.ts';
import { copyLive } from '../../src/backup/snapshot/copy-live.ts';
import { openEmbeddedSnapshotSource } from '../../src/backup/snapshot/embedded.ts';
import { createWorld } from '../support/backup-world.ts';
import { childEnv } from '../support/child-env.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SAMPLE_NAME = '20260102_020000';

/** Heading -> its `sh` blocks. */
const sections = new Map(
  readFileSync(join(ROOT, 'docs/operations.md'), 'utf8')
    .split(/^## /m)
    .slice(1)
    .map((text) => [
      text.slice(0, text.indexOf('\n')),
      [...text.matchAll(/^```sh\n(.*?)^```/gms)].map(([, block = '']) => block),
    ]),
);

let template: string;
let scratch: string;
beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'operations-'));
  const world = await createWorld();
  template = join(scratch, 'template.db');
  await copyLive(openEmbeddedSnapshotSource({ path: world.path }), template);
  world.close();
});
afterAll(() => rmSync(scratch, { recursive: true, force: true, maxRetries: 10 }));

/** A directory with settings of its own in `.env`. */
class Place {
  readonly directory: string;
  server: SqlServer | undefined;
  /** Times as the page has them, and what they are in the test. */
  moments: Readonly<Record<string, string>> = {};
  #name: string | undefined;
  #settings: Record<string, string> = { DATABASE_URL: 'file:data/anime_bot.db', BACKUP_DIR: 'data/backups' };

  constructor() {
    this.directory = mkdtempSync(join(scratch, 'place-'));
    mkdirSync(join(this.directory, 'data'));
    copyFileSync(template, this.database);
    // `npm run backup -- …` without npm's half second: the page has some thirty of them.
    const main = join(ROOT, 'src/cli/main.ts');
    const npm = `#!/bin/sh\nwhile [ "$1" != -- ]; do shift; done\nshift\nexec node ${main} "$@"\n`;
    mkdirSync(join(this.directory, 'bin'));
    writeFileSync(join(this.directory, 'bin/npm'), npm, { mode: 0o755 });
    this.set({});
  }

  get database(): string {
    return join(this.directory, 'data/anime_bot.db');
  }

  set(settings: Record<string, string>): void {
    this.#settings = { ...this.#settings, ...settings };
    const lines = Object.entries(this.#settings).map(([name, value]) => `${name}=${value}`);
    writeFileSync(join(this.directory, '.env'), `${lines.join('\n')}\n`);
  }

  /** Its output; rejects with it when a command fails. */
  async sh(script: string): Promise<string> {
    let text = script.replaceAll(SAMPLE_NAME, this.#name ?? SAMPLE_NAME);
    for (const [written, meant] of Object.entries(this.moments)) text = text.replaceAll(written, meant);
    // With a socket for its standard input, bash may take itself for a remote shell and read the
    // system's bashrc.
    const child = spawn('bash', ['--norc', '--noprofile', '-euo', 'pipefail', '-c', text], {
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: this.directory,
      env: {
        ...childEnv(),
        PATH: `${join(this.directory, 'bin')}:${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`,
        NODE_NO_WARNINGS: '1',
        ...(this.server === undefined ? {} : { NEW_DATABASE_URL: this.server.url }),
      },
    });
    const said = Promise.all([readText(child.stdout), readText(child.stderr)]);
    const [code] = await once(child, 'close');
    const [stdout, stderr] = await said;
    if (code !== 0) throw new Error(`failed with ${code}: ${text}\n${stdout}${stderr}`);
    return stdout;
  }

  async backUp(): Promise<void> {
    const answer: unknown = JSON.parse(await this.sh('npm run backup -- full --json'));
    if (typeof answer === 'object' && answer !== null && 'name' in answer) this.#name = String(answer.name);
  }

  change(sql: string): void {
    const db = new DatabaseSync(this.database, { timeout: 10_000 });
    db.exec(sql);
    db.close();
  }

  count(sql: string, path = this.database): number {
    const db = new DatabaseSync(path, { readOnly: true, timeout: 10_000 });
    try {
      return Number(Object.values(db.prepare(sql).get() ?? {})[0]);
    } finally {
      db.close();
    }
  }
}

/** Runs all blocks of a section; gives what the last one printed. */
async function follow(
  heading: string,
  place: Place,
  between: (index: number) => void | Promise<void> = () => {},
): Promise<string> {
  const blocks = sections.get(heading);
  if (blocks === undefined || blocks.length === 0)
    throw new Error(`docs/operations.md has no section ${heading} with steps`);
  let said = '';
  for (const [i, block] of blocks.entries()) {
    await between(i);
    said = await place.sh(block);
  }
  return said;
}

const ANIME = 'SELECT count(*) FROM anime';

describe('each step as written', { concurrent: false }, () => {
  test('a restore drill', async () => {
    const place = new Place();
    await place.backUp();
    expect(await follow('A restore drill, before you need it', place)).toMatch(
      /Last restore drill: \d+ s ago/,
    );
  });

  test('being told before it is too late: safe, and 3 when not', async () => {
    const place = new Place();
    const heading = 'Being told before it is too late';
    await expect(follow(heading, place)).rejects.toThrow(/^failed with 3: /);
    await place.backUp();
    expect(await follow(heading, place)).toMatch(/^Safe: /);
    const page = readFileSync(join(ROOT, 'docs/operations.md'), 'utf8');
    expect(page).toMatch(/^\d+ \* \* \* \* cd \S+ && npm run --silent backup -- list --check >\/dev\/null$/m);
  });

  test('the database was deleted', async () => {
    const place = new Place();
    // What was stored behind the newest backup comes back as well.
    await place.sh('npm run backup -- changes ship').catch(() => undefined);
    await place.backUp();
    place.change('DELETE FROM anime_parts; DELETE FROM anime WHERE id > 39');
    await place.sh('npm run backup -- changes ship');
    rmSync(place.database);
    await follow('The database was deleted', place);
    expect(place.count(ANIME)).toBe(39);
  });

  test('the database file is damaged', async () => {
    const place = new Place();
    await place.backUp();
    writeFileSync(place.database, 'SQLite format 3\0 no more');
    await follow('The database file is damaged', place);
    expect(place.count(ANIME)).toBe(40);
    const [kept = ''] = readdirSync(dirname(place.database)).filter((name) => name.includes('.broken-'));
    expect(readFileSync(join(dirname(place.database), kept), 'utf8')).toContain('no more');
  });

  test('a backup is damaged', async () => {
    const place = new Place();
    await place.backUp();
    const files = join(place.directory, 'data/backups');
    for (const file of readdirSync(files, { recursive: true, encoding: 'utf8' }))
      if (file.endsWith('.gz')) {
        const bytes = readFileSync(join(files, file));
        bytes[50] = (bytes[50] ?? 0) ^ 1;
        writeFileSync(join(files, file), bytes);
      }
    await expect(place.sh('npm run backup -- verify latest')).rejects.toThrow('BAD');
    expect(await place.sh('npm run backup -- list')).toMatch(
      /^Not safe: .*not the database.*"A backup is damaged"/,
    );
    expect(await follow('A backup is damaged', place)).toMatch(/^Safe: /m);
  });

  test('minutes: undo the last ones, who changed a title, one table as it was', async () => {
    const place = new Place();
    const ship = () => place.sh('npm run backup -- changes ship');
    // The log begins, and its first full backup.
    await ship().catch(() => undefined);
    await place.backUp();
    const change = async (sql: string): Promise<string> => {
      place.change(sql);
      await ship();
      return new Date().toISOString();
    };
    const good = await change("UPDATE anime SET title = 'Bleach' WHERE id = 1");
    const bad = await change("UPDATE anime SET title = 'x' WHERE id = 1; DELETE FROM anime_parts");
    expect(await follow('Who changed this title?', place)).toMatch(
      /title: "Naruto 1" → "Bleach"[\s\S]*title: "Bleach" → "x"/,
    );
    // A few seconds ago stand for minutes.
    place.moments = {
      '--at 12:00': `--at ${good}`,
      '--to 0m': `--to ${bad}`,
      '--at 10m': `--at ${good}`,
      // What the dry run has named.
      '--at 2026-11-27T14:22:00+05:00': `--at ${good}`,
    };
    await follow('Restore one table as it was at noon', place);
    expect(place.count('SELECT count(*) FROM anime_parts')).toBe(120);
    expect(place.count("SELECT count(*) FROM anime WHERE title = 'x'")).toBe(1);
    place.change('DELETE FROM anime_parts');
    const begun = await follow('Undo the last ten minutes', place, async (i) => {
      // The restore before has begun another history.
      if (i === 0) await place.backUp();
    });
    expect(begun).toContain('restored:');
    expect(place.count('SELECT count(*) FROM anime_parts')).toBe(120);
    expect(place.count("SELECT count(*) FROM anime WHERE title = 'Bleach'")).toBe(1);
  });

  test('a table is gone: one command brings back what came after the newest backup', async () => {
    const place = new Place();
    await place.sh('npm run backup -- changes ship').catch(() => undefined);
    await place.backUp();
    place.change('DELETE FROM anime_parts WHERE id <= 20');
    await place.sh('npm run backup -- changes ship');
    place.moments = { '--at 14:31': `--at ${new Date().toISOString()}` };
    // So that the moment asked for is none of now, when the table is gone already.
    await sleep(1_000);
    place.change('DROP TABLE anime_parts; INSERT INTO users (user_id) VALUES (99)');
    expect(await follow('A table is gone', place)).toMatch(/^Safe: /m);
    expect(place.count('SELECT count(*) FROM anime_parts')).toBe(100);
    expect(place.count('SELECT count(*) FROM users WHERE user_id = 99')).toBe(1);
  });

  test('an older file was put back: the command that list prints brings back what the bucket has', async () => {
    const place = new Place();
    await place.sh('npm run backup -- changes ship').catch(() => undefined);
    await place.backUp();
    const older = join(place.directory, 'older.db');
    copyFileSync(place.database, older);
    place.change('DELETE FROM anime_parts WHERE id <= 20');
    await place.sh('npm run backup -- changes ship');
    copyFileSync(older, place.database);
    const said = await place.sh('npm run backup -- list');
    const [, printed = 'nothing'] = /restore (--at \S+) --replace/.exec(said) ?? [];
    // A person says yes.
    place.moments = { '--at 2026-11-28T18:45:05.198Z --replace': `${printed} --replace --yes` };
    await follow('An older file was put back', place);
    expect(place.count('SELECT count(*) FROM anime_parts')).toBe(100);
  });

  test('a bad deploy corrupted rows', async () => {
    const place = new Place();
    await place.backUp();
    place.change("UPDATE anime SET title = 'x'; INSERT INTO users (user_id) VALUES (99)");
    await follow('A bad deploy corrupted rows', place, (i) => {
      if (i !== 2) return;
      expect(place.count("SELECT count(*) FROM anime WHERE title = 'x'")).toBe(0);
      expect(place.count('SELECT count(*) FROM users WHERE user_id = 99')).toBe(1);
      place.change("UPDATE anime SET title = 'x'");
    });
    expect(place.count("SELECT count(*) FROM anime WHERE title = 'x'")).toBe(0);
    expect(place.count('SELECT count(*) FROM users WHERE user_id = 99')).toBe(0);
  });

  // Its steps before that are walked by test/cli/rotation.test.ts.
  test('changing a credential', async () => {
    expect(await follow('Changing a credential', new Place())).toContain('Good');
  });

  test('the bucket’s credentials leaked', async () => {
    const place = new Place();
    await place.backUp();
    await follow('The bucket’s credentials leaked'.replace('’', "'"), place);
    expect(existsSync(join(place.directory, 'copies'))).toBe(true);
  });

  test('the key is lost', async () => {
    const place = new Place();
    const lost = await generateKey();
    place.set({ BACKUP_AGE_RECIPIENTS: lost.recipient });
    await place.backUp();
    const fresh = await generateKey();
    place.moments = { '2026-11-27 14:32': '0m' };
    const said = await follow('The key is lost', place, (i) => {
      if (i === 1) place.set({ BACKUP_AGE_RECIPIENTS: fresh.recipient, BACKUP_AGE_IDENTITY: fresh.identity });
      // What is brought back has no database any more.
      if (i > 1) for (const end of ['', '-wal', '-shm']) rmSync(place.database + end, { force: true });
    });
    expect(said).toContain('restored:');
  });

  test('Turso is gone', async () => {
    const place = new Place();
    await place.backUp();
    place.server = await startSqlServer({ file: join(place.directory, 'server.db') });
    expect(await follow('Turso is gone', place)).toContain('done:');
    await place.server.close();
    expect(place.count(ANIME, join(place.directory, 'server.db'))).toBe(40);
  });

  test('R2 is gone', async () => {
    const place = new Place();
    await place.backUp();
    rmSync(join(place.directory, 'data/backups'), { recursive: true });
    place.set({ BACKUP_DIR: 'elsewhere' });
    expect(await follow('R2 is gone', place)).toContain('Good');
  });

  test('a second copy elsewhere', async () => {
    const place = new Place();
    await place.backUp();
    place.set({ COPY_DIR: 'elsewhere' });
    expect(await follow('A second copy elsewhere', place)).toContain('drill passed');
  });

  test('the account is gone: from the second bucket and the key alone everything is back', async () => {
    const place = new Place();
    const key = await generateKey();
    place.set({ COPY_DIR: 'elsewhere', BACKUP_AGE_RECIPIENTS: key.recipient });
    await place.backUp();
    rmSync(join(place.directory, 'data'), { recursive: true });
    place.set({ BACKUP_AGE_IDENTITY: key.identity });
    const said = await follow('The account is gone', place, (i) => {
      if (i === 1) expect(place.count(ANIME)).toBe(40);
    });
    expect(said).toMatch(/Second copy: has every backup, none cut short[\s\S]*both[\s\S]*second only/);
  });

  test('everything on a USB stick', async () => {
    const place = new Place();
    await place.backUp();
    expect(await follow('Everything on a USB stick', place)).toContain('every byte as in its manifest');
  });

  test('moving from the old Python bot', async () => {
    const place = new Place();
    rmSync(place.database);
    const old = {
      backup_timestamp: '2024-01-01T12:00:00',
      anime: [{ id: 1, code: 5, description: 'Naruto', parts: [{ part_number: 1, file_id: 'f' }] }],
      users: [{ user_id: 7 }],
    };
    writeFileSync(join(place.directory, 'old.json'), JSON.stringify(old));
    await follow('Moving from the old Python bot', place);
    expect(place.count('SELECT count(*) FROM anime WHERE code = 5')).toBe(1);
    expect(place.count('SELECT count(*) FROM anime_parts')).toBe(1);
  });

  test('moving between hosts', async () => {
    const place = new Place();
    place.server = await startSqlServer({ file: join(place.directory, 'server.db') });
    await follow('Moving between hosts', place);
    await place.server.close();
    expect(place.count(ANIME, join(place.directory, 'moved/anime_bot.db'))).toBe(40);
    expect(place.count(ANIME, join(place.directory, 'server.db'))).toBe(40);
  });
});

/** Followed with two bots, in test/moving/pages.test.ts. */
const WITH_TWO_BOTS = ['The bot was banned'];

test('every section with steps is followed above', () => {
  const source = readFileSync(fileURLToPath(import.meta.url), 'utf8').replaceAll('’', "'");
  const missing = [...sections].filter(
    ([heading, blocks]) =>
      blocks.length > 0 &&
      !WITH_TWO_BOTS.includes(heading) &&
      !source.includes(`'${heading}'`) &&
      !source.includes(`follow('${heading}`),
  );
  expect(missing.map(([heading]) => heading)).toEqual([]);
});
