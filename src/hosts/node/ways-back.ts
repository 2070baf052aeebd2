/** Where what a lost database held may be: backups, changes, files beside it. Node only. */

import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { bareFile, unpackedFile } from '../../backup/catalog/bare-file.ts';
import { type Bucket, nowOf } from '../../backup/catalog/bucket.ts';
import { type BackupEntry, isUnsealed } from '../../backup/catalog/entry.ts';
import { latestBackup, noLatest } from '../../backup/catalog/newest.ts';
import { botText } from '../../backup/catalog/whose-bot.ts';
import type { OpeningKeys } from '../../backup/envelope/types.ts';
import { findPoint } from '../../backup/restore/point-in-time.ts';
import { type StoredBehind, storedBehind } from '../../backup/restore/stored-behind.ts';
import { awayNames, isBare } from '../../lib/disk/away.ts';
import { within } from '../../lib/silence.ts';
import { formatDuration } from '../../text/format.ts';
import type { KeptIn } from '../empty-database.ts';
import { PATIENCE_MS } from './last-stored.ts';

/** A missing or an empty file. */
export function isMissing(path: string): boolean {
  return (statSync(path, { throwIfNoEntry: false })?.size ?? 0) === 0;
}

/** Where backups may be. */
export interface Buckets extends KeptIn {
  /** What opens them; undefined: nothing is encrypted, or nobody here can. */
  readonly keys?: OpeningKeys | undefined;
  /** Before a command, so that it runs as if nothing were encrypted. */
  readonly unsealing?: string | undefined;
}

/** A way back to what was kept at `at`, ms since 1970. */
export interface Way {
  readonly at: number;
  readonly what: string;
  /** On what it rests, which a person alone knows. */
  readonly provided?: string;
  /** What to do. */
  readonly how: string;
}

export interface Stored {
  readonly what: string;
  /** Undefined: none is good, or it is not known. */
  readonly newest: { readonly name: string; readonly to: number } | undefined;
  readonly ways: readonly Way[];
}

/** The copy has nothing that the first bucket has not. */
export function isSame(stored: Stored | undefined, { newest }: Stored): boolean {
  return (
    newest !== undefined && newest.name === stored?.newest?.name && newest.to <= (stored.newest?.to ?? 0)
  );
}

/** A second bot, with the settings of the first. */
const OWN_PLACE: Way = {
  at: Number.POSITIVE_INFINITY,
  what: 'a place of its own for this bot',
  provided: 'if it is another bot than that one',
  how: 'set BACKUP_PREFIX in .env to a name of its own, then npm start',
};

/** What the bucket has, in words, and the ways to it; undefined: nothing. */
export async function storedWays(
  bucket: Bucket,
  isCopy: boolean,
  { keys, unsealing }: Pick<Buckets, 'keys' | 'unsealing'>,
): Promise<Stored | undefined> {
  const [where, from] = isCopy ? [' in the second copy', ' --from copy'] : ['', ''];
  const latest = await within(PATIENCE_MS, () => latestBackup(bucket));
  const { entry, newer, taken } = latest;
  const whose = taken === undefined ? '' : `, of the bot ${botText(taken)}, not of that of BOT_TOKEN`;
  const behind = entry && (await within(PATIENCE_MS, () => behindOf(bucket, entry, keys)));
  const to = behind?.to;
  const plain = await within(PATIENCE_MS, () => plainWay(bucket, entry, { where, from, unsealing }));
  if (entry !== undefined)
    return {
      what: `the newest backup${where} is ${entry.name} (${ageOf(entry.time.getTime())} old${whose})${to === undefined ? '' : `, with changes stored behind it up to ${to.toISOString()}`}`,
      newest: { name: entry.name, to: to?.getTime() ?? 0 },
      ways: [
        ...(taken === undefined ? [] : [OWN_PLACE]),
        ...(behind === undefined
          ? []
          : [
              {
                at: behind.to.getTime(),
                what: `all that is stored${where}`,
                how: `npm run backup -- restore --at ${behind.at}${behind.timeline}${from}`,
              },
            ]),
        {
          at: entry.time.getTime(),
          what: `the newest backup${where}`,
          how: `npm run backup -- restore latest${from}`,
        },
        ...(plain === undefined ? [] : [plain]),
      ],
    };
  if (newer.length === 0) return undefined;
  const bare = bareFile(bucket, newer);
  const unpacked = await unpackedFile(bucket, newer);
  return {
    what: noLatest(bucket, latest),
    newest: undefined,
    ways: [
      ...(plain === undefined ? [] : [plain]),
      ...(bare === undefined ? [] : [{ what: 'the newest file without a manifest', how: bare }]),
      ...(unpacked === undefined
        ? []
        : [{ what: 'the newest one that somebody unpacked there', how: unpacked }]),
      {
        what: `a backup${where}`,
        how: `npm run backup -- list${from}, then restore <name>${from}`,
      },
    ].map((way) => ({ at: newer[0]?.time.getTime() ?? 0, ...way })),
  };
}

