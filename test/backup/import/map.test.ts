/** Other bots' files: what their columns are guessed to be, and what comes of them. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { inEnglish } from '../../../src/backup/document/reasons.ts';
import { mappedRecords } from '../../../src/backup/import/map/apply.ts';
import { readCsv } from '../../../src/backup/import/map/csv.ts';
import { describeMap, type ImportMap, readImportMap } from '../../../src/backup/import/map/format.ts';
import { guessMap } from '../../../src/backup/import/map/guess.ts';
import { readSources, type SourceKind, type Sources } from '../../../src/backup/import/map/sources.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'import-map-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true, maxRetries: 10 }));

function sourcesOf(kind: SourceKind, content: string | Uint8Array): Promise<Sources> {
  const path = join(directory, `file.${kind}`);
  if (kind === 'sqlite') {
    const theirs = new DatabaseSync(path);
    theirs.exec(String(content));
    theirs.close();
  } else writeFileSync(path, content);
  return readSources(path, kind, { scratch: directory });
}

/** `kind place field=value …`, a line a record. */
function records(sources: Sources, map: ImportMap | undefined): string[] {
  if (map === undefined) throw new Error('nothing was guessed');
  return [...mappedRecords(sources, map, 300)].map((event) => {
    if (event.kind === 'refusal') return `refused ${event.place}: ${inEnglish(event)}`;
    if (event.kind === 'left')
      return `left ${event.source}: ${event.rows}${event.isCatalogue ? ', a catalogue' : ''}`;
    const fields = Object.entries(event.fields).map(([name, value]) => `${name}=${value}`);
    return `${event.kind === 'other' ? event.table : event.kind} ${fields.join(' ')}`;
  });
}

