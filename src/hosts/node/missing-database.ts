/** A start without its database: an empty one in its place would hide the loss. Node only. */
import type { Bucket } from '../../backup/catalog/bucket.ts';
import { explain } from '../../lib/clock.ts';
import { brokenLink, MOUNT } from '../../lib/disk/directories.ts';
import { describeError, type Log } from '../../lib/log.ts';
import { StartRefused } from '../../settings/start-mode.ts';
import {
  type Buckets,
  inOrder,
  isRescued,
  isSame,
  type Kept,
  keptBeside,
  type Stored,
  storedWays,
  wayTo,
} from './ways-back.ts';

/** The last line of a refusal. */
const ANEW = 'an empty database, on purpose:  npm start -- --new-database';

/**
 * @throws StartRefused when an earlier database stands beside it, its place is on a disk that is
 * not mounted, or a bucket has a backup, or is a directory that cannot be read: then nobody
 * knows whether there is a backup. A server's bucket that cannot be listed is logged, and the start
 * goes on where nothing else stands in its way.
 */
export async function requireNothingKept(
  path: string,
  buckets: Buckets,
  log: Log,
  anew: string = ANEW,
): Promise<void> {
  const beside = keptBeside(path);
  const link = brokenLink(path);
  await requireNone({ name: `file ${path}`, state: 'missing', path, beside, link, anew }, buckets, log);
}

/**
 * The same of a database that is there and has no tables: a server's, or a `file`'s, whose journal
 * was lost.
 */
export async function requireNoBackups(
  name: string,
  buckets: Buckets,
  log: Log,
  anew: string = ANEW,
  file?: string,
): Promise<void> {
  const beside = file === undefined ? [] : keptBeside(file).filter(isRescued);
  const path = file ?? name;
  await requireNone({ name, state: 'empty', path, beside, link: undefined, anew }, buckets, log);
}

interface Lost {
  /** Behind "the database". */
  readonly name: string;
  readonly state: 'missing' | 'empty';
  readonly path: string;
  readonly beside: readonly Kept[];
  readonly link: string | undefined;
  /** How to begin another one on purpose. */
  readonly anew: string;
}

async function requireNone(
  { name, state, path, beside, link, anew }: Lost,
  { first, copy, ...means }: Buckets,
  log: Log,
): Promise<void> {
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
        message: `the database ${path} is begun anew, and ${isCopy ? 'the second copy' : 'the bucket'} could not be asked for backups of an earlier one`,
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
  const ways = inOrder([...found.flatMap((one) => one.ways), ...beside.map((kept) => wayTo(kept, path))]);
  throw new StartRefused(
    [
      `the database ${name} is ${state}, and ${what}. Nothing was changed. One of:`,
      ...(link === undefined ? [] : [`  the file that it leads to:  ${MOUNT}, then npm start`]),
      ...ways.map(
        ({ what: way, provided, how }) => `  ${way}${provided === undefined ? '' : `, ${provided}`}:  ${how}`,
      ),
      `  ${anew}`,
    ].join('\n'),
  );
}
