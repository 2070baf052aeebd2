/** The disk of a database is taken out beside the running bot: the rescued file stays in sight. */
import { mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import Sqlite from 'libsql';
import { expect, onTestFinished, test } from 'vitest';
import { peekAt } from '../../src/backup/changes/peek.ts';
import { createDirectoryStore } from '../../src/backup/store/directory.ts';
import { meantNote } from '../../src/db/bucket-notes.ts';
import { sql } from '../../src/db/database.ts';
import { openEmbeddedDatabase } from '../../src/db/file/embedded-database.ts';
import { rescue } from '../../src/db/file/rescue.ts';
import { migrate } from '../../src/db/migrate.ts';
import { requireNothingKept } from '../../src/hosts/node/missing-database.ts';
import { openSnapshotSource } from '../../src/hosts/node/node-parts.ts';
import { backAgain, notMissed, rescuedNote } from '../../src/hosts/node/rescued.ts';
import { diskGone, keptBeside } from '../../src/hosts/node/ways-back.ts';
import { createLog } from '../../src/lib/log.ts';
import { beginLog } from '../support/shipping.ts';

const OTHER_DISK = 0n;

/** The directory `data` is gone, and what was below it: `data` or `data/db`. */
async function stick(
  below: string,
): Promise<{ directory: string; path: string; rescued: string; back: () => void }> {
  const directory = mkdtempSync(join(tmpdir(), 'rescue-away-'));
  const place = join(directory, below);
  mkdirSync(place, { recursive: true });
  const path = join(place, 'bot.db');
  const db = await openEmbeddedDatabase(path);
  await migrate(db, { backup: async () => {}, now: () => new Date() });
  await beginLog(db, openSnapshotSource({ kind: 'file', path }));
  await db.write([sql("INSERT INTO anime (code, title) VALUES (7, 'Seven')")]);
  await db.closeWhole();
  const keeper = new Sqlite(path);
  onTestFinished(() => {
    keeper.close();
    rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
  });
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
    const { directory, path, rescued, back } = await stick(below);
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

test('the disk is back with all that the bot had: a start is all that it takes, and ends it', async () => {
  const { path, back, rescued } = await stick('data');
  back();
  const reminder = { now: new Date(), meant: undefined };
  const db = await openEmbeddedDatabase(path);
  onTestFinished(() => db.closeWhole());
  const note = async (): Promise<string | undefined> => rescuedNote(path, reminder, await peekAt(db));
  expect(await note()).toMatch(/start the bot again .*, which is all that it takes/);
  expect(await note()).toContain(`npm run backup -- restore ${rescued} --replace`);
  const again = await backAgain(path, await peekAt(db));
  expect(again).toMatchObject({ name: rescued });
  await db.write(again === undefined ? [] : [notMissed(again)]);
  const [meant] = await db.read([meantNote()]);
  expect(await rescuedNote(path, { ...reminder, meant }, await peekAt(db))).toBeUndefined();
});

test.each(['older', 'another'])(
  'an %s state lies there: a start brings back nothing, and nobody says so',
  async (which) => {
    const { path, back, rescued } = await stick('data');
    back();
    const db = await openEmbeddedDatabase(path);
    onTestFinished(() => db.closeWhole());
    await db.write([
      which === 'older'
        ? sql('DELETE FROM change_log WHERE seq = (SELECT MAX(seq) FROM change_log)')
        : sql("UPDATE change_state SET timeline = 'ffffffffffffffffffffffffffffffff'"),
    ]);
    const note = await rescuedNote(path, { now: new Date(), meant: undefined }, await peekAt(db));
    expect(note).toMatch(/^Beside the database lies what a running bot rescued of it/);
    expect(note).not.toContain('all that it takes');
    expect(note).toContain(`stop the bot: npm run backup -- restore ${rescued} --replace`);
  },
);