describe('SQLite', () => {
  test('an aiogram bot with kinolar, qismlar and foydalanuvchilar', async () => {
    const sources = await sourcesOf(
      'sqlite',
      `CREATE TABLE kinolar (id INTEGER PRIMARY KEY, kod INTEGER, nomi TEXT, video TEXT, rasm TEXT);
       CREATE TABLE qismlar (id INTEGER PRIMARY KEY, kino_id INTEGER, seriya INTEGER, fayl TEXT);
       CREATE TABLE foydalanuvchilar (id INTEGER PRIMARY KEY, telegram_id INTEGER, ism TEXT);
       CREATE TABLE sevimlilar (user_id INTEGER, kino_id INTEGER);
       CREATE TABLE kanallar (kanal_id TEXT, nomi TEXT, havola TEXT);
       CREATE TABLE adminlar (telegram_id INTEGER);
       INSERT INTO kinolar VALUES (1, 101, 'Titanik', 'BAACx', NULL), (2, 102, 'Serial', NULL, 'AgAC');
       INSERT INTO qismlar VALUES (1, 2, 1, 'BAAC1'), (2, 2, 2, 'BAAC2'), (3, 9, 1, 'lost');
       INSERT INTO foydalanuvchilar VALUES (1, 5001, 'Ali');
       INSERT INTO sevimlilar VALUES (5001, 2);
       INSERT INTO kanallar VALUES ('-100777', 'Kanal', 'https://t.me/k');`,
    );
    const map = guessMap(sources);
    expect(map?.sources.map(({ from, to }) => `${from} → ${to}`).toSorted()).toEqual([
      'foydalanuvchilar → users',
      'kanallar → channels',
      'kinolar → anime',
      'qismlar → parts',
      'sevimlilar → favourites',
    ]);
    expect(records(sources, map)).toEqual([
      'anime title=Titanik photo_id=null code=101 id=101',
      'part file_id=BAACx anime_code=101',
      'anime title=Serial photo_id=AgAC code=102 id=102',
      'part part_number=1 file_id=BAAC1 anime_code=102',
      'part part_number=2 file_id=BAAC2 anime_code=102',
      'refused qismlar[2].anime_code: missing',
      'user first_name=Ali user_id=5001',
      'channel channel_id=-100777 link=https://t.me/k name=Kanal',
      'favourites user_id=5001 anime_id=102 added_at=1970-01-01 00:00:00',
    ]);
  });

  test('movies with users(id, telegram_id): the Telegram id is the person', async () => {
    const sources = await sourcesOf(
      'sqlite',
      `CREATE TABLE movies (id INTEGER PRIMARY KEY, code TEXT, title TEXT, file_id TEXT);
       INSERT INTO movies VALUES (1, '12', 'Titanic', 'F');
       CREATE TABLE users (id INTEGER PRIMARY KEY, telegram_id INTEGER); INSERT INTO users VALUES (1, 501);`,
    );
    expect(records(sources, guessMap(sources))).toEqual([
      'anime title=Titanic code=12 id=12',
      'part file_id=F anime_code=12',
      'user user_id=501',
    ]);
  });

  test('Cyrillic names are read as Latin ones', async () => {
    const sources = await sourcesOf(
      'sqlite',
      `CREATE TABLE "Анимелар" ("код" INTEGER, "номи" TEXT, "видео" TEXT);
       INSERT INTO "Анимелар" VALUES (5, 'Наруто', 'BAAC');
       CREATE TABLE "аъзолар" (user_id INTEGER); INSERT INTO "аъзолар" VALUES (7);`,
    );
    expect(records(sources, guessMap(sources))).toEqual([
      'anime title=Наруто code=5 id=5',
      'part file_id=BAAC anime_code=5',
      'user user_id=7',
    ]);
  });

  test('a table that names its own rows is the anime, not parts of another', async () => {
    const movies = await sourcesOf(
      'sqlite',
      `CREATE TABLE movies (movie_id INTEGER PRIMARY KEY, title TEXT, file_id TEXT, code INTEGER, caption TEXT);
       INSERT INTO movies VALUES (1, 'Titanic', 'F1', 41, 'c'), (2, 'Alien', 'F2', 42, NULL);`,
    );
    expect(records(movies, guessMap(movies))).toEqual([
      'anime title=Titanic description=c code=41 id=41',
      'part file_id=F1 anime_code=41',
      'anime title=Alien description=null code=42 id=42',
      'part file_id=F2 anime_code=42',
    ]);
    rmSync(join(directory, 'file.sqlite'));
    const anime = await sourcesOf(
      'sqlite',
      `CREATE TABLE anime (anime_id INTEGER PRIMARY KEY, name TEXT); INSERT INTO anime VALUES (3, 'Naruto');
       CREATE TABLE episodes (anime_id INTEGER, episode INTEGER, file_id TEXT, title TEXT, code INTEGER);
       INSERT INTO episodes VALUES (3, 1, 'F1', 'a', 1), (3, 2, 'F2', 'b', 2);`,
    );
    expect(records(anime, guessMap(anime))).toEqual([
      'anime title=Naruto code=3 id=3',
      'part part_number=1 file_id=F1 anime_code=3',
      'part part_number=2 file_id=F2 anime_code=3',
    ]);
  });

  test('tables with rows that no source names are told with their number', async () => {
    const sources = await sourcesOf(
      'sqlite',
      `CREATE TABLE users (user_id INTEGER); INSERT INTO users VALUES (7);
       CREATE TABLE kinolar (x, y); INSERT INTO kinolar VALUES (1, 2), (3, 4);
       CREATE TABLE settings (x); INSERT INTO settings VALUES (1); CREATE TABLE vacant (x);`,
    );
    expect(records(sources, guessMap(sources))).toEqual([
      'user user_id=7',
      'left kinolar: 2, a catalogue',
      'left settings: 1',
    ]);
  });

  test('a database of recipes is nobody’s bot', async () => {
    const sources = await sourcesOf(
      'sqlite',
      'CREATE TABLE recipes (a, b); INSERT INTO recipes VALUES (1, 2)',
    );
    expect(guessMap(sources)).toBeUndefined();
  });
});

