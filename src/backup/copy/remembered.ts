/** What the database remembers of its change files: how far they are stored, and their hashes. */
import type { Database } from '../../db/database.ts';
import { storedFiles } from '../../db/stored-files.ts';
import { changeState } from '../catalog/change-state.ts';
import { fileBefore } from '../changes/previous.ts';
import type { Shipped, StoredFiles } from './copy-changes.ts';

export interface Remembered {
  readonly shipped: Shipped | 'all';
  readonly stored: StoredFiles;
}

export async function rememberedIn(db: Pick<Database, 'read'>): Promise<Remembered> {
  const [state] = await db.read([changeState]);
  // The last one stays known when the second copy has it.
  const last = fileBefore(state?.previous);
  return {
    shipped: state === undefined ? 'all' : { timeline: state.timeline, seq: state.shippedSeq },
    async stored(from, to) {
      const [found] = await db.read([storedFiles(from, to)]);
      const isAsked = last !== undefined && from <= last.file && last.file <= to;
      return isAsked ? new Map([...found, [last.file, last.sha256]]) : found;
    },
  };
}
