/**
 * Imports of files that admins send to a Node host: each in a process of its own, which can be
 * ended. Node only.
 */
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { DatabaseSettings } from '../../settings/config.ts';
import { type ImportUpload, unpackUpload } from './open-bytes.ts';
import { type ImportRun, runImport } from './run-import.ts';

/**
 * `holdWrites` is called when the merge begins; what it returns, when it is over: the bot's own
 * writes wait so long.
 */
export function createImportUpload(
  { takeOver, ownerIds, ...database }: DatabaseSettings & Pick<ImportRun, 'takeOver' | 'ownerIds'>,
  holdWrites: () => () => void,
): ImportUpload {
  return async (body, { utcOffsetMinutes, dryRun, signal }) => {
    const scratch = await mkdtemp(join(tmpdir(), 'anime-upload-'));
    let release = (): void => {};
    try {
      const file = join(scratch, 'upload');
      const { chunks } = await unpackUpload(body);
      await pipeline(chunks, createWriteStream(file));
      return await runImport({
        database,
        file,
        keys: undefined,
        utcOffsetMinutes,
        prefer: 'newer',
        takeOver,
        ownerIds,
        dryRun,
        signal,
        beforeMerge: () => {
          release = holdWrites();
        },
      });
    } finally {
      release();
      await rm(scratch, { recursive: true, force: true });
    }
  };
}