/**
 * What is not encrypted although the settings encrypt counts for nothing: anybody may have put it
 * there. From the day before encryption it is the best there is.
 */
async function plainWay(
  bucket: Bucket,
  sealed: BackupEntry | undefined,
  { where, from, unsealing = '' }: Record<'where' | 'from', string> & Pick<Buckets, 'unsealing'>,
): Promise<Way | undefined> {
  if (bucket.isSealed !== true) return undefined;
  const open = { ...bucket, isSealed: false };
  const { entry } = await latestBackup(open);
  if (entry === undefined || entry.name === sealed?.name || !isUnsealed(bucket, entry)) return undefined;
  // So the command finds it, which runs without the keys.
  const behind = await behindOf(open, entry, undefined);
  return {
    at: (behind?.to ?? entry.time).getTime(),
    what: `${behind === undefined ? 'the newest backup' : 'all'} that is not encrypted${where}`,
    provided: `if ${entry.name} is your bot’s own, from before encryption was turned on`,
    how: `${unsealing}npm run backup -- restore ${behind === undefined ? 'latest' : `--at ${behind.at}${behind.timeline}`}${from}`,
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
    return whole !== undefined && whole.time >= found.to ? { ...found, at: '0m' } : found;
  } catch {
    return undefined;
  }
}

const RESCUED = 'what a running bot rescued of it';
/** What a bot rescued (rescue.ts) and restores set aside (swap-file.ts), by their names' ends. */
const KEPT: readonly (readonly [end: RegExp, why: string])[] = [
  [/^\.rescued-/, RESCUED],
  [/^\.before-restore/, 'what the last restore replaced'],
  [/^\.broken-/, 'what the last restore set aside as broken'],
];

export interface Kept {
  readonly why: string;
  readonly name: string;
  /** When it was last written, ms since 1970. */
  readonly at: number;
  /** It lies elsewhere: the disk of the database had gone. */
  readonly isAway?: true;
}

/** The one that brings most back first; what a restore set aside somebody wanted to be rid of. */
export async function waysBack(path: string, { first, copy, ...means }: Buckets): Promise<Way[]> {
  const stored = await Promise.all(
    [first, copy].map(
      (bucket) => bucket && storedWays(bucket, bucket === copy, means).catch(() => undefined),
    ),
  );
  const rescued = rescuedBeside(path);
  return inOrder([...stored.flatMap((one) => one?.ways ?? []), ...(rescued === undefined ? [] : [rescued])]);
}

export function rescuedBeside(path: string): Way | undefined {
  const rescued = rescuedOf(path);
  return rescued && wayTo(rescued, path);
}

export function rescuedOf(path: string): Kept | undefined {
  return keptBeside(path).find(isRescued);
}

/** What comes first, where the disk of the file is gone with it; undefined: nothing tells that. */
export function diskGone(path: string): string | undefined {
  const isGone = isBare(path) && keptBeside(path).some(({ isAway }) => isAway);
  return isGone ? 'put the disk back that it was on' : undefined;
}

export function isRescued({ why }: Kept): boolean {
  return why === RESCUED;
}

/** The one that brings most back first. */
export function inOrder(ways: readonly Way[]): Way[] {
  return ways.toSorted((a, b) => b.at - a.at);
}

export function wayTo({ why, at, name, isAway }: Kept, path: string): Way {
  const provided = isAway && isBare(path) ? { provided: 'if its disk is lost for good' } : {};
  return { at, what: `${why}, ${ageOf(at)} old`, ...provided, how: `mv ${name} ${path}` };
}

/** The newest of each kind. */
export function keptBeside(path: string): Kept[] {
  return [...keptAs(path), ...awayNames(path).flatMap(keptAs).filter(isRescued).map(asAway)].toSorted(
    (a, b) => Number(isRescued(b)) - Number(isRescued(a)) || b.at - a.at,
  );
}

function asAway(kept: Kept): Kept {
  return { ...kept, isAway: true };
}

/** By how their names begin. */
function keptAs(path: string): Kept[] {
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
