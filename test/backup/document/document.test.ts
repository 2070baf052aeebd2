import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type DocumentEvent, type ReadOptions, readDocument } from '../../../src/backup/document/reader.ts';
import { createDocumentSink } from '../../../src/backup/document/writer.ts';
import { createDigestSink } from '../../../src/backup/model/digest.ts';
import {
  type IndexColumn,
  type IndexInfo,
  InvalidText,
  type Row,
  type SqlValue,
  type TableInfo,
} from '../../../src/backup/model/model.ts';
import { rowLayout } from '../../../src/backup/model/values.ts';
import { CATALOGUE, CONTENT } from './arbitraries.ts';
import { FIXED, FIXED_DIGESTS, FIXED_DOCUMENT, FIXED_META } from './fixed.ts';
import { type Content, chunked, column, drive, memoryWriter, schemaOf, table } from './support.ts';

const META = { backupTime: new Date('2024-01-01T12:00:00.987Z'), appVersion: '0.1.0', schemaVersion: 4 };
const ANY_CONTENT = fc.oneof(CONTENT, CATALOGUE);

async function write(content: Content, batchSize?: number): Promise<Uint8Array> {
  const out = memoryWriter();
  await drive(createDocumentSink(out, META), content, batchSize);
  return out.bytes();
}

async function read(
  bytes: Uint8Array,
  sizes = [bytes.length],
  options?: ReadOptions,
): Promise<DocumentEvent[]> {
  const events: DocumentEvent[] = [];
  for await (const event of readDocument(chunked(bytes, sizes), options)) events.push(event);
  return events;
}

/** All rows of the events by table, and each table's name in order of appearance. */
function rowsOf(events: readonly DocumentEvent[]): Map<string, Row[]> {
  const rows = new Map<string, Row[]>();
  for (const event of events) {
    if (event.kind === 'header') for (const { name } of event.schema.tables) rows.set(name, []);
    if (event.kind === 'rows') rows.get(event.table.name)?.push(...event.rows);
  }
  return rows;
}

/**
 * What the document promises to hold of a content: rows without generated columns, in any order
 * (sorted here).
 */
function promised({ schema, rows }: Content): Map<string, string[]> {
  return new Map(
    schema.tables.map((of) => {
      const { at, rowid } = rowLayout(of);
      const kept = rows
        .get(of.name)
        ?.map((row) => [...(rowid === 'none' ? [] : [row[0]]), ...at.map((i) => row[i])]);
      return [of.name, (kept ?? []).map((row) => row.map(exact).join(' ')).sort()];
    }),
  );
}

function comparable(rows: Map<string, Row[]>): Map<string, string[]> {
  return new Map([...rows].map(([name, list]) => [name, list.map((row) => row.map(exact).join(' ')).sort()]));
}

/** A text that tells every two values apart. */
function exact(value: SqlValue | undefined): string {
  if (typeof value === 'bigint') return `i${value}`;
  if (typeof value === 'number') return `r${Object.is(value, -0) ? '-0' : value}`;
  if (typeof value === 'string') return `t${JSON.stringify(value)}`;
  if (value instanceof Uint8Array) return `b${Buffer.from(value).toString('hex')}`;
  if (value instanceof InvalidText) return `x${Buffer.from(value.bytes).toString('hex')}`;
  return String(value);
}

