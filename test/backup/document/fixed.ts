/** One content and what every runtime must make of it, byte for byte. */
import { InvalidText, type Row, type SqlValue } from '../../../src/backup/model/model.ts';
import { type Content, column, schemaOf, table } from './support.ts';

const integer = { declaredType: 'INTEGER' };

const anime = table('anime', [column('id', integer), column('code', integer), 'description'], {
  rowidAlias: 1,
});
const parts = table('anime_parts', ['id', column('anime_code', integer), 'part_number', 'file_id']);
const users = table('users', ['user_id', 'username', column('upper', { generated: 'stored' })], {
  withoutRowid: true,
});
const odd = table('o"dd', ['v', '$rowid', '__proto__']);

const ODD_VALUES: SqlValue[] = [
  null,
  2n ** 63n - 1n,
  -(2n ** 63n),
  2n ** 53n + 1n,
  1,
  -0,
  0.1,
  5e-324,
  1e21,
  Infinity,
  -Infinity,
  '',
  'a\0"\\\u2028\ufffd',
  'Наруто — oʻlim 🎬',
  Uint8Array.of(0, 255),
  new InvalidText(Uint8Array.of(0x61, 0xff)),
];

export const FIXED: Content = {
  schema: schemaOf([anime, users, parts, odd], {
    objects: [{ type: 'table', name: 'x', tableName: 'x', sql: 'CREATE TABLE x', hasStorage: true }],
  }),
  rows: new Map<string, Row[]>([
    ['anime', Array.from({ length: 300 }, (_, i): Row => [BigInt(i), BigInt(-i), BigInt(i), `Аниме "${i}"`])],
    [
      'anime_parts',
      Array.from(
        { length: 2000 },
        (_, i): Row => [BigInt(i), null, BigInt(i % 310), i / 2, `f${i}`.repeat(i % 50)],
      ),
    ],
    ['users', [['5', 'Oʻktam', 'OʻKTAM']]],
    [
      'o"dd',
      ODD_VALUES.map((value, i): Row => [BigInt(i), value, BigInt(i), new Uint8Array(i * 9000).fill(i)]),
    ],
  ]),
};

export const FIXED_META = { backupTime: new Date('2024-01-01T12:00:00Z'), appVersion: '0.1.0' };
/** Hex SHA-256 of the document, and of each table. */
export const FIXED_DOCUMENT = '80082db2ed596ae9031fa280620e8d920988485ca3fe9f4891b241b0d22f4f0b';
export const FIXED_DIGESTS: Record<string, string> = {
  anime: '2d082299770e92f565236093d9839599e7ec03638dafc15379c118e7f1008c08',
  users: 'da09fe910f0968cd783b8fab2d92d136e99c4a64119e5f423b147c6e3e66e942',
  anime_parts: '8ff177ab227d3de3e7533897bf9d16fd80fb9f72d3c993f70e8bb61ba4402666',
  'o"dd': 'c706d84956f6c51c9ae5291ef945ad47b51bd251073027fac8789703269fd69d',
};
