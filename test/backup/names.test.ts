import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  backupName,
  databaseKey,
  documentKey,
  manifestKey,
  nameFromText,
  parseKey,
  pinKey,
  timeOfName,
  verdictKey,
} from '../../src/backup/catalog/names.ts';

const seconds = fc.date({
  min: new Date('1970-01-01T00:00:00Z'),
  max: new Date('9999-12-31T23:59:59Z'),
  noInvalidDate: true,
});

test('the names of the specification', () => {
  const name = backupName(new Date('2024-01-01T12:00:00.999Z'));
  expect(name).toBe('20240101_120000');
  expect(databaseKey('backups/', name, false)).toBe('backups/anime_bot_20240101_120000.db.gz');
  expect(documentKey('backups/', name, true)).toBe('backups/anime_backup_20240101_120000.json.gz.age');
  expect(manifestKey('', name)).toBe('anime_backup_20240101_120000.manifest.json');
});

test('every key is read back as what it is', () => {
  fc.assert(
    fc.property(
      seconds,
      fc.constantFrom('', 'backups/', 'a/b.c/'),
      fc.boolean(),
      (time, prefix, encrypted) => {
        const name = backupName(time);
        expect(timeOfName(name)?.getTime()).toBe(Math.floor(time.getTime() / 1000) * 1000);
        const keys = {
          database: databaseKey(prefix, name, encrypted),
          document: documentKey(prefix, name, encrypted),
          manifest: manifestKey(prefix, name),
          pin: pinKey(prefix, name),
          verdict: verdictKey(prefix, name),
        };
        for (const [role, key] of Object.entries(keys)) {
          const sealed = encrypted && (role === 'database' || role === 'document');
          expect(parseKey(prefix, key)).toEqual({ name, role, encrypted: sealed });
          expect(parseKey(`${prefix}x/`, key)).toBeUndefined();
          expect(nameFromText(key)).toBe(name);
        }
        expect(nameFromText(name)).toBe(name);
      },
    ),
  );
});

test.each([
  'anime_bot_20240230_120000.db.gz',
  'anime_bot_20240101_240000.db.gz',
  'anime_bot_20240101_120000.json.gz',
  'anime_backup_20240101_120000.db.gz',
  'anime_backup_20240101_120000.manifest.json.age',
  'anime_backup_20240101_120000.bad.json.age',
  'anime_bot_20240101_120000.bad.json',
  'anime_backup_20240101_120000.json.gz.agex',
  'anime_backup_20240101_120000.json.gz.tmp',
  'xanime_backup_20240101_120000.json.gz',
  'readme.txt',
  '',
])('%s is none of ours', (key) => {
  expect(parseKey('', key)).toBeUndefined();
});

test('what is no name is not taken for one', () => {
  for (const text of ['', 'latest', '2024', '20240101', '99999999_999999', 'live', './file.db'])
    expect(nameFromText(text)).toBeUndefined();
});