describe('round trip', () => {
  test('any schema and rows come back exactly, and the text is JSON', async () => {
    await fc.assert(
      fc.asyncProperty(ANY_CONTENT, async (content) => {
        const bytes = await write(content);
        const parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
        expect(Object.keys(parsed).slice(0, 2)).toEqual(['backup_timestamp', 'format']);

        const events = await read(bytes);
        const [header] = events;
        if (header?.kind !== 'header') throw new Error('no header');
        const { objects, tables, userVersion, applicationId } = content.schema;
        expect(header.schema).toEqual({ objects, tables, userVersion, applicationId });
        expect(comparable(rowsOf(events))).toEqual(promised(content));
        const counts = new Map(tables.map(({ name }) => [name, content.rows.get(name)?.length ?? 0]));
        expect(events.at(-1)).toEqual({ kind: 'end', counts });
      }),
      { numRuns: 400 },
    );
  });

  test('the chunking of the input and of the rows does not show', async () => {
    await fc.assert(
      fc.asyncProperty(
        ANY_CONTENT,
        fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1 }),
        async (content, sizes) => {
          const bytes = await write(content, 1);
          expect(await write(content, 100)).toEqual(bytes);
          expect(await read(bytes, sizes)).toEqual(await read(bytes));
        },
      ),
      { numRuns: 150 },
    );
  });

  test('rows larger than the first window, and batches of many', async () => {
    const wide = table('wide', [column('id'), 'v'], { rowidAlias: 0 });
    const rows = Array.from({ length: 1500 }, (_, i): Row => {
      const big = i % 700 === 699;
      return [BigInt(i), BigInt(i), big ? new Uint8Array(300_000).fill(i) : `ў"${'x'.repeat(i % 90)}`];
    });
    const content = { schema: schemaOf([wide]), rows: new Map([['wide', rows]]) };
    const bytes = await write(content, 400);
    const events = await read(bytes, [70_000, 1, 300]);
    expect(comparable(rowsOf(events))).toEqual(promised(content));
    for (const event of events) if (event.kind === 'rows') expect(event.rows.length).toBeLessThanOrEqual(512);
  });
});

