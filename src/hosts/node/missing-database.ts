/** A start without its database: an empty one in its place would hide the loss. Node only. */
import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { bareFile, unpackedFile } from '../../backup/catalog/bare-file.ts';
import { type Bucket, nowOf } from '../../backup/catalog/bucket.ts';
import type { BackupEntry } from '../../backup/catalog/entry.ts';
import { latestBackup, noLatest } from '../../backup/catalog/newest.ts';
import { botText } from '../../backup/catalog/whose-bot.ts';
import type { OpeningKeys } from '../../backup/envelope/types.ts';
import { findPoint } from '../../backup/restore/point-in-time.ts';
import { type StoredBehind, storedBehind } from '../../backup/restore/stored-behind.ts';
import { explain } from '../../lib/clock.ts';
import { brokenLink, MOUNT } from '../../lib/disk/directories.ts';
import { describeError, type Log } from '../../lib/log.ts';
import { StartRefused } from '../../settings/start-mode.ts';
import { formatDuration } from '../../text/format.ts';
import { withinPatience } from './last-stored.ts';

/** A missing or an empty file. */
export function isMissing(path: string): boolean {
  return (statSync(path, { throwIfNoEntry: false })?.size ?? 0) === 0;
}

/** Where backups may be: the first bucket, and the second copy where the settings name one. */
export interface Buckets {
  readonly first: Bucket;
  readonly copy: Bucket | undefined;
  /** What opens them; undefined: nothing is encrypted, or nobody here can. */
  readonly keys?: OpeningKeys | undefined;
}

/**
 * @throws StartRefused when an earlier database stands beside it, its place is on a disk that is
 * not mounted, or a bucket has a backup, or is a directory that cannot be read: then nobody
 * knows whether there is a backup. A server's bucket that cannot be listed is logged, and the start
 * goes on where nothing else stands in its way.
 */
export async function requireNothingKept(path: string, buckets: Buckets, log: Log): Promise<void> {
  const beside = keptBeside(path);
  const link = brokenLink(path);
  await requireNone({ name: `file ${path}`, state: 'missing', path, beside, link }, buckets, log);
}

/** The same of a database that is there and has no tables: a server's, or a file's. */
export async function requireNoBackups(name: string, buckets: Buckets, log: Log): Promise<void> {
  await requireNone({ name, state: 'empty', path: name, beside: [], link: undefined }, buckets, log);
}

interface Lost {
  /** Behind "the database". */
  readonly name: string;
  readonly state: 'missing' | 'empty';
  readonly path: string;
  readonly beside: readonly Kept[];
  readonly link: string | undefined;
}

