import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type ChangeEvent,
  type ChangeFile,
  ChangeFileError,
  encodeChangeFile,
  MAX_CHANGE_FILE_BYTES,
  readChangeBatches,
} from '../../../src/backup/changes/change-file.ts';
import { InvalidText, type Row, type SqlValue, type TableInfo } from '../../../src/backup/model/model.ts';
import { rowLayout } from '../../../src/backup/model/values.ts';
import { CONTENT, VALUES } from '../document/arbitraries.ts';
import { chunked, column, table } from '../document/support.ts';

const HEADER: ChangeFile['header'] = {
  timeline: '0123456789abcdef0123456789abcdef',
  first: 3,
  last: 5,
  time: '2026-11-27T14:32:05.006Z',
  app_version: '0.1.0',
  schema_version: 8,
  schema_sha256: 'ab'.repeat(32),
  previous: null,
  restore_point: true,
};
const ANIME = table('anime', ['code', 'parts', column('x', { generated: 'virtual' })]);
const PAIRS = table('pairs', [column('a', { primaryKey: 1 }), column('b', { primaryKey: 2 })], {
  withoutRowid: true,
});
const FIXED: ChangeFile = {
  header: HEADER,
  tables: [
    { table: ANIME, images: [[1n, 12n, 'bir\n"ikki"']], deleted: [{ key: 9n, rest: null }] },
    {
      table: PAIRS,
      images: [[-0, new InvalidText(Uint8Array.of(0xff))]],
      deleted: [{ key: 'a\0', rest: "t'" }],
    },
  ],
  sequence: new Map([['anime', 9n]]),
};

async function read(
  bytes: Uint8Array,
  tables: readonly TableInfo[] = [ANIME, PAIRS],
  sizes = [bytes.length],
): Promise<ChangeEvent[]> {
  const events: ChangeEvent[] = [];
  const find = (name: string) => tables.find((one) => one.name === name);
  for await (const batch of readChangeBatches(chunked(bytes, sizes), find)) events.push(...batch);
  return events;
}

const lines = (file: ChangeFile): string[] => Buffer.from(encodeChangeFile(file)).toString().split('\n');

test('the file is what docs/formats.md says', () => {
  expect(lines(FIXED).slice(0, -2)).toEqual([
    `{"format":"anime-bot-changes","version":1,"timeline":"${HEADER.timeline}","first":3,"last":5,"time":"2026-11-27T14:32:05.006Z","app_version":"0.1.0","schema_version":8,"schema_sha256":"${'ab'.repeat(32)}","previous":null,"restore_point":true}`,
    '{"table":"anime","row":{"$rowid":1,"code":12,"$parts":"bir\\n\\"ikki\\""}}',
    '{"table":"anime","deleted":{"key":9,"rest":null}}',
    '{"table":"pairs","row":{"a":-0.0,"b":{"$text":"/w=="}}}',
    '{"table":"pairs","deleted":{"key":"a\\u0000","rest":"t\'"}}',
    '{"sequence":{"anime":9}}',
  ]);
  expect(lines(FIXED).at(-2)).toMatch(/^\{"rows":2,"deleted":2,"sha256":"[0-9a-f]{64}"\}$/);
});

test('whatever rows and keys there are, they are read back, to the last bit', async () => {
  const keys = fc.array(fc.record({ key: VALUES, rest: fc.option(fc.string({ unit: 'binary' })) }), {
    maxLength: 4,
  });
  await fc.assert(
    fc.asyncProperty(
      CONTENT,
      keys,
      fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1 }),
      async (content, deleted, sizes) => {
        const { tables } = content.schema;
        const file: ChangeFile = {
          header: { ...HEADER, previous: { base: '20240101_120000' } },
          tables: tables.map((one) => ({ table: one, images: content.rows.get(one.name) ?? [], deleted })),
          sequence: new Map(tables.map(({ name }, i): [string, SqlValue] => [name, BigInt(i)])),
        };
        const events = await read(encodeChangeFile(file), tables, sizes);
        const [header, ...rest] = events;
        expect(header).toMatchObject({ header: file.header });
        const images = file.tables.flatMap(({ table: one, images: rows }) =>
          rows.map((row) => kept(one, row)),
        );
        expect(rest.flatMap((event) => (event.kind === 'image' ? [event.row] : []))).toEqual(images);
        const gone = rest.flatMap((event) =>
          event.kind === 'deleted' ? [{ key: event.key, rest: event.rest }] : [],
        );
        expect(gone).toEqual(tables.flatMap(() => deleted));
        expect(rest.at(-2)).toEqual({ kind: 'sequence', sequence: file.sequence });
        expect(rest.at(-1)).toEqual({ kind: 'end' });
      },
    ),
    { numRuns: 60 },
  );
});

/** Less generated columns. */
function kept(of: TableInfo, row: Row): Row {
  const { at, rowid } = rowLayout(of);
  return [...(rowid === 'none' ? [] : [row[0] ?? null]), ...at.map((i) => row[i] ?? null)];
}

describe('a file that is not as it was written', () => {
  test('cut anywhere', async () => {
    const bytes = encodeChangeFile(FIXED);
    for (let at = 0; at < bytes.length; at += 1)
      await expect(read(bytes.subarray(0, at))).rejects.toThrow(ChangeFileError);
  });

  test('any bit flipped', async () => {
    const bytes = encodeChangeFile(FIXED);
    for (let bit = 0; bit < bytes.length * 8; bit += 3) {
      const wrong = bytes.slice();
      wrong[bit >> 3] = (wrong[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      await expect(read(wrong)).rejects.toThrow('change file: ');
    }
  });

  test.each([
    ['something follows', (text: string) => `${text}{}\n`, 'something follows its last line'],
    [
      'a newer version',
      (text: string) => text.replace('"version":1', '"version":2'),
      'newer than this program',
    ],
    ['another format', (text: string) => text.replace('-changes', '-backup'), 'not a change file'],
    ['a field of its own', (text: string) => text.replace('"first"', '"x":1,"first"'), 'header is wrong: x'],
    ['first after last', (text: string) => text.replace('"last":5', '"last":2'), 'after its last'],
    ['a row less', (text: string) => text.replace(/.*"row".*\n/, ''), 'SHA-256 does not match'],
    ['other spaces', (text: string) => text.replace('{"format"', '{ "format"'), 'not written as'],
  ])('%s', async (_, change, words) => {
    const text = Buffer.from(encodeChangeFile(FIXED)).toString();
    await expect(read(Buffer.from(change(text)))).rejects.toThrow(words);
  });

  test('a table that there is not', async () => {
    await expect(read(encodeChangeFile(FIXED), [ANIME])).rejects.toThrow(
      'rows of table pairs, which does not exist',
    );
  });

  test('what unpacks to too much is not read to its end', async () => {
    async function* endless(): AsyncGenerator<Uint8Array> {
      yield Buffer.from(lines(FIXED)[0] ?? '');
      for (;;) yield new Uint8Array(1024 * 1024).fill(0x20);
    }
    const reading = (async () => {
      for await (const _ of readChangeBatches(endless(), () => ANIME));
    })();
    await expect(reading).rejects.toThrow(`more than ${MAX_CHANGE_FILE_BYTES} bytes`);
  });
});