describe('shape', () => {
  const anime = table(
    'anime',
    [
      column('id', { declaredType: 'INTEGER' }),
      column('code', { declaredType: 'INTEGER' }),
      'description',
      'photo_id',
    ],
    { rowidAlias: 1 },
  );
  const parts = table('anime_parts', [
    'id',
    column('anime_code', { declaredType: 'INTEGER' }),
    'part_number',
    'file_id',
  ]);
  const content: Content = {
    schema: schemaOf([anime, parts, table('o"dd', ['$rowid', 'parts', '__proto__'])]),
    rows: new Map<string, Row[]>([
      ['anime', [[1n, 7n, 1n, 'Anime izoh', null]]],
      [
        'anime_parts',
        [
          [1n, 1n, 1n, 2n, 'video'],
          [2n, 2n, 1n, 2n ** 60n, 'late'],
          [9n, 9n, 5n, 1n, 'lost'],
        ],
      ],
      ['o"dd', [[1n, -0, Infinity, new InvalidText(Uint8Array.of(0xff))]]],
    ]),
  };

  test('reads as the old document did, byte for byte', async () => {
    const text = new TextDecoder().decode(await write(content));
    expect(text.replace(/"schema":.*\n/, '').replace(/"sha256":".*"/, '')).toBe(`{
"backup_timestamp":"2024-01-01T12:00:00",
"format":"anime-bot-backup",
"format_version":1,
"app_version":"0.1.0",
"schema_version":4,
"parts_nested":true,
"anime":[
{"id":7,"code":1,"description":"Anime izoh","photo_id":null,"parts":[
{"$rowid":1,"id":1,"anime_code":1,"part_number":2,"file_id":"video"},
{"$rowid":2,"id":2,"anime_code":1,"part_number":1152921504606846976,"file_id":"late"}]}],
"parts_without_anime":[
{"$rowid":9,"id":9,"anime_code":5,"part_number":1,"file_id":"lost"}],
"groups":[],
"users":[],
"tables":{
"o\\"dd":[
{"$rowid":1,"$$rowid":-0.0,"parts":{"$real":"inf"},"__proto__":{"$text":"/w=="}}]},
"counts":{"anime":1,"anime_parts":3,"o\\"dd":1},
}
`);
  });

  test('a database without anime has the old keys all the same', async () => {
    const text = new TextDecoder().decode(await write({ schema: schemaOf([]), rows: new Map() }));
    const keys = { anime: [], parts_without_anime: [], groups: [], users: [], tables: {}, counts: {} };
    expect(JSON.parse(text)).toMatchObject(keys);
  });

  test('parts nest only when a part can have one anime at most', () => {
    const key = (more: object): IndexColumn => {
      return { columnId: 1, name: 'code', descending: false, collation: 'BINARY', key: true, ...more };
    };
    const index = (more: Partial<IndexInfo>): IndexInfo => {
      return {
        name: 'i',
        table: 'anime',
        sql: null,
        unique: true,
        origin: 'u',
        partial: false,
        columns: [key({})],
        ...more,
      };
    };
    const plain = { ...anime, rowidAlias: null };
    const text = { ...plain, columns: plain.columns.map((one) => ({ ...one, declaredType: 'TEXT' })) };
    const kinds = (tables: TableInfo[], indexes: IndexInfo[]): string[] => {
      const sink = createDocumentSink(memoryWriter(), META);
      return sink.targets(schemaOf(tables, { indexes })).map(({ kind }) => kind);
    };
    const rowid = key({ columnId: -1, name: null, key: false });
    expect(kinds([anime, parts], [])).toEqual(['nested']);
    expect(kinds([plain, parts], [index({})])).toEqual(['nested']);
    expect(kinds([plain, parts], [index({ origin: 'c', columns: [key({}), rowid] })])).toEqual(['nested']);
    const apart = ['table', 'table'];
    expect(kinds([plain, parts], [])).toEqual(apart);
    expect(kinds([plain, parts], [index({ unique: false })])).toEqual(apart);
    expect(kinds([plain, parts], [index({ partial: true })])).toEqual(apart);
    expect(kinds([plain, parts], [index({ table: 'other' })])).toEqual(apart);
    expect(kinds([plain, parts], [index({ columns: [key({}), key({ columnId: 2 })] })])).toEqual(apart);
    expect(kinds([plain, parts], [index({ columns: [key({ columnId: 2 })] })])).toEqual(apart);
    expect(kinds([plain, parts], [index({ columns: [key({ collation: 'NOCASE' })] })])).toEqual(apart);
    expect(kinds([text, parts], [index({})])).toEqual(apart);
    expect(kinds([{ ...plain, withoutRowid: true }, parts], [index({})])).toEqual(apart);
    expect(kinds([anime, { ...parts, withoutRowid: true }], [])).toEqual(apart);
    expect(kinds([anime], [])).toEqual(['table']);
  });

  test('parts do not nest when a code may occur twice', async () => {
    const loose = { ...content, schema: schemaOf([{ ...anime, rowidAlias: null }, parts]) };
    const parsed = JSON.parse(new TextDecoder().decode(await write(loose)));
    expect(parsed.anime[0]).not.toHaveProperty('parts');
    expect(parsed.tables.anime_parts).toHaveLength(3);
    expect(comparable(rowsOf(await read(await write(loose))))).toEqual(promised(loose));
  });

  test('every value form', async () => {
    const values: [SqlValue, string][] = [
      [null, 'null'],
      [1n, '1'],
      [1, '1.0'],
      [-0, '-0.0'],
      [0n, '0'],
      [1e21, '1e+21'],
      [0.1, '0.1'],
      [100000, '100000.0'],
      [-Infinity, '{"$real":"-inf"}'],
      [9223372036854775807n, '9223372036854775807'],
      ['', '""'],
      ['1', '"1"'],
      ['a\0"\\', String.raw`"a\u0000\"\\"`],
      [new Uint8Array(0), '{"$blob":""}'],
      [Uint8Array.of(1, 2), '{"$blob":"AQI="}'],
    ];
    const one = table('one', ['v'], {});
    const rows = values.map(([value], i): Row => [BigInt(i), value]);
    const text = new TextDecoder().decode(
      await write({ schema: schemaOf([one]), rows: new Map([['one', rows]]) }),
    );
    const written = [...text.matchAll(/^\{"\$rowid":\d+,"v":(.*?)\}(?:,|\]\},)$/gm)].map((match) => match[1]);
    expect(written).toEqual(values.map(([, form]) => form));
  });
});

