/** A backup in the place of a database file: beside it first, then one rename. Node only. */
import { realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeDirectory } from '../../lib/disk/directories.ts';
import { makeOwnDirectory } from '../../lib/disk/ownership.ts';
import { carryLedger } from './carry-ledger.ts';
import { fileCalls } from './file-calls.ts';
import { requireBroken, withWayOn } from './old-file.ts';
import { withTablesOf } from './only-tables.ts';
import { refuseStrangers, strangersInFile } from './refuse-strangers.ts';
import {
  fetchAndCheck,
  isGuarded,
  notesOf,
  type RestoreOptions,
  type RestoreParts,
  type RestoreReport,
  report,
  saved,
  sourceOf,
  stopWhenAsked,
} from './restore-steps.ts';
import {
  clearWork,
  freshPath,
  keepEarlier,
  keptPath,
  quietState,
  swapFiles,
  workDirectory,
} from './swap-file.ts';

export async function restoreFile(
  parts: RestoreParts,
  options: RestoreOptions,
  name: string,
): Promise<RestoreReport> {
  const files = parts.files ?? fileCalls;
  // The file itself is replaced, not a link to it.
  const path = files.exists(name) ? realpathSync(name) : name;
  await clearWork(path, files);
  const directory = workDirectory(path);
  await makeDirectory(dirname(directory));
  const work = makeOwnDirectory(directory);
  try {
    const unsaved =
      options.isOldBroken === true && files.exists(path)
        ? [
            `no backup of the old database could be made: ${await requireBroken(path, directory, parts.clock)}`,
          ]
        : [];
    const source = await fetchAndCheck(parts, options, directory);
    if (isGuarded(options))
      refuseStrangers(source, options.isOldBroken === true ? [] : strangersInFile(path));
    const safety = await saved(parts, options, source, directory).catch(async (error: unknown) => {
      await parts.closeTarget();
      throw options.signal?.aborted === true ? error : await withWayOn(error, path, directory, parts.clock);
    });
    await parts.closeTarget();
    let fresh = source.path;
    let madeFrom: string | undefined;
    const notes = [...notesOf(source, options), ...unsaved, ...safety.notes];
    if (options.only !== undefined) {
      options.onProgress?.({ phase: 'load', done: 0, total: undefined });
      fresh = freshPath(path);
      madeFrom = await quietState(path);
      notes.push(...(await withTablesOf(sourceOf(parts), source, options.only, fresh)));
    }
    stopWhenAsked(options);
    options.onProgress?.({ phase: 'swap', done: 0, total: undefined });
    const hadFile = files.exists(path);
    if (hadFile && options.isOldBroken !== true && options.only === undefined)
      notes.push(...(await carryLedger(path, fresh)));
    // The bot runs perhaps as somebody else: it must be able to write to the new file as it was to
    // the old one.
    work.giveAs(hadFile ? path : dirname(path), fresh);
    const isOldBroken = options.isOldBroken === true;
    const wanted = keptPath(path, isOldBroken, parts.clock.now());
    // No backup holds what the last restore set aside: it stays, under a name of its own.
    if (hadFile && safety.name === undefined && !isOldBroken)
      await keepEarlier(wanted, files, parts.clock.now());
    const kept = await swapFiles({ path, fresh, files, kept: wanted, isOldBroken, madeFrom });
    return {
      ...report(source, options),
      notes,
      safety: safety.name,
      kept: hadFile ? kept : undefined,
    };
  } finally {
    work.close();
    // What it cannot remove, the next attempt does.
    await clearWork(path, files).catch(() => undefined);
  }
}
