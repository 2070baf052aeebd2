/**
 * The shape of a backup document (`.json`): names, sections and their order. Specified in
 * docs/formats.md, "Document"; the promise behind it is docs/spec/backup.md, "A backup".
 */
import type { ColumnInfo, DatabaseSchema, ScanTarget, TableInfo } from '../model/model.ts';

export const FORMAT_NAME = 'anime-bot-backup';
export const FORMAT_VERSION = 1;

/**
 * Longest row (an anime's without its parts) or schema section, as JSON. A row is built and parsed
 * as one piece, and V8 refuses strings from 2^29 - 24 units: half of that leaves room, and is far
 * above the 5 MB that an SQL server accepts.
 */
export const MAX_PIECE_BYTES: number = 256 * 1024 * 1024;

/** Key of the rowid in rows of tables where no column carries it. */
export const ROWID_KEY = '$rowid';
/** Key of an anime's parts. */
export const PARTS_KEY = 'parts';

/** Keys of values that JSON has no form for: `{"$blob":"base64"}`. */
export const BLOB_TAG = '$blob';
export const TEXT_TAG = '$text';
export const REAL_TAG = '$real';

/**
 * Tables with a top-level key of their own, as the old bot's documents had them; all others go
 * under `tables`.
 */
const TOP_LEVEL_TABLES = ['anime', 'groups', 'users'] as const;
export const ORPHANS_KEY = 'parts_without_anime';
export const TABLES_KEY = 'tables';
/** Key of the numbers of rows, which end the document together with its checksum. */
export const COUNTS_KEY = 'counts';
const PARENT = { table: 'anime', key: 'code' } as const;
const CHILD = { table: 'anime_parts', key: 'anime_code', orderBy: 'part_number' } as const;

/**
 * The JSON key of a column. Keys of ours begin with `$`, and `parts` is ours inside an anime: a
 * column of such a name gets one more `$` in front, so no two columns share a key whatever they are
 * called.
 */
export function columnKey(name: string, insideAnime: boolean): string {
  return name.startsWith('$') || (insideAnime && name === PARTS_KEY) ? `$${name}` : name;
}

export function isAnime(table: TableInfo): boolean {
  return table.name === PARENT.table;
}

/** One array of rows in the document, with the text around it. */
export interface Section {
  readonly key: string;
  /** Whether it stands below {@link TABLES_KEY}, not beside it. */
  readonly below: boolean;
  /** Null: the database has no such table, the array is empty. */
  readonly table: TableInfo | null;
  /** The table whose rows are written inside the rows of `table`, or null. */
  readonly parts: TableInfo | null;
  readonly open: string;
  readonly close: string;
}

/** Between the anime and the parts that belong to none. */
export const ORPHANS_OPEN = `],\n"${ORPHANS_KEY}":[`;

/**
 * All arrays of rows in document order, each table in one of them. Between `open` and `close` stand
 * the rows, each on a line of its own; the sections one after the other are the document between
 * its header and its counts.
 */
export function sectionsOf(tables: readonly TableInfo[], partsNested: boolean): Section[] {
  const find = (key: string): TableInfo | null => tables.find(({ name }) => name === key) ?? null;
  const parts = partsNested && find(PARENT.table) !== null ? find(CHILD.table) : null;
  const sections: Section[] = TOP_LEVEL_TABLES.map((key) => {
    const inside = key === PARENT.table ? parts : null;
    const orphans = key === PARENT.table && inside === null ? `"${ORPHANS_KEY}":[],\n` : '';
    return {
      key,
      below: false,
      table: find(key),
      parts: inside,
      open: `"${key}":[`,
      close: `],\n${orphans}`,
    };
  });
  const taken = new Set<string>([...TOP_LEVEL_TABLES, ...(parts === null ? [] : [parts.name])]);
  const others = tables.filter(({ name }) => !taken.has(name));
  others.forEach((table, i) => {
    const open = `${i === 0 ? `"${TABLES_KEY}":{` : ','}\n${JSON.stringify(table.name)}:[`;
    const close = i === others.length - 1 ? ']},\n' : ']';
    sections.push({ key: table.name, below: true, table, parts: null, open, close });
  });
  if (others.length === 0) {
    const open = `"${TABLES_KEY}":{`;
    sections.push({ key: TABLES_KEY, below: false, table: null, parts: null, open, close: '},\n' });
  }
  return sections;
}

/** The closing count of rows per table, which proves that none is missing. */
export function countsText(counts: ReadonlyMap<string, number>): string {
  const lines = [...counts].map(([name, count]) => `${JSON.stringify(name)}:${count}`);
  return `"${COUNTS_KEY}":{${lines.join(',')}}`;
}

/** The document's last bytes: the SHA-256 of all bytes before them. */
export function tailText(sha256: string): string {
  return `,\n"sha256":"${sha256}"}\n`;
}

export type NestedTarget = Extract<ScanTarget, { kind: 'nested' }>;

/**
 * The scan of anime with their parts, or null when this database's tables do not allow one: both
 * must be rowid tables, linked by integers, and an anime's code must be unique (else a part would
 * belong to two).
 */
export function nestedTarget(schema: DatabaseSchema): NestedTarget | null {
  const parent = schema.tables.find(({ name }) => name === PARENT.table);
  const child = schema.tables.find(({ name }) => name === CHILD.table);
  if (parent === undefined || parent.withoutRowid || child === undefined || child.withoutRowid) return null;
  const parentKey = linkColumn(parent, PARENT.key);
  const childKey = linkColumn(child, CHILD.key);
  if (parentKey === null || childKey === null || !isUnique(schema, parent, parentKey)) return null;
  const order = child.columns.findIndex(
    ({ name, generated }) => name === CHILD.orderBy && generated === 'no',
  );
  return { kind: 'nested', parent, child, parentKey, childKey, orderBy: order < 0 ? null : order };
}

/**
 * Index of the column, when its affinity is INTEGER: with others, `=` may match one value against
 * two different ones.
 */
function linkColumn(table: TableInfo, name: string): number | null {
  const index = table.columns.findIndex((column) => column.name === name);
  const column: ColumnInfo | undefined = table.columns[index];
  if (column === undefined || column.generated !== 'no' || !/int/i.test(column.declaredType)) return null;
  return index;
}

function isUnique(schema: DatabaseSchema, table: TableInfo, column: number): boolean {
  if (table.rowidAlias === column) return true;
  return schema.indexes.some((index) => {
    const [first, ...more] = index.columns.filter(({ key }) => key);
    return (
      index.table === table.name &&
      index.unique &&
      !index.partial &&
      more.length === 0 &&
      first?.columnId === column &&
      first.collation.toUpperCase() === 'BINARY'
    );
  });
}
