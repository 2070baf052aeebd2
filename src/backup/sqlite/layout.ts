import type { DatabaseSchema, IndexInfo, TableInfo } from '../model/model.ts';

/** How the rows of one scan become the records of one b-tree. */
export interface RecordLayout {
  /** For errors: `table anime`, `index anime_by_code`. */
  readonly name: string;
  /** Values a row must have. */
  readonly width: number;
  /** Whether the b-tree is keyed by rowid, which is then the row's first value. */
  readonly keyed: boolean;
  /** For each value of the record its place in the row, -1 for a NULL that stands for the rowid. */
  readonly source: Int32Array;
  /**
   * 1 where the column has REAL affinity: SQLite stores integral values of it as integers and reads
   * them back as REAL.
   */
  readonly real: Uint8Array;
}

export function tableLayout(table: TableInfo): RecordLayout {
  const name = `table ${table.name}`;
  const stored = table.columns.flatMap((column, id) => (column.generated === 'virtual' ? [] : [id]));
  const first = table.withoutRowid ? 0 : 1;
  const place = new Map(stored.map((id, position) => [id, position + first]));
  const order = table.withoutRowid ? primaryKeyFirst(table, stored) : stored;
  return {
    name,
    width: stored.length + first,
    keyed: !table.withoutRowid,
    source: Int32Array.from(order, (id) => {
      if (!table.withoutRowid && id === table.rowidAlias) return -1;
      const position = place.get(id);
      if (position === undefined) throw new Error(`${name}: column ${id} is not stored`);
      return position;
    }),
    real: Uint8Array.from(order, (id) => (hasRealAffinity(table.columns[id]?.declaredType ?? '') ? 1 : 0)),
  };
}

export function indexLayout(index: IndexInfo, schema: DatabaseSchema): RecordLayout {
  const table = schema.tables.find((candidate) => candidate.name === index.table);
  if (table === undefined) throw new Error(`index ${index.name}: no table ${index.table}`);
  return {
    name: `index ${index.name}`,
    width: index.columns.length,
    keyed: false,
    source: Int32Array.from(index.columns, (_, position) => position),
    real: Uint8Array.from(index.columns, ({ columnId }) =>
      hasRealAffinity(table.columns[columnId]?.declaredType ?? '') ? 1 : 0,
    ),
  };
}

/** The record of a WITHOUT ROWID table: the primary key in its order, then the others in theirs. */
function primaryKeyFirst(table: TableInfo, stored: readonly number[]): readonly number[] {
  if (table.recordOrder !== undefined) return table.recordOrder;
  const rank = (id: number) => table.columns[id]?.primaryKey || Number.POSITIVE_INFINITY;
  // Infinity - Infinity is NaN, which `||` turns into the order of declaration.
  return stored.toSorted((a, b) => rank(a) - rank(b) || a - b);
}

/** SQLite's rules for a declared type (datatype3.html section 3.1), as far as they lead to REAL. */
function hasRealAffinity(declaredType: string): boolean {
  return /REAL|FLOA|DOUB/i.test(declaredType) && !/INT|CHAR|CLOB|TEXT|BLOB/i.test(declaredType);
}
