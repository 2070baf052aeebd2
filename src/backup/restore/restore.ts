/**
 * Restore (docs/spec/backup.md): fetch and check → safety backup → load beside what is living →
 * compare → swap. Interrupted anywhere, the old data is what is served, and the next attempt clears
 * what this one left. Node only.
 */
import { inScratch } from '../../lib/disk/scratch.ts';
import { listed, type Stranger, unknownOf } from '../schema/strangers.ts';
import { copyLive } from '../snapshot/copy-live.ts';
import { isStaging } from '../staged/staged-transaction.ts';
import { diffInProcess, type TableDiff } from '../verify/database-diff.ts';
import { bringTables } from './only-tables.ts';
import { restoreFile } from './restore-file.ts';
import { restoreServer } from './restore-server.ts';
import {
  fetchAndCheck,
  isGuarded,
  notesOf,
  type RestoreOptions,
  type RestoreParts,
  type RestoreReport,
  sourceOf,
} from './restore-steps.ts';

/** @throws what stopped it; the target is as it was then. */
export async function restore(parts: RestoreParts, options: RestoreOptions): Promise<RestoreReport> {
  return parts.target.kind === 'file'
    ? restoreFile(parts, options, parts.target.path)
    : inScratch(undefined, (directory) => restoreServer(parts, options, directory));
}

export interface Preview {
  /** Less the engine's own record; none when there is no target yet. */
  readonly tables: readonly TableDiff[];
  /** As the restore itself would tell them. */
  readonly notes: readonly string[];
}

/**
 * What a restore would change, table by table; nothing is written but scratch files. `isNew`: there
 * is no target yet.
 */
export async function previewRestore(
  parts: RestoreParts,
  options: RestoreOptions & { readonly isNew?: boolean },
): Promise<Preview> {
  return inScratch(undefined, async (directory) => {
    const source = await fetchAndCheck(parts, options, directory);
    const notes = notesOf(source, options);
    const refused = (living: readonly Stranger[]): string[] => {
      const unknown = isGuarded(options) ? unknownOf(source.strangers, living) : [];
      if (unknown.length === 0) return notes;
      return [...notes, `the restore itself refuses this without --any-schema: ${listed(unknown)}`];
    };
    if (options.isNew === true) return { tables: [], notes: refused([]) };
    const live = `${directory}/live.db`;
    await copyLive(sourceOf(parts), live);
    const { tables, strangers } = await diffInProcess(
      { first: live, second: source.path, scratch: directory },
      options.signal,
    );
    const shown = tables.filter(
      ({ table }) => !isStaging(table) && (options.only === undefined || options.only.includes(table)),
    );
    // As the restore itself does it, so that it refuses what that would.
    const more = options.only === undefined ? [] : await bringTables(live, source, options.only);
    return { tables: shown, notes: [...refused(strangers.first), ...more] };
  });
}
