/** A live database as one file on this machine. Node only. */
import { systemClock } from '../../lib/clock.ts';
import { DATABASE_READ, retry } from '../../lib/retry.ts';
import { feed } from '../model/fan-out.ts';
import type { HeadLastWriter, RowSource, SnapshotSink } from '../model/model.ts';
import { createDatabaseSink, PAGE_SIZE } from '../sqlite/database-sink.ts';
import { createFileWriter } from '../store/file-writer.ts';

/** A consistent copy of the live database, whichever kind it is, as a SQLite file. */
export function copyLive(source: RowSource, path: string, signal?: AbortSignal): Promise<void> {
  const sink = createDatabaseSink;
  return writeLive(source, { path, headLength: PAGE_SIZE, replace: false, sink, signal });
}

export interface LiveCopy {
  readonly path: string;
  readonly headLength: number;
  readonly replace: boolean;
  readonly sink: (out: HeadLastWriter) => SnapshotSink;
  readonly onProgress?: (rows: number, bytes: number) => void;
  readonly signal?: AbortSignal | undefined;
}

/**
 * One snapshot into one file, from the start again when it breaks off. The file appears when it is
 * whole.
 */
export function writeLive(source: RowSource, copy: LiveCopy): Promise<void> {
  const { path, headLength, replace, onProgress, signal } = copy;
  return retry(DATABASE_READ, { sleep: systemClock.sleep, random: Math.random, signal }, async () => {
    signal?.throwIfAborted();
    const writer = await createFileWriter(path, { headLength, replace });
    let rows = 0;
    let bytes = 0;
    const counting: HeadLastWriter = {
      ...writer,
      write(chunk) {
        bytes += chunk.byteLength;
        return writer.write(chunk);
      },
    };
    try {
      const sink = copy.sink(counting);
      await source.read((snapshot) =>
        feed(snapshot, { ordered: sink, others: [] }, async (count) => {
          signal?.throwIfAborted();
          rows += count;
          onProgress?.(rows, bytes);
        }),
      );
      await sink.finish();
    } catch (error) {
      await writer.abort(error);
      throw error;
    }
  });
}