test('a fixed content has its fixed bytes and digests (as in workerd)', async () => {
  const out = memoryWriter();
  await drive(createDocumentSink(out, FIXED_META), FIXED, 300);
  expect(createHash('sha256').update(out.bytes()).digest('hex')).toBe(FIXED_DOCUMENT);
  const digests = createDigestSink();
  await drive(digests, FIXED, 300);
  expect(Object.fromEntries(digests.result().map((one) => [one.table, one.sha256]))).toEqual(FIXED_DIGESTS);
});

/** Seals what is written otherwise than the writer does; `body` ends with its counts. */
function sealed(body: string): Uint8Array {
  const sha256 = createHash('sha256').update(body).digest('hex');
  return new TextEncoder().encode(`${body},\n"sha256":"${sha256}"}\n`);
}

async function bodyOf(content: Content): Promise<string> {
  return new TextDecoder().decode(await write(content)).replace(/,\n"sha256":.*\n$/, '');
}

describe('spelled otherwise, under its own checksum', () => {
  test('with any space between any two tokens it says the same', async () => {
    const spaces = fc.array(fc.constantFrom('', '', ' ', '\n', '\r\n\t'), { minLength: 1, maxLength: 7 });
    await fc.assert(
      fc.asyncProperty(ANY_CONTENT, spaces, async (content, between) => {
        const body = await bodyOf(content);
        const tokens = body.match(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^"{}[\],:\s]+/gs) ?? [];
        const spaced = tokens.map((token, i) => `${between[i % between.length]}${token}`).join('');
        expect(await read(sealed(spaced), [13])).toEqual(await read(sealed(body)));
      }),
      { numRuns: 100 },
    );
  });

  const anime = table('anime', [column('code', { declaredType: 'INT' }), 'title'], { rowidAlias: 0 });
  const parts = table('anime_parts', [column('anime_code', { declaredType: 'INT' }), 'file_id']);
  const rows = new Map<string, Row[]>([
    ['anime', [[7n, 7n, 'Naruto']]],
    ['anime_parts', [[1n, 7n, 'f']]],
    ['extra', [[1n, 1n]]],
  ]);
  const small = { schema: schemaOf([anime, parts, table('extra', ['v'])]), rows };

  test('with its keys in another order, and with escapes in them', async () => {
    const body = await bodyOf(small);
    const moved = body
      .replace('{"code":7,"title":"Naruto",', '{"title":"Naruto","\\u0063ode":7,')
      .replace('{"$rowid":1,"anime_code":7,"file_id":"f"}', '{"file_id":"f","$rowid":1,"anime_code":7}')
      .replace('"groups":[],\n', '')
      .replace('"counts":', '"groups":[],"counts":')
      .replace(/("backup_timestamp":.*,\n)("format":.*,\n)/, '$2$1');
    expect(moved.length).toBe(body.length + 4);
    expect(await read(sealed(moved))).toEqual(await read(sealed(body)));
  });

  const ANIME = '{"code":7,"title":"Naruto","parts":[';
  test.each([
    ['a column is missing', ANIME, '{"code":7,"parts":[', 'anime[0]: "parts" is no column'],
    ['a column stands twice', ANIME, '{"code":7,"code":7,"parts":[', 'anime[0]: no "title"'],
    ['a column is not the table’s', ANIME, '{"code":7,"name":"x","parts":[', '"name" is no column'],
    ['a row has one column more', '"file_id":"f"}', '"file_id":"f","x":1}', 'parts[0]: expected }'],
    ['a row has one column less', ',"file_id":"f"}', '}', 'anime[0].parts[0]: expected ,'],
    ['parts are not the last key', '"f"}]}', '"f"}],"x":1}', 'anime[0].parts: expected }'],
    ['an anime has no list of parts', '"parts":[{', '"part":[{', 'expected parts, the last key'],
    ['a list is nobody’s', '"groups":[]', '"groops":[]', 'groops: the document says of no such list'],
    ['a list of tables is nobody’s', '"extra":[', '"ekstra":[', 'ekstra: the document says of no such list'],
    ['a list stands outside of tables', '"groups":[]', '"extra":[]', 'extra: the document says of no'],
    ['a list stands twice', '"groups":[],', '"groups":[],"groups":[],', 'the key "groups" stands twice'],
    ['rows are of no table', '"groups":[]', '"groups":[{"a":1}]', 'groups: expected ]'],
    ['a part is counted under tables', '"extra":[', '"anime_parts":[', 'says of no such list'],
    ['a count is missing', ',"extra":1}', '}', 'counts: expected no rows of "extra", not 1'],
    ['a count is of no table', '"extra":1}', '"extra":1,"x":0}', 'counts: expected 0 rows of "x", not any'],
    ['counts are no object', /"counts":.*/, '"counts":[]', 'counts: not a JSON object'],
    ['a list follows the counts', /$/, ',"users":[]', 'sha256: expected'],
    ['the header comes late', /("format":[^\n]*,)\n(.*)("counts")/s, '$2$1$3', 'it has no format (byte'],
    ['a value is nested', '"file_id":"f"', `"file_id":${'{"a":'.repeat(40)}`, 'nested deeper than 32 levels'],
    ['the schema is nested', /"schema":.*/, `"schema":${'['.repeat(99_999)}`, 'nested deeper than 32 levels'],
    ['a value has a key twice', '"f"}', '{"$blob":"","$blob":""}}', 'the key "$blob" stands twice'],
    ['a value is an object', '"f"}', '{"$blob":"","x":""}}', 'file_id: an object where a value belongs'],
    ['a value is none of SQLite’s', '"f"}', 'true}', 'anime[0].parts[0].file_id: not a number'],
    ['space has no end', '"groups":[', `"groups":${' '.repeat(300_000)}[`, 'groups: a piece of more than'],
  ])('not where %s', async (_, from, to, message) => {
    const body = (await bodyOf(small)).replaceAll('[\n', '[');
    expect(body).toMatch(from);
    const reading = read(sealed(body.replace(from, to)), [997], { maxRowBytes: 100_000 });
    await expect(reading).rejects.toMatchObject({ name: 'DocumentError' });
    await expect(reading).rejects.toThrow(message);
  });
});

describe('broken documents', () => {
  const content = fc.sample(CATALOGUE, { seed: 20240101, numRuns: 1 })[0];
  if (content === undefined) throw new Error('no sample');

  test('cut at any byte, it is an error', async () => {
    const bytes = await write(content);
    for (let length = 0; length < bytes.length; length += 1) {
      await expect(read(bytes.slice(0, length))).rejects.toThrow(/^(?!more bytes)/);
    }
  });

  test('any bit of any byte flipped is an error', async () => {
    const bytes = await write(content);
    for (let at = 0; at < bytes.length; at += 1) {
      const broken = bytes.slice();
      broken[at] = (broken[at] ?? 0) ^ (1 << (at % 8));
      await expect(read(broken), `byte ${at}`).rejects.toMatchObject({ name: 'DocumentError' });
    }
  });

  test('bytes after the end are an error', async () => {
    const bytes = await write(content);
    await expect(read(Uint8Array.from([...bytes, 0x0a]))).rejects.toThrow('bytes after the end');
  });

  test('a removed row is an error although the text is well-formed', async () => {
    const two = {
      schema: schemaOf([table('t', ['v'])]),
      rows: new Map([
        [
          't',
          [
            [1n, 'a'],
            [2n, 'b'],
          ] as Row[],
        ],
      ]),
    };
    const text = new TextDecoder().decode(await write(two));
    const cut = text.replace('\n{"$rowid":1,"v":"a"},', '');
    expect(JSON.parse(cut).tables.t).toHaveLength(1);
    await expect(read(new TextEncoder().encode(cut))).rejects.toThrow('counts: expected');
  });

  test('a changed value is found by the checksum', async () => {
    const text = new TextDecoder().decode(await write(content));
    const changed = text.replace('"app_version":"0.1.0"', '"app_version":"0.1.1"');
    await expect(read(new TextEncoder().encode(changed))).rejects.toThrow(/^sha256: expected/);
  });

  test.each([
    ['"code":1,', '"code":01,', 'anime[1].code: not a number'],
    [
      '"code":1,',
      '"code":9223372036854775808,',
      'anime[1].code: integer 9223372036854775808 is beyond 64 bits',
    ],
    ['"file_id":"b"', '"file_id":b', 'anime[1].parts[1].file_id: not a number'],
    ['"file_id":"b"', '"file_id":"\\x"', 'anime[1].parts[1].file_id: a string with a bad escape'],
    ['"file_id":"b"', '"file_id":"\\ud800"', 'anime[1].parts[1].file_id: text has a lone surrogate'],
    ['"file_id":"b"', '"file_id":"\u0001"', 'anime[1].parts[1].file_id: a control character inside a string'],
    ['"file_id":"b"', '"file_id":{"$real":"nan"}', 'anime[1].parts[1].file_id: not an infinity'],
    ['"file_id":"b"', '"file_id":{"$blob":"A"}', 'anime[1].parts[1].file_id: not base64'],
    ['"file_id":"b"', '"file_id":1e999', 'anime[1].parts[1].file_id: a number beyond the range of a double'],
    ['"file_id":"b"', `"file_id":${'['.repeat(100_000)}`, 'anime[1].parts[1].file_id: not a number'],
    [
      '"file_id":"b"',
      `"file_id":${'9'.repeat(100_000)}`,
      'anime[1].parts[1].file_id: a number of more than 400',
    ],
    ['"id":4,', '"id":"4",', 'anime[1].parts[1].id: a rowid that is no integer'],
    ['"format_version":1', '"format_version":2', 'format_version cannot be "2" here'],
    ['"format":"anime-bot-backup"', '"format":"other"', 'format cannot be'],
  ])('%.30s as %.30s', async (from, to, message) => {
    const [anime, parts] = [
      table('anime', [column('id', { declaredType: 'INT' }), column('code', { declaredType: 'INT' })], {
        rowidAlias: 1,
      }),
      table('anime_parts', [column('id'), column('anime_code', { declaredType: 'INT' }), 'file_id'], {
        rowidAlias: 0,
      }),
    ];
    const rows = new Map<string, Row[]>([
      [
        'anime',
        [
          [0n, 8n, 0n],
          [1n, 9n, 1n],
        ],
      ],
      [
        'anime_parts',
        [
          [3n, 3n, 1n, 'a'],
          [4n, 4n, 1n, 'b'],
        ],
      ],
    ]);
    const text = new TextDecoder().decode(await write({ schema: schemaOf([anime, parts]), rows }));
    const broken = new TextEncoder().encode(text.replace(from, to));
    const error = await read(broken).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Error);
    expect(error instanceof Error && error.message).toContain(message);
    expect(await read(broken, [7]).catch((thrown: unknown) => thrown)).toEqual(error);
  });

  test('the offset is the byte at fault', async () => {
    const text = new TextDecoder().decode(await write(content));
    const at = text.indexOf('"groups":');
    const broken = new TextEncoder().encode(text.replace('"groups":', '"gruups":'));
    // Any key may stand there: what is at fault is the whole name, read to its colon.
    const byte = new TextEncoder().encode(text.slice(0, at)).length + '"gruups":'.length;
    await expect(read(broken, [11])).rejects.toMatchObject({ offset: byte, place: 'gruups' });
  });

  test('the offset is the byte at fault, far into a long document', async () => {
    const rows = Array.from({ length: 9000 }, (_, i): Row => [BigInt(i), `text ${i}`]);
    const text = new TextDecoder().decode(
      await write({ schema: schemaOf([table('t', ['v'])]), rows: new Map([['t', rows]]) }),
    );
    const offset = text.indexOf('"text 8765"');
    const broken = new TextEncoder().encode(text.replace('"text 8765"', '?text 8765"'));
    for (const sizes of [[broken.length], [1000], [65_536, 3]]) {
      await expect(read(broken, sizes)).rejects.toMatchObject({ offset, place: 't[8765].v' });
    }
  });

  test('a row beyond the limit is refused before it is held', async () => {
    const big = table('t', ['v']);
    const rows = new Map<string, Row[]>([['t', [[1n, 'x'.repeat(2_000_000)]]]]);
    const bytes = await write({ schema: schemaOf([big]), rows });
    await expect(read(bytes, [5000], { maxRowBytes: 100_000 })).rejects.toThrow(
      't[0].v: a piece of more than 100000',
    );
  });

  test('whoever stops reading, the source is told', async () => {
    const bytes = await write(content);
    let closed = false;
    const source = (async function* () {
      try {
        yield* chunked(bytes, [100]);
      } finally {
        closed = true;
      }
    })();
    for await (const event of readDocument(source)) if (event.kind === 'rows') break;
    expect(closed).toBe(true);
  });

  test('old documents and other files are named as not ours', async () => {
    for (const text of [
      '{"anime": []}',
      '[]',
      '{\n  "backup_timestamp": "2024"\n}\n',
      'SQLite format 3\0',
      '',
    ]) {
      await expect(read(new TextEncoder().encode(text))).rejects.toMatchObject({ name: 'DocumentError' });
    }
  });
});

