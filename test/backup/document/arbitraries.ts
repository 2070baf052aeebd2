/** Made-up schemas with rows, for fast-check. */
import fc from 'fast-check';
import {
  type ColumnInfo,
  InvalidText,
  type Row,
  type SqlValue,
  type TableInfo,
} from '../../../src/backup/model/model.ts';
import { rowLayout } from '../../../src/backup/model/values.ts';
import { type Content, column, schemaOf, table } from './support.ts';

const INTEGERS: fc.Arbitrary<bigint> = fc.oneof(
  fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
  fc.integer({ min: -3, max: 300 }).map(BigInt),
  fc.constantFrom(
    0n,
    2n ** 53n,
    2n ** 53n + 1n,
    -(2n ** 53n) - 1n,
    2n ** 63n - 1n,
    -(2n ** 63n),
    10n ** 15n,
    10n ** 15n - 1n,
  ),
);

const TEXTS: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ unit: 'grapheme-ascii', maxLength: 60 }),
  fc.constantFrom(
    '',
    '\0',
    'a\0b',
    '"',
    '\\',
    '\ufffd',
    '{"$blob":"AA=="}',
    '\u2028',
    'oʻlim',
    'ўлим',
    '🎬',
    'null',
    '1',
    '1.0',
  ),
);

const INVALID_TEXT: fc.Arbitrary<InvalidText> = fc
  .tuple(fc.uint8Array({ maxLength: 12 }), fc.constantFrom([0xff], [0xc3], [0xed, 0xa0, 0x80], [0xf5, 0x80]))
  .map(([start, bad]) => new InvalidText(Uint8Array.from([...start, 0x20, ...bad])));

export const VALUES: fc.Arbitrary<SqlValue> = fc.oneof(
  fc.constant(null),
  INTEGERS,
  fc.double({ noNaN: true }),
  fc.constantFrom(0, -0, 1, -1, 0.1, 1e21, 1e-7, 5e-324, Number.MAX_VALUE, Infinity, -Infinity, 2 ** 53),
  TEXTS,
  fc.uint8Array({ maxLength: 40 }),
  INVALID_TEXT,
);

const NAMES: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    'parts',
    '$parts',
    '$rowid',
    'rowid',
    '$$x',
    '__proto__',
    'constructor',
    'schema',
    'counts',
    '1',
    '',
    ' ',
    'a"b',
    "a'b",
    'о‘',
    ']}',
  ),
  fc.string({ minLength: 1, maxLength: 8 }),
);

const COLUMN: fc.Arbitrary<Omit<ColumnInfo, 'name'>> = fc.record({
  declaredType: fc.constantFrom('', 'INTEGER', 'TEXT', 'REAL', 'BLOB', 'ANY'),
  notNull: fc.boolean(),
  defaultValue: fc.option(fc.constantFrom("'x'", '1', 'CURRENT_TIMESTAMP')),
  primaryKey: fc.nat(2),
  generated: fc.constantFrom('no', 'no', 'no', 'no', 'virtual', 'stored'),
});

function arbitraryTable(name: string): fc.Arbitrary<TableInfo> {
  return fc
    .record({
      names: fc.uniqueArray(NAMES, { minLength: 1, maxLength: 6, selector: (text) => text.toLowerCase() }),
      columns: fc.array(COLUMN, { minLength: 6, maxLength: 6 }),
      kind: fc.constantFrom('table', 'table', 'shadow', 'internal'),
      withoutRowid: fc.boolean(),
      alias: fc.boolean(),
      strict: fc.boolean(),
      autoincrement: fc.boolean(),
    })
    .map(({ names, columns, kind, withoutRowid, alias, strict, autoincrement }) => {
      const made = names.map((text, i) => {
        const generated = i === 0 ? 'no' : (columns[i]?.generated ?? 'no');
        return column(text, { ...columns[i], generated });
      });
      const rowidAlias = alias && !withoutRowid ? 0 : null;
      return table(name, made, { kind, withoutRowid, strict, autoincrement, rowidAlias });
    });
}

