/** The disk of a database is taken out beside the running bot: the rescued file stays in sight. */
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import Sqlite from 'libsql';
import { expect, onTestFinished, test } from 'vitest';
import { createDirectoryStore } from '../../src/backup/store/directory.ts';
import { ownLock } from '../../src/db/file/lock-text.ts';
import { rescue } from '../../src/db/file/rescue.ts';
import { requireNothingKept } from '../../src/hosts/node/missing-database.ts';
import { diskGone, keptBeside, rescuedNote } from '../../src/hosts/node/ways-back.ts';
import { createLog } from '../../src/lib/log.ts';

const OTHER_DISK = 0n;

/** The directory `data` is gone, and what was below it: `data` or `data/db`. */
function stick(below: string): { directory: string; path: string; rescued: string; back: () => void } {
  const directory = mkdtempSync(join(tmpdir(), 'rescue-away-'));
  const place = join(directory, below);
  mkdirSync(place, { recursive: true });
  const path = join(place, 'bot.db');
  const keeper = new Sqlite(path);
  onTestFinished(() => {
    keeper.close();
    rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
  });
  keeper.exec('CREATE TABLE anime (code); INSERT INTO anime VALUES (7)');
  const out = () => renameSync(join(directory, 'data'), join(directory, 'stick'));
  out();
  mkdirSync(join(directory, 'data'));
  const { rescued = '', message } = rescue(path, path, keeper, 'missing', OTHER_DISK);
  expect(message).toContain('put that back, and start the bot again');
  const back = (): void => {
    rmSync(join(directory, 'data'), { recursive: true });
    renameSync(join(directory, 'stick'), join(directory, 'data'));
  };
  return { directory, path, rescued, back };
}

test.each(['data', 'data/db'])(
  'below %s: it lies beside the place of the disk, and the disk comes first',
  async (below) => {
    const { directory, path, rescued, back } = stick(below);
    expect(rescued.startsWith(join(directory, 'data.bot.db.rescued-'))).toBe(true);
    const db = new DatabaseSync(rescued);
    expect(db.prepare('SELECT code FROM anime').get()).toEqual({ code: 7 });
    db.close();
    expect(keptBeside(path)).toMatchObject([{ name: rescued, isAway: true }]);
    const first = { store: createDirectoryStore(join(directory, 'data', 'backups')), prefix: '' };
    const start = requireNothingKept(
      { name: `file ${path}`, state: 'missing', path },
      { buckets: { first, copy: undefined }, log: createLog('info', () => {}) },
    );
    await expect(start).rejects.toThrow(
      new RegExp(
        `One of:\n  the file itself:  put the disk back that it was on, then npm start\n  what a running bot rescued of it, .*, if its disk is lost for good:  mv ${rescued}`,
      ),
    );
    back();
    expect(diskGone(path)).toBeUndefined();
  },
);

test('the disk is back beside the bot that runs: a restart is all that it takes, and a later bot needs none', () => {
  const { path, back, rescued } = stick('data');
  back();
  const reminder = { now: new Date(), meant: undefined };
  const lock = (since: Date): void =>
    writeFileSync(
      `${path}.lock`,
      JSON.stringify({ ...JSON.parse(ownLock('node host', since)), process: 'another' }),
    );
  lock(new Date(Date.now() - 60_000));
  expect(rescuedNote(path, reminder)).toMatch(/restart the bot, which is all that it takes/);
  expect(rescuedNote(path, reminder)).toContain(`npm run backup -- restore ${rescued} --replace`);
  lock(new Date(Date.now() + 60_000));
  expect(rescuedNote(path, reminder)).toBeUndefined();
});
