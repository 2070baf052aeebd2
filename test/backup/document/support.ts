/** Made-up schemas with rows (fast-check), and a runner that drives sinks with them as a snapshot would. */
import fc from 'fast-check';
import {
  type ColumnInfo,
  type DatabaseSchema,
  type HeadLastWriter,
  InvalidText,
  type Row,
  type ScanTarget,
  type SnapshotSink,
  type SqlValue,
  type TableInfo,
} from '../../../src/backup/model.ts';
import { rowLayout } from '../../../src/backup/values.ts';

export interface Content {
  readonly schema: DatabaseSchema;
  /** Rows as a table scan delivers them. */
  readonly rows: ReadonlyMap<string, readonly Row[]>;
}

export const INTEGERS: fc.Arbitrary<bigint> = fc.oneof(
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

export function column(name: string, more: Partial<ColumnInfo> = {}): ColumnInfo {
  return {
    name,
    declaredType: '',
    notNull: false,
    defaultValue: null,
    primaryKey: 0,
    generated: 'no',
    ...more,
  };
}

export function table(
  name: string,
  columns: readonly (string | ColumnInfo)[],
  more: Partial<TableInfo> = {},
): TableInfo {
  return {
    name,
    sql: null,
    kind: 'table',
    withoutRowid: false,
    strict: false,
    autoincrement: false,
    rowidAlias: null,
    columns: columns.map((given) => (typeof given === 'string' ? column(given) : given)),
    ...more,
  };
}

export function schemaOf(tables: readonly TableInfo[], more: Partial<DatabaseSchema> = {}): DatabaseSchema {
  return { objects: [], tables, indexes: [], userVersion: 3, applicationId: 7, schemaVersion: 9, ...more };
}

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

/** The rows of a scan, as model.ts words it. */
export function scanRows({ rows }: Content, target: ScanTarget): Row[] {
  if (target.kind === 'index') throw new Error('no index scans here');
  if (target.kind === 'table') return [...(rows.get(target.table.name) ?? [])];
  const children = new Set(rows.get(target.child.name) ?? []);
  const scanned: Row[] = [];
  for (const parent of rows.get(target.parent.name) ?? []) {
    scanned.push([0n, ...parent]);
    const code = parent[target.parentKey + 1];
    for (const child of children) {
      if (code === null || child[target.childKey + 1] !== code) continue;
      scanned.push([1n, ...child]);
      children.delete(child);
    }
  }
  return [...scanned, ...[...children].map((child): Row => [2n, ...child])];
}

/** Drives a sink as the runner does, with batches of `batchSize` rows. */
export async function drive(sink: SnapshotSink, content: Content, batchSize = 3): Promise<void> {
  const targets = sink.targets(content.schema);
  await sink.begin(content.schema);
  for (const target of targets) {
    await sink.beginScan(target);
    const rows = scanRows(content, target);
    for (let i = 0; i < rows.length; i += batchSize) await sink.rows(rows.slice(i, i + batchSize));
    await sink.endScan();
  }
  await sink.finish();
}

/** A writer into memory; `bytes` is known once it was closed. */
export function memoryWriter(): HeadLastWriter<void> & { bytes(): Uint8Array } {
  const chunks: Uint8Array[] = [];
  let closed = false;
  return {
    async write(chunk) {
      if (closed) throw new Error('write after close');
      chunks.push(chunk.slice());
    },
    async close(head) {
      closed = true;
      chunks.unshift(head.slice());
    },
    async abort() {},
    bytes() {
      if (!closed) throw new Error('not closed');
      return new Uint8Array(Buffer.concat(chunks));
    },
  };
}

/** The same bytes in chunks whose sizes repeat `sizes`. */
export async function* chunked(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? bytes.length;
    yield bytes.slice(at, at + size);
    at += size;
  }
}
