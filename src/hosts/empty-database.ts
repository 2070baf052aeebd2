/**
 * An empty database on a server beside buckets with backups of this bot: the database was lost, or
 * its setting is wrong. Begun in silence, it would make backups that look like the good ones. For
 * hosts that cannot ask; a start of the Node host says more (node/missing-database.ts).
 */
import type { Bucket } from '../backup/catalog/bucket.ts';
import { isHollow } from '../backup/catalog/fuller.ts';
import { newestFit } from '../backup/catalog/list.ts';
import { isLatest } from '../backup/catalog/newest.ts';
import { DatabaseUnfit } from '../db/database-unfit.ts';
import { describeError, type Log } from '../lib/log.ts';

export interface KeptIn {
  readonly first: Bucket;
  /** The second copy, where the settings name one. */
  readonly copy: Bucket | undefined;
}

/** The newest good backup of this bot in either bucket. One that cannot be asked is logged. */
async function newestKept(
  { first, copy }: KeptIn,
  log: Pick<Log, 'warn'>,
): Promise<{ readonly name: string; readonly isCopy: boolean } | undefined> {
  for (const bucket of copy === undefined ? [first] : [first, copy]) {
    const isCopy = bucket === copy;
    try {
      // One of an empty database (a deploy makes it) is nothing to bring back.
      const { entry } = await newestFit(
        bucket,
        (one) => isLatest(one) && one.manifest !== undefined && !isHollow(one.manifest),
      );
      if (entry !== undefined) return { name: entry.name, isCopy };
    } catch (error) {
      log.warn('backups not looked for', { error: describeError(error), second_copy: isCopy });
    }
  }
  return undefined;
}

/** @throws DatabaseUnfit. `tell` hears of the first refusal: the name of the backup. */
export function refuseEmpty(
  buckets: KeptIn,
  log: Pick<Log, 'warn'>,
  tell: (name: string) => Promise<void> = async () => {},
): () => Promise<void> {
  let isTold = false;
  return async () => {
    const found = await newestKept(buckets, log);
    if (found === undefined) return;
    const [where, from] = found.isCopy ? ['the second copy', ' --from copy'] : ['the bucket', ''];
    if (!isTold) await tell(found.name);
    isTold = true;
    throw new DatabaseUnfit(
      `the database is empty, and ${where} has backups of this bot, the newest ${found.name}: look at DATABASE_URL, or bring the data back with \`npm run backup -- restore --at 0m${from}\` (\`restore latest${from}\`: without the changes behind the newest backup). Nothing was changed. An empty database, on purpose: \`npm run deploy -- --new-database\``,
    );
  };
}