async function requireNone(
  { name, state, path, beside, link }: Lost,
  { first, copy, keys }: Buckets,
  log: Log,
): Promise<void> {
  const isRefused = beside.length > 0 || link !== undefined;
  const look = (bucket: Bucket, isCopy: boolean): Promise<Stored | undefined> =>
    storedWays(bucket, isCopy, keys).catch((error: unknown) => {
      if (isRefused) return undefined;
      if (bucket.store.kind === 'directory')
        return {
          what: `whether there are backups of it cannot be known: ${explain(error)}`,
          newest: undefined,
          ways: [{ at: 0, way: 'the backups reachable again:  then npm start says what there is' }],
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
  const ways = [
    ...found.flatMap((one) => one.ways),
    ...beside.map((kept) => ({
      at: kept.at,
      way: `${kept.why}, ${ageOf(kept.at)} old:  mv ${kept.name} ${path}`,
    })),
  ].toSorted((a, b) => b.at - a.at);
  throw new StartRefused(
    [
      `the database ${name} is ${state}, and ${what}. Nothing was changed. One of:`,
      ...(link === undefined ? [] : [`  the file that it leads to:  ${MOUNT}, then npm start`]),
      ...ways.map(({ way }) => `  ${way}`),
      '  an empty database, on purpose:  npm start -- --new-database',
    ].join('\n'),
  );
}

/** A way back to what was kept at `at`, ms since 1970. */
interface Way {
  readonly at: number;
  readonly way: string;
}

interface Stored {
  readonly what: string;
  /** Undefined: none is good, or nobody knows. */
  readonly newest: { readonly name: string; readonly to: number } | undefined;
  readonly ways: readonly Way[];
}

/** The copy has nothing that the first bucket has not. */
function isSame(stored: Stored | undefined, { newest }: Stored): boolean {
  return (
    newest !== undefined && newest.name === stored?.newest?.name && newest.to <= (stored.newest?.to ?? 0)
  );
}

/** What the bucket has, in words, and the ways to it; undefined: nothing. */
async function storedWays(
  bucket: Bucket,
  isCopy: boolean,
  keys: OpeningKeys | undefined,
): Promise<Stored | undefined> {
  const [where, from] = isCopy ? [' in the second copy', ' --from copy'] : ['', ''];
  const latest = await withinPatience(latestBackup(bucket));
  const { entry, newer, taken } = latest;
  const whose = taken === undefined ? '' : `, of the bot ${botText(taken)}, not of that of BOT_TOKEN`;
  const behind = entry && (await withinPatience(behindOf(bucket, entry, keys)));
  const to = behind?.to;
  if (entry !== undefined)
    return {
      what: `the newest backup${where} is ${entry.name} (${ageOf(entry.time.getTime())} old${whose})${to === undefined ? '' : `, with changes stored behind it up to ${to.toISOString()}`}`,
      newest: { name: entry.name, to: to?.getTime() ?? 0 },
      ways: [
        ...(behind === undefined
          ? []
          : [
              {
                at: behind.to.getTime(),
                way: `all that is stored${where}:  npm run backup -- restore --at ${behind.at}${from}`,
              },
            ]),
        {
          at: entry.time.getTime(),
          way: `the newest backup${where}:  npm run backup -- restore latest${from}`,
        },
      ],
    };
  if (newer.length === 0) return undefined;
  const bare = bareFile(bucket, newer);
  const unpacked = await unpackedFile(bucket, newer);
  return {
    what: noLatest(bucket, latest),
    newest: undefined,
    ways: [
      ...(bare === undefined ? [] : [`the newest file without a manifest:  ${bare}`]),
      ...(unpacked === undefined ? [] : [`the newest one that somebody unpacked there:  ${unpacked}`]),
      `a backup${where}:  npm run backup -- list${from}, then restore <name>${from}`,
    ].map((way) => ({ at: newer[0]?.time.getTime() ?? 0, way })),
  };
}

/** What change files bring back behind the backup, and by which moment: `0m` where all is whole. */
async function behindOf(
  bucket: Bucket,
  entry: BackupEntry,
  keys: OpeningKeys | undefined,
): Promise<StoredBehind | undefined> {
  const now = nowOf(bucket);
  try {
    const found = await storedBehind(bucket, entry, { now, keys, living: undefined });
    if (found === undefined) return undefined;
    const whole = await findPoint(bucket, { at: now, now, keys, show: String }).catch(() => undefined);
    return whole !== undefined && whole.time >= found.to ? { to: found.to, at: '0m' } : found;
  } catch {
    return undefined;
  }
}

/**
 * What a running bot rescued (rescue.ts), and what restores set aside (restore/embedded.ts), by the
 * end of their names.
 */
const KEPT: readonly (readonly [end: RegExp, why: string])[] = [
  [/^\.rescued-/, 'what a running bot rescued of it'],
  [/^\.before-restore/, 'what the last restore replaced'],
  [/^\.broken-/, 'what the last restore set aside as broken'],
];

export interface Kept {
  readonly why: string;
  readonly name: string;
  /** When it was last written, ms since 1970. */
  readonly at: number;
}

/** The newest of each kind. */
export function keptBeside(path: string): Kept[] {
  const directory = dirname(path);
  try {
    const names = readdirSync(directory).filter((name) => name.startsWith(basename(path)));
    return KEPT.flatMap(([end, why]) => {
      const [newest] = names
        .filter(
          (name) => end.test(name.slice(basename(path).length)) && !/(-(wal|shm|journal)|\.new)$/.test(name),
        )
        .map((name) => join(directory, name))
        .filter((name) => !isMissing(name))
        .toSorted((a, b) => changed(b) - changed(a));
      return newest === undefined ? [] : [{ why, name: newest, at: changed(newest) }];
    });
  } catch {
    return [];
  }
}

export function ageOf(at: number): string {
  return formatDuration(Date.now() - at);
}

function changed(name: string): number {
  return statSync(name, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