describe('JSON', () => {
  test('objects by code with their parts, and a bare list of ids', async () => {
    const sources = await sourcesOf(
      'json',
      JSON.stringify({
        animelar: {
          7: {
            nomi: 'Naruto',
            rasm: 'AgAC',
            qismlar: [
              { qism: 1, video: 'A' },
              { qism: 2, video: 'B' },
            ],
          },
          8: { nomi: 'Bleach', qismlar: ['C', 'D'] },
          9: { nomi: 'One Piece', qismlar: { 1: 'E', 2: { video: 'F' } } },
        },
        users: [501, 502],
      }),
    );
    expect(records(sources, guessMap(sources))).toEqual([
      'anime title=Naruto photo_id=AgAC code=7 id=7',
      'part file_id=A part_number=1 anime_code=7',
      'part file_id=B part_number=2 anime_code=7',
      'anime title=Bleach code=8 id=8',
      'part file_id=C anime_code=8',
      'part file_id=D anime_code=8',
      'anime title=One Piece code=9 id=9',
      'part file_id=E part_number=1 anime_code=9',
      'part file_id=F part_number=2 anime_code=9',
      'user user_id=501',
      'user user_id=502',
    ]);
  });

  test('a JSON that something follows is refused, not read by half', async () => {
    await expect(sourcesOf('json', '{"12": "BAAC"}\n{"13": "BAAD"}\n')).rejects.toThrow(
      'something follows the document (byte 15)',
    );
    expect((await sourcesOf('json', '{"12": "BAAC"} \r\n\t')).size).toBe(1);
  });

  test('nothing but code and file', async () => {
    const sources = await sourcesOf('json', '{"12": "BAAC", "13": "BAAD"}');
    expect(records(sources, guessMap(sources))).toEqual([
      'anime code=12 id=12',
      'part file_id=BAAC anime_code=12',
      'anime code=13 id=13',
      'part file_id=BAAD anime_code=13',
    ]);
  });

  test('a row for each part: rows of one code are one anime, and seasons are counted through', async () => {
    const rows = [
      { kod: 5, nomi: 'Naruto', sezon: 2, seriya: 1, video: 'C' },
      { kod: 5, nomi: 'Naruto', sezon: 1, seriya: 1, video: 'A' },
      { kod: 5, nomi: 'Naruto', sezon: 1, seriya: 2, video: 'B' },
    ];
    const sources = await sourcesOf('json', JSON.stringify(rows));
    const found = records(sources, guessMap(sources));
    expect(found.filter((line) => line.startsWith('anime'))).toHaveLength(1);
    expect(found.filter((line) => line.startsWith('part')).toSorted()).toEqual([
      'part file_id=A part_number=1 anime_code=5',
      'part file_id=B part_number=2 anime_code=5',
      'part file_id=C part_number=3 anime_code=5',
    ]);
  });
});

describe('CSV', () => {
  test.each([
    ['commas, CRLF', 'kod,nomi,video\r\n5,"Naruto, 1-qism",BAAC\r\n'],
    ['semicolons and a BOM', '\uFEFFkod;nomi;video\n5;Naruto, 1-qism;BAAC'],
    ['tabs', 'kod\tnomi\tvideo\n5\t"Naruto, 1-qism"\tBAAC\n\n'],
  ])('%s', async (_, text) => {
    const sources = await sourcesOf('csv', text);
    expect(records(sources, guessMap(sources))).toEqual([
      'anime title=Naruto, 1-qism code=5 id=5',
      'part file_id=BAAC anime_code=5',
    ]);
  });

  test('places are lines of the file, also below a cell of two lines', async () => {
    const sources = await sourcesOf('csv', 'kod,nomi\r\n5,"two\r\nlines"\r\n\r\nx,bad\r\n');
    expect(records(sources, guessMap(sources))).toEqual([
      'anime title=two\r\nlines code=5 id=5',
      'refused line 5.code: "x" is not an integer',
    ]);
  });

  test.each([
    ['UTF-16LE with a BOM', Buffer.from('\uFEFFkod;nomi\n5;Наруто\n', 'utf16le')],
    ['UTF-16BE with a BOM', Buffer.from('\uFEFFkod;nomi\n5;Наруто\n', 'utf16le').swap16()],
    ['UTF-16LE without one', Buffer.from('kod;nomi\n5;Наруто\n', 'utf16le')],
  ])('%s is decoded', async (_, bytes) => {
    const sources = await sourcesOf('csv', bytes);
    expect(records(sources, guessMap(sources))).toEqual(['anime title=Наруто code=5 id=5']);
  });

  test('Windows-1251 and zero bytes are refused with what to do', async () => {
    const cp1251 = Buffer.from([0x6b, 0x6f, 0x64, 0x0a, 0xcd, 0xe0, 0xf0, 0xf3, 0xf2, 0xee]);
    await expect(sourcesOf('csv', cp1251)).rejects.toThrow(/Windows-1251.*iconv -f CP1251 -t UTF-8/);
    await expect(sourcesOf('csv', 'kod,nomi\n5,a\0b')).rejects.toThrow('zero bytes');
    await expect(sourcesOf('csv', 'kod,nomi, kod\n5,a,6')).rejects.toThrow('two columns are called "kod"');
  });

  test('quotes, line breaks within them, an empty last cell; an open quote is an error', () => {
    expect(readCsv('a,b\n"say ""hi""\nthere",\n')).toEqual([
      new Map([
        ['a', 'say "hi"\nthere'],
        ['b', ''],
        ['$line', '2'],
      ]),
    ]);
    expect(() => readCsv('a\n"open')).toThrow('a quote is not closed');
  });

  test('a line of more than 2,000 columns is refused before anything is made of it', () => {
    const names = Array.from({ length: 2_000 }, (_, i) => `c${i}`).join(',');
    expect(readCsv(`${names}\n${'1,'.repeat(1_999)}2\n`)).toHaveLength(1);
    expect(() => readCsv(`a\n${'1,'.repeat(2_000)}2\n`)).toThrow('line 2 has more than 2000 columns');
  });
});

