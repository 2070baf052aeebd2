/** Which places are the bot's own, under whatever name a person gives them. */
import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isSamePlace, ownPlace } from '../../src/lib/disk/own-places.ts';

let root: string;
const at = (name: string): string => join(root, name);
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'own-places-'));
  for (const directory of ['data', 'data/backups', 'data/backups/deep', 'elsewhere'])
    mkdirSync(at(directory));
  for (const file of ['data/bot.db', 'data/bot.db-wal', 'data/backups/deep/one.json', 'elsewhere/alone'])
    writeFileSync(at(file), 'x');
  symlinkSync('data/bot.db', at('link.db'));
  symlinkSync('data', at('linked'));
  symlinkSync(at('data/backups/new.json'), at('into-bucket.json'));
  symlinkSync(at('elsewhere/alone'), at('data/backups/out-of-bucket'));
  linkSync(at('data/bot.db'), at('hard.db'));
  linkSync(at('data/bot.db-wal'), at('hard-wal'));
  linkSync(at('data/backups/deep/one.json'), at('hard.json'));
  symlinkSync('data/backups', at('buckets'));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const OWN = [
  'data/bot.db',
  'data/../data/bot.db',
  'link.db',
  'linked/bot.db',
  'hard.db',
  'data/bot.db-wal',
  'linked/bot.db-shm',
  'data/bot.db-journal',
  'data/bot.db.lock',
  'data/bot.db.before-restore',
  'data/bot.db.rescued-20260101T000000',
  'data/bot.db.broken-20260101_000000',
  'hard-wal',
  'data/backups',
  'data/backups/new.json',
  'data/backups/not/yet/there.json',
  'linked/backups/new.json',
  'into-bucket.json',
  'data/backups/out-of-bucket',
  'hard.json',
];

test.each(OWN)('%s is the bot’s own', (name) => {
  for (const bucket of [at('data/backups'), at('buckets')])
    for (const database of [at('data/bot.db'), at('link.db')])
      expect(ownPlace(at(name), { database, buckets: [bucket] })).toBeDefined();
});

test.each(['data/bot.json', 'data/bot.db.json', 'data/backups2/x.json', 'elsewhere/alone', 'new.db', 'data'])(
  '%s is free',
  (name) => {
    const own = { database: at('data/bot.db'), buckets: [at('data/backups')] };
    expect(ownPlace(at(name), own)).toBeUndefined();
  },
);

test('of a server nothing is here', () => {
  expect(ownPlace(at('data/bot.db'), { database: undefined, buckets: [] })).toBeUndefined();
});

test('what is not there yet can be the same place', () => {
  expect(isSamePlace(at('linked/new.db'), at('data/new.db'))).toBe(true);
  expect(isSamePlace(at('data/new.db'), at('data/other.db'))).toBe(false);
});
