/**
 * The database of a moment for an admin: what has changed since then, and the file, packed and
 * encrypted as a backup is. Nothing is kept: whoever wants the file later has it made again. Node
 * only.
 */
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { inScratch } from '../../lib/disk/scratch.ts';
import type { Bucket } from '../catalog/bucket.ts';
import { backupName } from '../catalog/names.ts';
import type { Living } from '../changes/living.ts';
import { openSealed } from '../envelope/seal.ts';
import type { Encryption, OpeningKeys } from '../envelope/types.ts';
import type { HeadLastWriter, RowSource } from '../model/model.ts';
import { copyLive } from '../snapshot/copy-live.ts';
import { diffInProcess, type TableDiff } from '../verify/database-diff.ts';
import { type OutOfReach, PointOutOfReach } from './out-of-reach.ts';
import { findPoint } from './point-in-time.ts';
import { fetchSource } from './source.ts';

export interface MomentProgress {
  readonly phase: 'finding' | 'fetching' | 'comparing' | 'packing';
  /** Of the fetching. */
  readonly bytes?: number;
  readonly total?: number;
}

export interface MomentOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: MomentProgress) => void;
}

/** A moment as of which the rows are: at the one asked for, or the last one stored before it. */
interface Reached {
  readonly kind: 'reached';
  readonly time: Date;
  /** For people: what was odd on the way. */
  readonly notes: readonly string[];
}
interface Beyond {
  readonly kind: 'beyond';
  readonly why: OutOfReach;
}

export interface Moments {
  /** Rows added, removed and changed since then. */
  compare(
    at: Date,
    options: MomentOptions,
  ): Promise<(Reached & { readonly tables: readonly TableDiff[] }) | Beyond>;
  /** `body` is undefined where the file has more than `most` bytes. */
  pack(
    at: Date,
    options: MomentOptions & { readonly most: number },
  ): Promise<(Reached & PackedFile) | Beyond>;
}

interface PackedFile {
  readonly fileName: string;
  readonly body: Uint8Array | undefined;
}

export interface MomentParts {
  readonly bucket: Bucket;
  readonly keys: OpeningKeys | undefined;
  /** The living database. */
  readonly source: RowSource;
  /** Where its change log stands. */
  readonly living: () => Promise<Living | undefined>;
  readonly encryption: Encryption | undefined;
  readonly gzipLevel: number;
}

/** Below it the name of a backup would say that one of then is stored. */
export function momentFileName(time: Date): string {
  return `anime_bot_at_${backupName(time)}.db`;
}

export function createMoments({ bucket, keys, source, living, encryption, gzipLevel }: MomentParts): Moments {
  return {
    compare: (at, options) =>
      within(at, options, async (path, directory) => {
        options.onProgress({ phase: 'comparing' });
        const live = join(directory, 'live.db');
        await copyLive(source, live, options.signal);
        const files = { first: path, second: live, scratch: directory };
        const { tables } = await diffInProcess(files, options.signal);
        return { tables };
      }),
    pack: (at, options) =>
      within(at, options, async (path, _, time) => {
        options.onProgress({ phase: 'packing' });
        const body = await packed(path, options, { gzipLevel, encryption });
        const name = `${momentFileName(time)}.gz`;
        return { fileName: encryption === undefined ? name : `${name}.age`, body };
      }),
  };

  async function within<T>(
    at: Date,
    { signal, onProgress }: MomentOptions,
    use: (path: string, directory: string, time: Date) => Promise<T>,
  ): Promise<(Reached & T) | Beyond> {
    try {
      return await inScratch(undefined, async (directory) => {
        onProgress({ phase: 'finding' });
        const show = (time: Date): string => time.toISOString();
        const point = await findPoint(bucket, { at, keys, signal, show, living: await living() });
        const onBytes = (bytes: number, total: number): void =>
          onProgress({ phase: 'fetching', bytes, total });
        const fetched = await fetchSource(
          { kind: 'point', point },
          { bucket, keys, directory, signal, onBytes },
        );
        const made = await use(fetched.path, directory, point.time);
        return { kind: 'reached', time: point.time, notes: fetched.notes, ...made };
      });
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof PointOutOfReach) return { kind: 'beyond', why: error.why };
      throw error;
    }
  }
}

async function packed(
  path: string,
  { most, signal }: MomentOptions & { readonly most: number },
  sealing: Pick<MomentParts, 'encryption' | 'gzipLevel'>,
): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const take = (chunk: Uint8Array): void => {
    bytes += chunk.byteLength;
    if (bytes <= most) chunks.push(Uint8Array.from(chunk));
  };
  const memory: HeadLastWriter = {
    write: async (chunk) => take(chunk),
    close: async (head) => {
      chunks.unshift(Uint8Array.from(head));
      bytes += head.byteLength;
    },
    abort: async () => {},
  };
  const writer = await openSealed(async () => memory, { headLength: 0, ...sealing });
  try {
    for await (const chunk of createReadStream(path)) {
      signal.throwIfAborted();
      if (bytes > most) break;
      await writer.write(chunk);
    }
    await writer.close(new Uint8Array(0));
  } finally {
    await writer.abort(undefined);
  }
  return bytes > most ? undefined : Buffer.concat(chunks);
}
