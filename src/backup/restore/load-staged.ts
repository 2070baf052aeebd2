/** Rows of a backup into staged tables of a server, in bounded requests. */
import type { DatabaseSchema, SnapshotSource, TableInfo } from '../model/model.ts';
import { rowLayout } from '../model/values.ts';
import { isStaging, type StagedTransaction } from '../staged/staged-transaction.ts';
import { columnList, rowTuple, type StagedTable, stagedTables } from './staging.ts';

/** SQL a request: far below what a server takes, and some milliseconds of its write lock. */
const BATCH_CHARACTERS = 256 * 1024;
const BATCH_ROWS = 4_000;

export interface LoadOptions {
  /** Reads the backup. */
  readonly from: SnapshotSource;
  /** Only these tables; undefined = the whole database, schema and all. */
  readonly only: readonly string[] | undefined;
  /** Called with rows loaded so far; may throw to stop. */
  readonly onRows: (rows: number) => Promise<void>;
}

/** Makes the staged tables of the backup's and fills them; indexes come last. */
export async function loadStaged(
  transaction: StagedTransaction<void>,
  options: LoadOptions,
): Promise<{ schema: DatabaseSchema; staged: StagedTable[] }> {
  return options.from.read(async (snapshot) => {
    const { schema } = snapshot;
    const staged = stagedTables(schema, chosenTables(schema, options.only));
    let rows = 0;
    await transaction.create(
      staged.map(({ name }) => name),
      staged.map(({ create }) =>
        create.replace(/^\s*CREATE\s+TABLE\s+(IF\s+NOT\s+EXISTS\s+)?/i, 'CREATE TABLE IF NOT EXISTS '),
      ),
    );
    const queue = createQueue(transaction);
    let next = 0;
    for await (const scan of snapshot.scans(staged.map(({ table }) => ({ kind: 'table', table })))) {
      const table = staged[next];
      next += 1;
      if (table === undefined) throw new Error('more scans than tables');
      const layout = rowLayout(table.table);
      // Sent again when an answer was lost: rows that are there already are passed over.
      const head = `INSERT OR IGNORE INTO ${table.name} (${columnList(table.table).join(', ')}) VALUES `;
      let tuples: string[] = [];
      let characters = 0;
      for await (const batch of scan.rows) {
        for (const row of batch) {
          const tuple = rowTuple(row, layout);
          tuples.push(tuple);
          characters += tuple.length;
          if (characters < BATCH_CHARACTERS && tuples.length < BATCH_ROWS) continue;
          await queue.push(head + tuples.join(','));
          [tuples, characters] = [[], 0];
        }
        rows += batch.length;
        await options.onRows(rows);
      }
      if (tuples.length > 0) await queue.push(head + tuples.join(','));
    }
    await queue.drain();
    for (const { indexes } of staged)
      for (const sql of indexes)
        await transaction.load([sql.replace(/\bINDEX\s+(IF\s+NOT\s+EXISTS\s+)?/i, 'INDEX IF NOT EXISTS ')]);
    return { schema, staged };
  });
}

/** Named tables, or all with storage that are no debris. */
function chosenTables(schema: DatabaseSchema, only: readonly string[] | undefined): TableInfo[] {
  const all = schema.tables.filter(({ name }) => !isStaging(name));
  // Statistics of the query planner can only be made by ANALYZE, which servers refuse.
  return all.filter(({ name }) =>
    only === undefined ? !name.startsWith('sqlite_stat') : only.includes(name),
  );
}

/**
 * The next request is built while the one before is on its way: one in flight, for the server
 * writes one at a time anyway.
 */
function createQueue(transaction: StagedTransaction<void>): {
  push(sql: string): Promise<void>;
  drain(): Promise<void>;
} {
  let flying: Promise<unknown> = Promise.resolve();
  return {
    async push(sql) {
      const failure = await flying;
      if (failure !== undefined) throw failure;
      flying = transaction.load([sql]).then(
        () => undefined,
        (error: unknown) => error,
      );
    },
    async drain() {
      const failure = await flying;
      if (failure !== undefined) throw failure;
    },
  };
}
