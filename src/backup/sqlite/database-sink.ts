/**
 * The `.db` of a snapshot: copied where the source has it as a file, otherwise written page by page
 * from its rows.
 */
import type { HeadLastWriter, SnapshotFile, SnapshotSink } from '../model/model.ts';
import { createSqliteSink, PAGE_SIZE } from './sqlite-sink.ts';

export { PAGE_SIZE };

/** `out` wants a head of {@link PAGE_SIZE} bytes. */
export function createDatabaseSink(out: HeadLastWriter<unknown>): SnapshotSink {
  const pages = createSqliteSink(out);
  let copying:
    | { readonly head: Uint8Array; readonly rest: Promise<PromiseSettledResult<void>[]> }
    | undefined;
  return {
    beginScan: (target) => pages.beginScan(target),
    rows: (batch) => pages.rows(batch),
    endScan: () => pages.endScan(),
    targets: (schema) => (copying === undefined ? pages.targets(schema) : []),
    async begin(schema, file) {
      if (file === undefined) return pages.begin(schema);
      // Beside the scans of the others; whoever waits for the end learns of a failure.
      copying = { head: file.head, rest: Promise.allSettled([copyRest(file, out)]) };
    },
    async endScans() {
      for (const end of (await copying?.rest) ?? []) if (end.status === 'rejected') throw end.reason;
    },
    async finish() {
      if (copying === undefined) return pages.finish();
      await out.close(copying.head);
    },
  };
}

async function copyRest(file: SnapshotFile, out: HeadLastWriter<unknown>): Promise<void> {
  for await (const chunk of file.rest()) await out.write(chunk);
}
