/** What no sound database gives: rows out of order or twice, and NULL where none can be. */
import { Buffer } from 'node:buffer';
import { InvalidText, type Row, type ScanTarget, type SqlValue } from '../model/model.ts';
import type { DetailedSchema } from './schema.ts';

export interface OpenScan {
  readonly target: ScanTarget;
  readonly rows: AsyncIterable<readonly Row[]>;
  /** Of a table: how many rows the server says it has. */
  readonly count: SqlValue | undefined;
}

/** The same rows, each looked at, and counted where it is known how many there are. */
export async function* judged(
  scans: AsyncIterable<OpenScan>,
  details: DetailedSchema,
  doubt: (fault: string) => void,
): AsyncGenerator<OpenScan> {
  for await (const scan of scans) {
    const { target, count } = scan;
    const faultOf = rowJudge(target, details);
    const rows = async function* () {
      let came = 0;
      for await (const batch of scan.rows) {
        came += batch.length;
        for (const row of batch) {
          const fault = faultOf(row);
          if (fault !== undefined) doubt(fault);
        }
        yield batch;
      }
      if (target.kind === 'table' && count !== BigInt(came))
        doubt(`table ${target.table.name}: ${came} rows came where count(*) is ${count}`);
    };
    yield { target, rows: rows(), count };
  }
}

/**
 * Given the rows of a scan in order, tells what is wrong with each. The page writer judges rowids;
 * of a text under another collation than BINARY only that it is not the same again.
 */
function rowJudge(
  target: ScanTarget,
  { schema, primaryKeys }: DetailedSchema,
): (row: Row) => string | undefined {
  if (target.kind === 'nested') return () => undefined;
  const index = target.kind === 'index' ? target.index : undefined;
  const table =
    target.kind === 'table' ? target.table : schema.tables.find(({ name }) => name === index?.table);
  const columns = table?.columns ?? [];
  const stored = columns.flatMap(({ generated }, id) => (generated === 'virtual' ? [] : [id]));
  const ids =
    index?.columns.map(({ columnId }) => columnId) ?? (table?.withoutRowid ? stored : [-1, ...stored]);
  const full = ids.flatMap((id, at) => (id === -1 || columns[id]?.notNull ? [at] : []));
  const own = primaryKeys.get(table?.name ?? '')?.filter(({ key }) => key) ?? [];
  const key = (index?.columns ?? own).map((column, at) => ({
    ...column,
    at: index === undefined ? ids.indexOf(column.columnId) : at,
  }));
  let last: Row | undefined;
  return (row) => {
    const before = last;
    last = row;
    const empty = full.find((at) => row[at] === null);
    if (empty !== undefined)
      return `NULL value in ${table?.name}.${columns[ids[empty] ?? -1]?.name ?? 'rowid'}`;
    if (before === undefined || key.length === 0) return undefined;
    for (const { at, collation, descending } of key) {
      const pair = [before[at] ?? null, row[at] ?? null] as const;
      const [low, high] = descending ? [pair[1], pair[0]] : pair;
      const order = compare(low, high);
      if (order < 0 || (order > 0 && collation !== 'BINARY' && rank(low) === 2 && rank(high) === 2))
        return undefined;
      if (order > 0) break;
    }
    return `row not in key order for ${index === undefined ? 'table' : 'index'} ${(index ?? table)?.name}`;
  };
}

/** As SQLite sorts under BINARY. */
function compare(low: SqlValue, high: SqlValue): number {
  const kind = rank(low);
  if (kind !== rank(high) || low === null || high === null) return kind - rank(high);
  if (kind === 1) return low < high ? -1 : Number(low > high);
  // Cheap, and right but for the rarest letters: what seems wrong by it is looked at by its bytes.
  if (typeof low === 'string' && typeof high === 'string' && low < high) return -1;
  return Buffer.compare(bytesOf(low), bytesOf(high));
}

function rank(value: SqlValue): number {
  if (value === null) return 0;
  if (typeof value === 'bigint' || typeof value === 'number') return 1;
  return typeof value === 'string' || value instanceof InvalidText ? 2 : 3;
}

function bytesOf(value: SqlValue): Uint8Array {
  if (value instanceof InvalidText) return value.bytes;
  return value instanceof Uint8Array ? value : Buffer.from(String(value));
}