describe('a map', () => {
  const source = { from: 'x', to: 'anime', fields: { code: 'kod' } };
  const map = (sources: unknown) =>
    JSON.stringify({ format: 'anime-bot-import-map', format_version: 1, sources });

  test('is read as it is written, and said in one line a source', () => {
    const read = readImportMap(
      map([{ ...source, parts: { from: 'qismlar', fields: { file_id: 'video' } } }]),
    );
    expect(describeMap(read)).toEqual(['x → anime: code ← kod, parts ← qismlar (file_id ← video)']);
    expect(readImportMap(JSON.stringify({ ok: true, map: read }))).toEqual(read);
  });

  test.each([
    ['{', 'the map is no JSON'],
    ['{"__proto__":{}}', '__proto__ is no field'],
    ['{}', 'the map is wrong at format'],
    [map([]), 'the map is wrong at sources: no sources'],
    [map([{ ...source, to: 'films' }]), 'the map is wrong at sources.0.to'],
    [map([{ ...source, fields: { kode: 'kod' } }]), '"kode" is no field: id, code, title'],
    [map([{ ...source, extra: 1 }]), 'the map is wrong at sources.0.extra'],
  ])('%s is refused', (text, message) => {
    expect(() => readImportMap(text)).toThrow(message);
  });

  test('that names a list the file has not is refused with what it has', async () => {
    const sources = await sourcesOf('json', '{"kinolar": [{"kod": 1}]}');
    expect(() => records(sources, readImportMap(map([source])))).toThrow(
      'names x, and the file has only kinolar',
    );
  });

  test.each([
    ['json', '[{"kod": 1}, {"nomi": "a"}]', '$'],
    ['csv', 'kod,nomi\n1,a', 'rows'],
    ['sqlite', 'CREATE TABLE x (kod, nomi); INSERT INTO x VALUES (1, 2)', 'x'],
  ] as const)('%s: a column that no row has is refused with those there are', async (kind, text, from) => {
    const sources = await sourcesOf(kind, text);
    const misspelt = [{ from, to: 'anime', fields: { code: 'kod', title: 'nomii' } }];
    expect(() => records(sources, readImportMap(map(misspelt)))).toThrow(
      `the map takes title from "nomii", which ${from} does not have (did you mean "nomi"?); it has kod, nomi`,
    );
  });

  test('a misspelt column of parts, or within them, is refused', async () => {
    const sources = await sourcesOf('json', '[{"kod": 1, "qismlar": [{"video": "A"}]}]');
    const withParts = (from: string, file: string) =>
      readImportMap(
        map([
          { from: '$', to: 'anime', fields: { code: 'kod' }, parts: { from, fields: { file_id: file } } },
        ]),
      );
    expect(() => records(sources, withParts('qism', 'video'))).toThrow('takes parts from "qism"');
    expect(() => records(sources, withParts('qismlar', 'fayl'))).toThrow('takes file_id from "fayl"');
    expect(records(sources, withParts('qismlar', 'video'))).toHaveLength(2);
  });
});
