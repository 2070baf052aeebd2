/**
 * Backups that hold far less than one before them: an empty database was begun after a loss, or
 * somebody deleted what nobody meant to. Pure.
 */
import { countOf } from '../../text/format.ts';
import type { BackupEntry } from './entry.ts';
import type { Manifest } from './manifest.ts';

/** People, anime and episodes: what a bot never loses half of in the ordinary way. */
const WATCHED = ['users', 'anime', 'anime_parts'] as const;
/** Fewer rows than this come and go while somebody tries the bot out. */
const LEAST_ROWS = 20;

type Counted = Pick<Manifest, 'tables'>;

export interface Shrunk {
  readonly table: (typeof WATCHED)[number];
  readonly before: number;
  readonly after: number;
}

function rowsIn({ tables }: Counted, table: string): number | undefined {
  return tables.find(({ name }) => name === table)?.rows;
}

/** Whether it holds nobody and no anime: it is no backup of a bot that has lived. */
export function isHollow(manifest: Counted): boolean {
  return WATCHED.every((table) => (rowsIn(manifest, table) ?? 0) === 0);
}

/** The table that lost most, where one has less than half of its rows; undefined: none has. */
export function shrunk(before: Counted, after: Counted): Shrunk | undefined {
  const lost = WATCHED.flatMap((table): Shrunk[] => {
    const [had = 0, has = 0] = [rowsIn(before, table), rowsIn(after, table)];
    return had >= LEAST_ROWS && has * 2 < had ? [{ table, before: had, after: has }] : [];
  });
  return lost.toSorted((a, b) => a.after / a.before - b.after / b.before)[0];
}

const WORDS = { users: 'viewer', anime: 'anime', anime_parts: 'episode' } as const;

/** `5 episodes`, for people. */
export function rowsText(table: Shrunk['table'], rows: number): string {
  return table === 'anime' ? `${rows} anime` : countOf(rows, WORDS[table]);
}

export interface Fuller {
  readonly entry: BackupEntry;
  readonly shrunk: Shrunk;
}

/** The newest of those before it that hold far more. `entries`: of this bot, and good ones. */
export function fullerThan(
  newest: BackupEntry | undefined,
  entries: readonly BackupEntry[],
): Fuller | undefined {
  const { manifest } = newest ?? {};
  if (newest === undefined || manifest === undefined) return undefined;
  const before = entries
    .filter(({ name, time }) => name !== newest.name && time <= newest.time)
    .toSorted((a, b) => b.time.getTime() - a.time.getTime());
  for (const entry of before) {
    const found = entry.manifest && shrunk(entry.manifest, manifest);
    if (found !== undefined) return { entry, shrunk: found };
  }
  return undefined;
}
