/** Reading a server's staged tables back, to be held against the backup's digests. */
import { retry, SQL_AT_ONCE } from '../../lib/retry.ts';
import { createDigestSink, type TableDigest } from '../model/digest.ts';
import type { RowSource, Snapshot } from '../model/model.ts';
import type { StagedTable } from './staging.ts';

/**
 * A read may break off: over the connection, or over a value that only the next read asks for in
 * its exact form.
 */
export function askAgain<T>(ask: () => Promise<T>): Promise<T> {
  return retry(SQL_AT_ONCE, { isPassing: () => true }, ask);
}

/** What the server really holds, read back, against the backup's digests. */
export async function compareStaged(
  source: RowSource,
  staged: readonly StagedTable[],
  wanted: readonly TableDigest[],
): Promise<void> {
  const digestsOf = async (snapshot: Snapshot): Promise<readonly TableDigest[]> => {
    const digest = createDigestSink();
    await digest.begin(snapshot.schema);
    const tables = new Map(snapshot.schema.tables.map((table) => [table.name, table]));
    const targets = staged.map(({ name }) => {
      const table = tables.get(name);
      if (table === undefined) throw new Error(`staging table ${name} is gone: another restore is under way`);
      return { kind: 'table' as const, table };
    });
    let next = 0;
    for await (const scan of snapshot.scans(targets)) {
      const original = staged[next]?.table;
      next += 1;
      if (original === undefined) throw new Error('more scans than tables');
      await digest.beginScan({ kind: 'table', table: original });
      for await (const rows of scan.rows) await digest.rows(rows);
      await digest.endScan();
    }
    await digest.finish();
    return digest.result();
  };
  const digests = await askAgain(() => source.read(digestsOf));
  const expected = new Map(wanted.map((table) => [table.table, table]));
  for (const { table, rows, sha256 } of digests) {
    const want = expected.get(table);
    if (want === undefined || want.sha256 !== sha256)
      throw new Error(
        `table ${table} did not arrive as it is in the backup (${rows} rows, wanted ${want?.rows ?? 0}): nothing was changed`,
      );
  }
}
