import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type LegacyEvent,
  type LegacyOptions,
  readLegacyDocument,
} from '../../../src/backup/document/legacy.ts';
import { fieldValue, Refused } from '../../../src/backup/document/legacy-fields.ts';
import { inEnglish } from '../../../src/backup/document/reasons.ts';
import { sniff } from '../../../src/backup/document/sniff.ts';
import { DocumentError } from '../../../src/backup/document/window.ts';
import { createDocumentSink } from '../../../src/backup/document/writer.ts';
import { InvalidText, type Row } from '../../../src/backup/model/model.ts';
import { chunked, column, drive, memoryWriter, schemaOf, table } from './support.ts';

async function read(
  input: string | Uint8Array,
  sizes?: number[],
  options?: LegacyOptions,
): Promise<LegacyEvent[]> {
  const bytes = typeof input === 'string' ? new TextEncoder().encode(input) : input;
  const events: LegacyEvent[] = [];
  for await (const event of readLegacyDocument(chunked(bytes, sizes ?? [bytes.length]), options))
    events.push(event);
  return events;
}

/** `kind place {fields}` or `refusal place reason (scope)`, a line an event. */
function lines(events: readonly LegacyEvent[]): string[] {
  return events.map((event) => {
    if (event.kind === 'refusal') return `refusal ${event.place}: ${inEnglish(event)} (${event.scope})`;
    const fields = Object.entries(event.fields).map(([name, value]) => `${name}=${show(value)}`);
    return `${event.kind} ${event.place} ${event.table}: ${fields.join(' ')}`;
  });
}

function show(value: unknown): string {
  if (typeof value === 'bigint') return `${value}n`;
  if (value instanceof InvalidText) return `invalid ${Buffer.from(value.bytes).toString('hex')}`;
  if (value instanceof Uint8Array) return `blob ${Buffer.from(value).toString('hex')}`;
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}

/** The example of the old bot's guide, with one of everything. */
const GUIDE = `{
  "backup_timestamp": "2024-01-01T12:00:00",
  "anime": [
    {
      "id": 1,
      "code": 1,
      "description": "Anime izoh — oʻlim daftari",
      "photo_id": "file_id",
      "created_at": "2023-12-31 21:00:00",
      "parts": [
        {
          "part_number": 1,
          "file_id": "video_file_id"
        }
      ]
    }
  ],
  "groups": [{"id": 3, "group_id": -1001234567890, "link": null, "name": "Guruh"}],
  "users": [{"user_id": 5, "username": null, "first_name": "Али"}]
}
`;

const GUIDE_LINES = [
  'anime anime[0] anime: id=1n code=1n description="Anime izoh — oʻlim daftari" photo_id="file_id" created_at="2023-12-31 21:00:00"',
  'part anime[0].parts[0] anime_parts: part_number=1n file_id="video_file_id" anime_code=1n',
  'group groups[0] groups: id=3n group_id=-1001234567890n link=null name="Guruh"',
  'user users[0] users: user_id=5n username=null first_name="Али"',
];

function utf16(text: string, bigEndian: boolean, bom: boolean): Uint8Array {
  const bytes = Buffer.from(`${bom ? '\ufeff' : ''}${text}`, 'utf16le');
  return bigEndian ? bytes.swap16() : bytes;
}

