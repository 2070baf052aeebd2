/** A start without its database: an empty one in its place would hide the loss. Node only. */
import type { Bucket } from '../../backup/catalog/bucket.ts';
import { explain } from '../../lib/clock.ts';
import { brokenLink, MOUNT } from '../../lib/disk/directories.ts';
import { describeError, type Log } from '../../lib/log.ts';
import { StartRefused } from '../../settings/start-mode.ts';
import {
  type Buckets,
  diskGone,
  inOrder,
  isRescued,
  isSame,
  keptBeside,
  type Stored,
  storedWays,
  wayTo,
} from './ways-back.ts';

/** The last line of a refusal. */
const ANEW = 'an empty database, on purpose:  npm start -- --new-database';

/** A database that is not there, or has no tables. */
interface Lost {
  /** Behind "the database". */
  readonly name: string;
  readonly state: 'missing' | 'empty';
  /** Undefined of a server's. */
  readonly path: string | undefined;
}

interface Means {
  readonly buckets: Buckets;
  readonly log: Log;
  /** How a person begins another one on purpose; left out: as in production. */
  readonly anew?: string | undefined;
}

/**
 * @throws StartRefused when an earlier database stands beside it, its place is on a disk that is
 * not mounted, or a bucket has a backup, or is a directory that cannot be read: then nobody
 * knows whether there is a backup. A server's bucket that cannot be listed is logged, and the start
 * goes on where nothing else stands in its way.
 */
export async function requireNothingKept(
  { name, state, path }: Lost,
  { buckets: { first, copy, ...means }, log, anew = ANEW }: Means,
): Promise<void> {
  const beside =
    path === undefined ? [] : keptBeside(path).filter((kept) => state === 'missing' || isRescued(kept));
  const link = path === undefined || state === 'empty' ? undefined : brokenLink(path);
  const isRefused = beside.length > 0 || link !== undefined;
  const look = (bucket: Bucket, isCopy: boolean): Promise<Stored | undefined> =>
    storedWays(bucket, isCopy, means).catch((error: unknown) => {
      if (isRefused) return undefined;
      if (bucket.store.kind === 'directory')
        return {
          what: `whether there are backups of it cannot be known: ${explain(error)}`,
          newest: undefined,
          ways: [{ at: 0, what: 'the backups reachable again', how: 'then npm start says what there is' }],
        };
      log.warn('backups not looked for', {
        message: `the database ${path ?? name} is begun anew, and ${isCopy ? 'the second copy' : 'the bucket'} could not be asked for backups of an earlier one`,
        error: describeError(error),
      });
      return undefined;
    });
  const [stored, copied] = await Promise.all([look(first, false), copy && look(copy, true)]);
  const found = [stored, ...(copied === undefined || isSame(stored, copied) ? [] : [copied])].filter(
    (one) => one !== undefined,
  );
  if (found.length === 0 && !isRefused) return;
  const known = found.length === 0 ? undefined : found.map(({ what }) => what).join(', and ');
  const what = link ?? known ?? 'what was there before stands beside it';
  const ways = inOrder([
    ...found.flatMap((one) => one.ways),
    ...beside.map((kept) => wayTo(kept, path ?? name)),
  ]);
  const disk = path === undefined ? undefined : diskGone(path);
  throw new StartRefused(
    [
      `the database ${name} is ${state}, and ${what}. Nothing was changed. One of:`,
      ...(link === undefined ? [] : [`  the file that it leads to:  ${MOUNT}, then npm start`]),
      ...(disk === undefined ? [] : [`  the file itself:  ${disk}, then npm start`]),
      ...ways.map(
        ({ what: way, provided, how }) => `  ${way}${provided === undefined ? '' : `, ${provided}`}:  ${how}`,
      ),
      `  ${anew}`,
    ].join('\n'),
  );
}
