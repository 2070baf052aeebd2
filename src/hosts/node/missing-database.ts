/** A start without its database: an empty one in its place would hide the loss. Node only. */
import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { bareFile, unpackedFile } from '../../backup/catalog/bare-file.ts';
import type { Bucket } from '../../backup/catalog/bucket.ts';
import type { BackupEntry } from '../../backup/catalog/entry.ts';
import { latestBackup, noLatest } from '../../backup/catalog/newest.ts';
import { listChanges, orderedOf } from '../../backup/changes/list-changes.ts';
import { ChangeIndex } from '../../backup/changes/spans.ts';
import { explain } from '../../lib/clock.ts';
import { brokenLink, MOUNT } from '../../lib/disk/directories.ts';
import { describeError, type Log } from '../../lib/log.ts';
import { StartRefused } from '../../settings/start-mode.ts';
import { formatDuration } from '../../text/format.ts';

/** A bucket that does not answer must not delay a first start for long. */
const PATIENCE_MS = 15_000;

/** A missing or an empty file. */
export function isMissing(path: string): boolean {
  return (statSync(path, { throwIfNoEntry: false })?.size ?? 0) === 0;
}

/** Where backups may be: the first bucket, and the second copy where the settings name one. */
export interface Buckets {
  readonly first: Bucket;
  readonly copy: Bucket | undefined;
}

/**
 * @throws StartRefused when an earlier database stands beside it, its place is on a disk that is
 * not mounted, or a bucket has a backup, or is a directory that cannot be read: whether there is a
 * backup nobody knows then. A server's bucket that cannot be listed is logged, and the start goes
 * on where nothing else stands in its way.
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
  { first, copy }: Buckets,
  log: Log,
): Promise<void> {
  const isRefused = beside.length > 0 || link !== undefined;
  const look = (bucket: Bucket, isCopy: boolean): Promise<Stored | undefined> =>
    storedWays(bucket, isCopy).catch((error: unknown) => {
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
  readonly newest: { readonly name: string } | undefined;
  readonly ways: readonly Way[];
}

function isSame(stored: Stored | undefined, copied: Stored): boolean {
  return copied.newest !== undefined && copied.newest.name === stored?.newest?.name;
}

/** What the bucket has, in words, and the ways to it; undefined: nothing. */
async function storedWays(bucket: Bucket, isCopy: boolean): Promise<Stored | undefined> {
  const [where, from] = isCopy ? [' in the second copy', ' --from copy'] : ['', ''];
  const late = new AbortController();
  try {
    const latest = await Promise.race([
      latestBackup(bucket),
      sleep(PATIENCE_MS, undefined, { ref: false, signal: late.signal }).then(() => {
        throw new Error(`no answer within ${PATIENCE_MS / 1000} s`);
      }),
    ]);
    const { entry, newer } = latest;
    const to = entry && (await storedUpTo(bucket, entry));
    if (entry !== undefined)
      return {
        what: `the newest backup${where} is ${entry.name} (${ageOf(entry.time.getTime())} old)${to === undefined ? '' : `, with changes stored behind it up to ${to.toISOString()}`}`,
        newest: entry,
        ways: [
          ...(to === undefined
            ? []
            : [
                {
                  at: to.getTime(),
                  way: `all that is stored${where}:  npm run backup -- restore --at 0m${from}`,
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
  } finally {
    late.abort();
  }
}

/** When the last change behind the backup was stored; undefined: none was, or nobody can tell. */
async function storedUpTo(bucket: Bucket, entry: BackupEntry): Promise<Date | undefined> {
  const stored = await listChanges(bucket).then(
    (found) => found.files,
    () => [],
  );
  const {
    bases: [base],
    files,
  } = orderedOf(bucket, [entry], stored);
  return base && new ChangeIndex(files).storedUpTo(base);
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