describe('old documents', () => {
  test("the guide's own example", async () => {
    expect(lines(await read(GUIDE))).toEqual(GUIDE_LINES);
  });

  test.each<[string, string | Uint8Array]>([
    ['CRLF', GUIDE.replaceAll('\n', '\r\n')],
    ['a BOM', `\ufeff${GUIDE}`],
    ['UTF-16 as Windows saves it', utf16(GUIDE, false, true)],
    ['UTF-16 without BOM', utf16(GUIDE, false, false)],
    ['UTF-16 the other way round', utf16(GUIDE, true, true)],
    ['UTF-16 the other way round without BOM', utf16(GUIDE, true, false)],
    [
      'Python ensure_ascii',
      GUIDE.replace(/[^\0-\x7f]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`),
    ],
    ['no spaces', JSON.stringify(JSON.parse(GUIDE))],
  ])('from Windows and elsewhere: %s', async (_, input) => {
    for (const sizes of [[100_000], [1], [3, 1, 7]])
      expect(lines(await read(input, sizes))).toEqual(GUIDE_LINES);
  });

  test('a list may be missing, null or empty', async () => {
    expect(await read('{"anime": [], "users": null}')).toEqual([]);
  });

  test('ids as text, as reals, beyond 2^53', async () => {
    const text = `{"anime": [
      {"code": " 7 ", "photo_id": 12, "parts": [{"part_number": "2", "file_id": "a", "id": 9007199254740993}]},
      {"code": 8.0, "parts": null}
    ], "groups": [{"group_id": "-1001234567890123"}], "mandatory_channels": [{"channel_id": -100123, "name": 5}]}`;
    expect(lines(await read(text))).toEqual([
      'anime anime[0] anime: code=7n photo_id="12"',
      'part anime[0].parts[0] anime_parts: part_number=2n file_id="a" id=9007199254740993n anime_code=7n',
      'anime anime[1] anime: code=8n',
      'group groups[0] groups: group_id=-1001234567890123n',
      'channel mandatory_channels[0] mandatory_channels: channel_id="-100123" name="5"',
    ]);
  });

  test('a number beyond a double costs its value or its row, not the file', async () => {
    const text = `{"anime": [{"code": 1e999}, {"code": 2, "photo_id": -1e400, "rating": 1e309}],
      "users": [{"user_id": 5, "created_at": 1E+999}], "size": 1e999, "groups": [{"group_id": -6}]}`;
    expect(lines(await read(text))).toEqual([
      'refusal anime[0].code: > 1.8e308 is too large (record)',
      'refusal anime[1].photo_id: < -1.8e308 is too large (field)',
      'refusal anime[1].rating: > 1.8e308 is too large (field)',
      'anime anime[1] anime: code=2n',
      'refusal users[0].created_at: > 1.8e308 is too large (field)',
      'user users[0] users: user_id=5n',
      'group groups[0] groups: group_id=-6n',
    ]);
  });

  test('what cannot be taken is refused by place and reason, the rest stays', async () => {
    const text = `{"anime": [
      {"code": null, "parts": [{"file_id": "a"}, {"file_id": "b", "anime_code": 3}]},
      {"code": "abc"},
      {"code": 99999999999999999999},
      {"code": 1.5},
      {"description": "x"},
      "text",
      {"code": 4, "id": true, "created_at": "yesterday", "description": ["x"], "genres": ["a"], "rating": 4.5, "hot": true,
       "parts": [{"part_number": 1}, {"part_number": 2.5, "file_id": "c"}, 17, {"file_id": ""}]},
      {"code": 5, "parts": {}}
    ], "users": [{"user_id": 9223372036854775808}, {"user_id": ""}]}`;
    expect(lines(await read(text))).toEqual([
      'refusal anime[0].code: missing (record)',
      'refusal anime[0].parts[0].anime_code: missing (record)',
      'part anime[0].parts[1] anime_parts: file_id="b" anime_code=3n',
      'refusal anime[1].code: "abc" is not an integer (record)',
      'refusal anime[2].code: 99999999999999999999 is too large (record)',
      'refusal anime[3].code: 1.5 is not an exact integer (record)',
      'refusal anime[4].code: missing (record)',
      'refusal anime[5]: not an object (record)',
      'refusal anime[6].id: not an integer (field)',
      'refusal anime[6].created_at: "yesterday" is not a time (field)',
      'refusal anime[6].description: not a text (field)',
      'refusal anime[6].genres: a list where a value belongs (field)',
      'anime anime[6] anime: code=4n rating=4.5 hot=1n',
      'refusal anime[6].parts[0].file_id: missing (record)',
      'refusal anime[6].parts[1].part_number: 2.5 is not an exact integer (field)',
      'part anime[6].parts[1] anime_parts: file_id="c" anime_code=4n',
      'refusal anime[6].parts[2]: not an object (record)',
      'refusal anime[6].parts[3].file_id: missing (record)',
      'anime anime[7] anime: code=5n',
      'refusal anime[7].parts: not a list (field)',
      'refusal users[0].user_id: 9223372036854775808 is too large (record)',
      'refusal users[1].user_id: missing (record)',
    ]);
  });

  test('parts without anime, the same code twice, names that bite', async () => {
    const text = `{"anime": [{"code": 1}, {"code": 1}], "parts_without_anime": [{"anime_code": 9, "file_id": "x", "part_number": null},
      {"anime_code": null, "file_id": "y"}], "extra": [{"__proto__": 1, "constructor": "c"}]}`;
    const events = await read(text);
    expect(lines(events)).toEqual([
      'anime anime[0] anime: code=1n',
      'anime anime[1] anime: code=1n',
      'part parts_without_anime[0] anime_parts: anime_code=9n file_id="x" part_number=null',
      'refusal parts_without_anime[1].anime_code: missing (record)',
      'other extra[0] extra: __proto__=1n constructor="c"',
    ]);
  });

  test.each([
    ['2024-01-02 03:04:05', '2024-01-02 03:04:05'],
    ['2024-01-02T03:04:05', '2024-01-01 22:04:05'],
    ['2024-01-02T03:04:05.678901', '2024-01-01 22:04:05'],
    ['2024-01-02 03:04:05.678901', '2024-01-01 22:04:05'],
    ['2024-01-02T03:04:05Z', '2024-01-02 03:04:05'],
    ['2024-01-02T03:04:05.5+03:30', '2024-01-01 23:34:05'],
    ['2024-01-02 03:04:05-0100', '2024-01-02 04:04:05'],
    ['2024-01-02T03:04', '2024-01-01 22:04:00'],
    ['2024-02-29', '2024-02-29 00:00:00'],
    ['', null],
    ['2023-02-29 00:00:00', undefined],
    ['2024-01-02 24:00:00', undefined],
    ['02.01.2024', undefined],
  ])('time %s in Tashkent is %s', async (written, expected) => {
    const text = JSON.stringify({ users: [{ user_id: 1, created_at: written }] });
    const events = await read(text, undefined, { utcOffsetMinutes: 300 });
    const users = events.flatMap((event) => (event.kind === 'user' ? [event.fields] : []));
    expect(users.map((user) => user['created_at'])).toEqual([expected]);
    expect(events.some(({ kind }) => kind === 'refusal')).toBe(expected === undefined);
  });
});

test('an /export file', async () => {
  const text = `{"format": "anime-bot-export", "format_version": 1, "anime": [{"code": 1, "title": "Naruto",
    "parts": [{"part_number": 1, "file_id": "f", "kind": "video", "file_unique_id": "u"}]}],
    "groups": [{"group_id": -100, "name": "G"}], "channels": [{"channel_id": "@kanal", "link": "https://t.me/kanal", "name": "K"}]}`;
  expect(lines(await read(text))).toEqual([
    'anime anime[0] anime: code=1n title="Naruto"',
    'part anime[0].parts[0] anime_parts: part_number=1n file_id="f" kind="video" file_unique_id="u" anime_code=1n',
    'group groups[0] groups: group_id=-100n name="G"',
    'channel channels[0] mandatory_channels: channel_id="@kanal" link="https://t.me/kanal" name="K"',
  ]);
});

test('our own documents, also edited by hand', async () => {
  const int = { declaredType: 'INTEGER' };
  const content = {
    schema: schemaOf([
      table('anime', [column('id', int), column('code', int), 'description', 'parts'], { rowidAlias: 1 }),
      table('anime_parts', [column('anime_code', int), 'file_id', 'score']),
      table('user_history', ['id', 'user_id', 'anime_code', 'viewed_at']),
      table('sqlite_sequence', ['name', 'seq'], { kind: 'internal' }),
      table('favourites', ['user_id', '$x', 'b']),
    ]),
    rows: new Map<string, Row[]>([
      ['anime', [[1n, 4n, 1n, new InvalidText(Uint8Array.of(0xff)), 'col']]],
      [
        'anime_parts',
        [
          [1n, 1n, 'f', Infinity],
          [2n, 2n, 'lost', -0],
        ],
      ],
      ['user_history', [[1n, 1n, 5n, 1n, '2024-01-01 00:00:00']]],
      ['sqlite_sequence', [[1n, 'anime', 4n]]],
      ['favourites', [[8n, 5n, 'x', Uint8Array.of(1)]]],
    ]),
  };
  const out = memoryWriter();
  await drive(createDocumentSink(out, { backupTime: new Date(0), appVersion: '1' }), content);
  const edited = JSON.stringify(JSON.parse(new TextDecoder().decode(out.bytes())), null, 4);
  for (const input of [out.bytes(), edited.replace(': 0\n', ': -0.0\n')]) {
    expect(lines(await read(input))).toEqual([
      'anime anime[0] anime: id=4n code=1n description=invalid ff parts="col"',
      'part anime[0].parts[0] anime_parts: anime_code=1n file_id="f" score=Infinity',
      expect.stringMatching(
        /^part parts_without_anime\[0\] anime_parts: anime_code=2n file_id="lost" score=-?0n?$/,
      ),
      'history tables.user_history[0] user_history: id=1n user_id=5n anime_code=1n viewed_at="2024-01-01 00:00:00"',
      'other tables.favourites[0] favourites: user_id=5n $x="x" b=blob 01',
    ]);
  }
});

describe('broken files', () => {
  test('cut at any byte, it is an error', async () => {
    const bytes = new TextEncoder().encode(GUIDE.trimEnd());
    for (let length = 0; length < bytes.length; length += 1) {
      await expect(read(bytes.slice(0, length))).rejects.toBeInstanceOf(DocumentError);
    }
    const wide = utf16(GUIDE.trimEnd(), false, true);
    for (let length = 3; length < wide.length; length += 7) {
      await expect(read(wide.slice(0, length))).rejects.toBeInstanceOf(DocumentError);
    }
  });

  test.each([
    ['[]', 'not a JSON object (byte 0)'],
    ['{}', 'not a document of the bot'],
    ['{"a": 1}', 'not a document of the bot'],
    ['{"anime": {}}', 'anime: expected a list (byte 10)'],
    ['{"anime": [{"code": 1,}]}', 'anime[0]: expected a key in quotes (byte 22)'],
    [
      '{"anime": [{"code": 1, "parts": [{"file_id": x}]}]}',
      'anime[0].parts[0].file_id: not a number (byte 45)',
    ],
    ['{"anime": [{"code": NaN}]}', 'anime[0].code: not a number'],
    ['{"anime": [{"code": 1, "code": 2}]}', 'anime[0]: the key "code" stands twice'],
    ['{"anime": [], "anime": []}', 'the key "anime" stands twice'],
    ['{"anime": []} x', 'something follows the document (byte 14)'],
    ["{'anime': []}", 'expected a key in quotes (byte 1)'],
    [
      '{"anime": [{"code": 1, "description": "a\nb"}]}',
      'anime[0].description: a control character inside a string',
    ],
    ['{"anime": [1 2]}', 'anime: expected , or ] (byte 13)'],
  ])('%s', async (text, message) => {
    for (const sizes of [[1000], [1]]) {
      const error = await read(text, sizes).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(DocumentError);
      expect(error instanceof Error && error.message).toContain(message);
    }
  });

  test('bombs: depth, digits, one endless element', async () => {
    const deep = `{"anime": [${'['.repeat(1_000_000)}`;
    await expect(read(deep)).rejects.toThrow('nested deeper than 32 levels');
    await expect(read(`{"users": [{"user_id": ${'9'.repeat(1_000_000)}}]}`)).rejects.toThrow(
      'a number of more than',
    );
    const endless = `{"users": [{"user_id": 1, "username": "${'x'.repeat(1_000_000)}"}]}`;
    await expect(read(endless, [1000], { maxItemBytes: 100_000 })).rejects.toThrow(
      'a piece of more than 100000 bytes',
    );
  });

  test('text in another encoding is not taken for UTF-8', async () => {
    const windows1251 = Buffer.concat([
      Buffer.from('{"users": [{"user_id": 1, "first_name": "'),
      Buffer.of(0xc0, 0xeb, 0xe8),
      Buffer.from('"}]}'),
    ]);
    await expect(read(windows1251)).rejects.toThrow(
      'users[0].first_name: a string that is not UTF-8 (byte 41)',
    );
  });

  const isUtf16Fault = (outcome: unknown): boolean =>
    outcome instanceof DocumentError && outcome.message.includes('looks like UTF-16');

  test('any bytes end in events or a DocumentError', async () => {
    const mutated = fc
      .tuple(
        fc.nat(GUIDE.length),
        fc.string({ unit: fc.constantFrom(...'{}[]",:\\0e-.tn '), maxLength: 4 }),
        fc.nat(5),
      )
      .map(([at, put, cut]) => new TextEncoder().encode(GUIDE.slice(0, at) + put + GUIDE.slice(at + cut)));
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(mutated, fc.uint8Array()),
        fc.integer({ min: 1, max: 50 }),
        async (bytes, size) => {
          const outcome = (sizes: number[]): Promise<unknown> =>
            read(bytes, sizes).then(lines, (error: unknown) => error);
          const whole = await outcome([100_000]);
          if (!Array.isArray(whole)) expect(whole).toBeInstanceOf(DocumentError);
          const inPieces = await outcome([size]);
          // What is neither UTF-16 nor JSON is told of by whichever is met first, and that depends
          // on how much is looked at at once.
          if (isUtf16Fault(whole)) expect(inPieces).toBeInstanceOf(DocumentError);
          else expect(inPieces).toEqual(whole);
        },
      ),
      { numRuns: 400, examples: [[Uint8Array.of(1, 0, 0, 0, 0, 220), 1]] },
    );
  });

  test('a source that fails is an error, and is told when nobody reads on', async () => {
    const failing = (async function* () {
      yield new TextEncoder().encode('{"anime": [');
      throw new Error('connection lost');
    })();
    await expect(drain(failing)).rejects.toThrow('connection lost');
    let closed = false;
    const source = (async function* () {
      try {
        for (;;) yield new TextEncoder().encode(`{"anime": [${'{"code": 1},'.repeat(20_000)}`);
      } finally {
        closed = true;
      }
    })();
    for await (const event of readLegacyDocument(source)) if (event.kind === 'anime') break;
    expect(closed).toBe(true);
  });
});

async function drain(source: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const event of readLegacyDocument(source)) expect(event.kind).toBe('anime');
}

test.each<[string, Uint8Array | string]>([
  ['gzip', Uint8Array.of(0x1f, 0x8b, 8)],
  ['age', 'age-encryption.org/v1\n-> X25519'],
  ['age', '-----BEGIN AGE ENCRYPTED FILE-----\n'],
  ['sqlite', 'SQLite format 3\0\x10'],
  ['json', '{"anime"'],
  ['json', ' \r\n\t{'],
  ['json', '\ufeff{'],
  ['json', utf16('\r\n{', false, true)],
  ['json', utf16('{ ', true, false)],
  ['unknown', '[1]'],
  ['unknown', ''],
  ['unknown', 'PK\x03\x04'],
  ['unknown', '   '],
  ['unknown', 'SQLite format 3'],
])('sniffs %s', (kind, first) => {
  expect(sniff(typeof first === 'string' ? new TextEncoder().encode(first) : first)).toBe(kind);
});

test('the usual form of a time is judged as every other is, on each day that may be one', () => {
  for (const year of ['0000', '1900', '2000', '2023', '2024', '2100'])
    for (let month = 0; month <= 13; month += 1)
      for (let day = 0; day <= 32; day += 1)
        for (const time of ['00:00:00', '23:59:59', '24:00:00', '12:60:00', '12:00:60']) {
          const two = (n: number): string => String(n).padStart(2, '0');
          const text = `${year}-${two(month)}-${two(day)} ${time}`;
          const [quick, slow] = [text, `${text} `].map((one) => fieldValue('time', one, 300));
          if (slow instanceof Refused) expect(quick, text).toBeInstanceOf(Refused);
          else expect(quick).toBe(slow);
        }
});
