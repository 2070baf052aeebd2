/**
 * Backups that hold far less than one before them: an empty database was begun after a loss, or
 * somebody deleted what nobody meant to. Pure.
 */

import { countOf, formatCount } from '../../text/format.ts';
import { DAY_MS } from '../../text/times.ts';
import type { BackupEntry } from './entry.ts';
import type { Manifest } from './manifest.ts';

/** People, anime and episodes: what a bot never loses half of in the ordinary way. */
export const WATCHED = ['users', 'anime', 'anime_parts'] as const;
/** Fewer rows than this come and go while somebody tries the bot out. */
const LEAST_ROWS = 20;

export interface Counted {
  readonly tables: readonly Pick<Manifest['tables'][number], 'name' | 'rows'>[];
}

export type Watched = (typeof WATCHED)[number];

export interface Shrunk {
  readonly table: Watched;
  readonly before: number;
  readonly after: number;
}

export function rowsIn({ tables }: Counted, table: string): number | undefined {
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

const WORDS = { users: 'viewer', anime_parts: 'episode' } as const;

/** `5 episodes`. */
export function rowsText(table: Watched, rows: number): string {
  return table === 'anime' ? `${formatCount(rows)} anime` : countOf(rows, WORDS[table]);
}

/** "holds 3 episodes, and NAME before it 1,200", without who does. */
export function shrunkText({ table, before, after }: Shrunk, name: string): string {
  return `holds ${rowsText(table, after)}, and ${name} before it ${rowsText(table, before)}`;
}

export interface Fuller {
  readonly entry: BackupEntry;
  readonly shrunk: Shrunk;
}

/** An admin who deleted so much on purpose need not hear of it longer. */
const TOLD_MS = 30 * DAY_MS;

/** The newest of those before it that hold far more. `entries`: of this bot, and good ones. */
export function fullerThan(
  newest: BackupEntry | undefined,
  entries: readonly BackupEntry[],
): Fuller | undefined {
  const { manifest } = newest ?? {};
  if (newest === undefined || manifest === undefined) return undefined;
  const before = entries
    .filter(({ name, time }) => {
      const age = newest.time.getTime() - time.getTime();
      return name !== newest.name && age >= 0 && age <= TOLD_MS;
    })
    .toSorted((a, b) => b.time.getTime() - a.time.getTime());
  for (const entry of before) {
    const found = entry.manifest && shrunk(entry.manifest, manifest);
    if (found !== undefined) return { entry, shrunk: found };
  }
  return undefined;
}