describe('the sink', () => {
  const one = table('one', ['v']);
  const schema = schemaOf([one]);

  test.each<[string, Row]>([
    ['not a number', [1n, Number.NaN]],
    ['beyond 64 bits', [1n, 2n ** 63n]],
    ['lone surrogate', [1n, '\ud800']],
    ['has 3 values, not 2', [1n, 1n, 1n]],
  ])('refuses a row: %s', async (message, row) => {
    const sink = createDocumentSink(memoryWriter(), META);
    await expect(drive(sink, { schema, rows: new Map([['one', [row]]]) })).rejects.toThrow(message);
  });

  test.each([
    ['a part before any anime', [[1n, 1n, 'x']]],
    [
      'an anime after the orphans',
      [
        [2n, 1n, 'x'],
        [0n, 1n, 1n],
      ],
    ],
    [
      'a part after the orphans',
      [
        [0n, 1n, 1n],
        [2n, 1n, 'x'],
        [1n, 1n, 'x'],
      ],
    ],
    ['an unknown tag', [[3n, 1n, 'x']]],
  ])('refuses a nested scan out of order: %s', async (_, rows) => {
    const code = column('code', { declaredType: 'INT' });
    const nested = schemaOf([
      table('anime', [code], { rowidAlias: 0 }),
      table('anime_parts', [column('anime_code', { declaredType: 'INT' })]),
    ]);
    const sink = createDocumentSink(memoryWriter(), META);
    const [target] = sink.targets(nested);
    if (target?.kind !== 'nested') throw new Error('does not nest');
    await sink.begin(nested);
    await sink.beginScan(target);
    await expect(sink.rows(rows)).rejects.toThrow('is out of place');
  });

  test('refuses a row that no reader would take, by its bytes', async () => {
    const length = (text: string): number => new TextEncoder().encode(`\n{"$rowid":1,"v":"${text}"}`).length;
    const text = 'ў'.repeat(100);
    const sink = (maxRowBytes: number) => createDocumentSink(memoryWriter(), META, { maxRowBytes });
    const rows = new Map<string, Row[]>([['one', [[1n, text]]]]);
    await drive(sink(length(text)), { schema, rows });
    const refused = drive(sink(length(text) - 1), { schema, rows });
    await expect(refused).rejects.toThrow(/^a row of one takes more than \d+ bytes as JSON$/);
  });

  test('does not finish while a scan is missing', async () => {
    const out = memoryWriter();
    const sink = createDocumentSink(out, META);
    await sink.begin(schema);
    await expect(sink.finish()).rejects.toThrow('lacks the scan of one');
    expect(() => out.bytes()).toThrow('not closed');
  });

  test('hands a failing write on', async () => {
    const out = { ...memoryWriter(), write: () => Promise.reject(new Error('bucket is full')) };
    await expect(drive(createDocumentSink(out, META), { schema, rows: new Map() })).rejects.toThrow(
      'bucket is full',
    );
  });
});