function arbitraryRows(of: TableInfo): fc.Arbitrary<Row[]> {
  const { width, rowid } = rowLayout(of);
  const row = fc.array(VALUES, { minLength: width, maxLength: width });
  const rowids = fc.uniqueArray(INTEGERS, { maxLength: 6 });
  return fc.tuple(fc.array(row, { maxLength: 6 }), rowids).map(([rows, ids]) => {
    if (rowid === 'none') return rows;
    const sorted = ids.toSorted((a, b) => (a < b ? -1 : 1));
    return sorted.flatMap((id, i) => {
      const values = rows[i];
      if (values === undefined) return [];
      // The alias is the table's first column, right after the rowid.
      return [[id, ...(rowid === 'alias' ? [id] : values.slice(1, 2)), ...values.slice(2)]];
    });
  });
}

/** Any tables, any rows; often some of the names that the document treats in its own way. */
export const CONTENT: fc.Arbitrary<Content> = fc
  .uniqueArray(
    fc.oneof(NAMES, fc.constantFrom('anime', 'anime_parts', 'groups', 'users', 'sqlite_sequence')),
    {
      maxLength: 5,
      selector: (text) => text.toLowerCase(),
    },
  )
  .chain((names) => fc.tuple(...names.map(arbitraryTable)))
  .chain((tables) => {
    return fc.tuple(...tables.map(arbitraryRows)).map((rows): Content => {
      const objects = tables.map(({ name }) => {
        return { type: 'table' as const, name, tableName: name, sql: `CREATE "${name}"`, hasStorage: true };
      });
      const sqlTables = tables.map((made) => ({ ...made, sql: `CREATE "${made.name}"` }));
      return {
        schema: schemaOf(sqlTables, { objects }),
        rows: new Map(tables.map(({ name }, i) => [name, rows[i] ?? []])),
      };
    });
  });

const ANIME = table(
  'anime',
  [
    column('id', { declaredType: 'INTEGER' }),
    column('code', { declaredType: 'INTEGER' }),
    'description',
    'photo_id',
    'parts',
  ],
  { rowidAlias: 0, autoincrement: true },
);
const PARTS = table(
  'anime_parts',
  [
    column('id', { declaredType: 'INTEGER' }),
    column('anime_code', { declaredType: 'INTEGER' }),
    'part_number',
    'file_id',
  ],
  { rowidAlias: 0 },
);
const CODE_INDEX = {
  name: 'sqlite_autoindex_anime_1',
  table: 'anime',
  sql: null,
  unique: true,
  origin: 'u' as const,
  partial: false,
  columns: [
    { columnId: 1, name: 'code', descending: false, collation: 'BINARY', key: true },
    { columnId: -1, name: null, descending: false, collation: 'BINARY', key: false },
  ],
};

/** A catalogue that nests: anime with parts, orphans, groups, users. */
export const CATALOGUE: fc.Arbitrary<Content> = fc
  .record({
    codes: fc.uniqueArray(fc.option(INTEGERS), { maxLength: 5 }),
    parts: fc.array(fc.record({ of: fc.nat(9), number: VALUES, file: VALUES }), { maxLength: 12 }),
    text: VALUES,
    real: VALUES,
  })
  .map(({ codes, parts, text, real }): Content => {
    const anime = codes.map((code, i): Row => [BigInt(i + 1), BigInt(i + 1), code, text, null, real]);
    const children = parts.map(({ of, number, file }, i): Row => {
      const id = BigInt(i * 2 - 3);
      return [id, id, of === 9 ? null : (codes[of] ?? BigInt(1000 + of)), number, file];
    });
    const users = table('users', [column('user_id'), 'username'], { rowidAlias: 0 });
    const schema = schemaOf([ANIME, users, PARTS], { indexes: [CODE_INDEX] });
    return {
      schema,
      rows: new Map([
        ['anime', anime],
        ['anime_parts', children],
        ['users', [[5n, 5n, text]]],
      ]),
    };
  });
