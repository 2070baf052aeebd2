/**
 * A small database made by arithmetic alone, the same on every runtime: Node and workerd must write
 * the same file from it.
 */
import { createHash } from 'node:crypto';
import {
  type ColumnInfo,
  type DatabaseSchema,
  type IndexColumn,
  InvalidText,
  type Row,
  type ScanTarget,
  type TableInfo,
} from '../../../src/backup/model/model.ts';
import { createSqliteSink } from '../../../src/backup/sqlite/sqlite-sink.ts';

/** SHA-256 of the file, once looked at with SQLite (sample.test.ts does it again). */
export const SAMPLE_SHA256 = '57662ef9827749bc68741664cb2bfdf8f9695e6e430928217923f6262ccc80ec';

export const SAMPLE_ROWS = 3000;

const anime = sampleTable('anime', false, [
  ['code', 'INTEGER', 1],
  ['title', 'TEXT', 0],
  ['score', 'REAL', 0],
  ['poster', 'BLOB', 0],
]);
const words = sampleTable('words', true, [
  ['hits', 'INTEGER', 0],
  ['word', 'TEXT', 1],
]);

const SCHEMA: DatabaseSchema = {
  objects: [
    { type: 'table', name: 'anime', tableName: 'anime', sql: anime.sql, hasStorage: true },
    { type: 'table', name: 'words', tableName: 'words', sql: words.sql, hasStorage: true },
    {
      type: 'index',
      name: 'anime_by_title',
      tableName: 'anime',
      sql: 'CREATE INDEX anime_by_title ON anime(title DESC)',
      hasStorage: true,
    },
    {
      type: 'view',
      name: 'best',
      tableName: 'best',
      sql: 'CREATE VIEW best AS SELECT * FROM anime WHERE score > 9',
      hasStorage: false,
    },
  ],
  tables: [anime, words],
  indexes: [
    {
      name: 'anime_by_title',
      table: 'anime',
      sql: 'CREATE INDEX anime_by_title ON anime(title DESC)',
      unique: false,
      origin: 'c',
      partial: false,
      columns: [indexColumn(1, 'title', true, true), indexColumn(-1, null, false, false)],
    },
  ],
  userVersion: 7,
  applicationId: 0x616e696d,
  schemaVersion: 42,
};

/** Writes the sample and returns the file and its SHA-256. */
export async function writeSample(): Promise<{ bytes: Uint8Array<ArrayBuffer>; sha256: string }> {
  const chunks: Uint8Array[] = [];
  const sink = createSqliteSink({
    async write(chunk) {
      chunks.push(chunk.slice());
    },
    async close(head) {
      chunks.unshift(head.slice());
    },
    async abort() {},
  });
  await sink.begin(SCHEMA);
  for (const target of sink.targets(SCHEMA)) {
    await sink.beginScan(target);
    const rows = rowsOf(target);
    for (let at = 0; at < rows.length; at += 500) await sink.rows(rows.slice(at, at + 500));
    await sink.endScan();
  }
  await sink.finish();
  const bytes = new Uint8Array(Buffer.concat(chunks));
  return { bytes, sha256: createHash('sha256').update(bytes).digest('hex') };
}

function rowsOf(target: ScanTarget): Row[] {
  const numbers = Array.from({ length: SAMPLE_ROWS }, (_, i) => i);
  if (target.kind === 'index') return numbers.toReversed().map((i) => [titleOf(i), codeOf(i)]);
  if (target.kind === 'table' && target.table === words)
    return numbers.map((i) => [BigInt(i), `ўзбек ${titleOf(i)}`]);
  return numbers.map((i) => [codeOf(i), codeOf(i), titleOf(i), scoreOf(i), posterOf(i)]);
}

function codeOf(i: number): bigint {
  return -1000n + BigInt(i) ** 5n;
}

/**
 * Ascending, so that the index is the table backwards; some so long that they spill to overflow
 * pages in the index.
 */
function titleOf(i: number): string {
  return `${String(i).padStart(5, '0')} ${'наруто 😀 '.repeat(i % 500 === 0 ? 400 : i % 7)}`;
}

function scoreOf(i: number): number | null {
  return [i, i / 8, -0, Number.POSITIVE_INFINITY, null, 2 ** 50 + i][i % 6] ?? null;
}

function posterOf(i: number): Uint8Array | InvalidText | null {
  if (i % 10 === 1) return new InvalidText(Uint8Array.of(0x61, 0xff, i & 0xff));
  if (i % 10 === 2) return new Uint8Array(i === 1002 ? 200_000 : i).fill(i & 0xff);
  return null;
}

function sampleTable(
  name: string,
  withoutRowid: boolean,
  columns: readonly (readonly [string, string, number])[],
): TableInfo {
  const terms = columns.map(([column, type, key]) => `${column} ${type}${key === 1 ? ' PRIMARY KEY' : ''}`);
  return {
    name,
    sql: `CREATE TABLE ${name}(${terms.join(', ')})${withoutRowid ? ' WITHOUT ROWID' : ''}`,
    kind: 'table',
    withoutRowid,
    strict: false,
    autoincrement: false,
    rowidAlias: withoutRowid ? null : 0,
    columns: columns.map(([column, declaredType, primaryKey]): ColumnInfo => {
      return { name: column, declaredType, notNull: false, defaultValue: null, primaryKey, generated: 'no' };
    }),
  };
}

function indexColumn(columnId: number, name: string | null, descending: boolean, key: boolean): IndexColumn {
  return { columnId, name, descending, collation: 'BINARY', key };
}
