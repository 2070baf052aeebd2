/**
 * Whose layout a file has: this bot's, or another's, and what its tables and columns then seem to
 * be. Runs in the process for foreign files.
 */
import { open, stat } from 'node:fs/promises';
import { kindOfKey, requiredFields } from '../../document/legacy-records.ts';
import { DocumentError } from '../../document/window.ts';
import type { Task } from '../../foreign/task.ts';
import type { ImportMap } from './format.ts';
import { guessMap } from './guess.ts';
import { MOST_JSON_BYTES, readSources, type SourceKind, type Sources } from './sources.ts';

declare module '../../foreign/task.ts' {
  interface Tasks {
    readonly layout: typeof layoutTask;
  }
}

export interface LayoutInput {
  readonly path: string;
  readonly kind: SourceKind;
  readonly scratch: string;
}

export interface Layout {
  readonly isOurs: boolean;
  /** Names of its tables or lists. */
  readonly sources: readonly string[];
  readonly guess: ImportMap | undefined;
}

const OURS: Layout = { isOurs: true, sources: [], guess: undefined };
/** Rows of each table that are looked at. */
const LOOKED_AT = 50;

export const layoutTask: Task<LayoutInput, Layout> = async ({ path, kind, scratch }) => {
  if (kind === 'json' && ((await stat(path)).size > MOST_JSON_BYTES || (await saysOurs(path)))) return OURS;
  const sources = await readSources(path, kind, { scratch, rows: LOOKED_AT }).catch((error: unknown) => {
    // Broken JSON is told by the reader of our own layout, which knows the place.
    if (kind === 'json' && error instanceof DocumentError) return undefined;
    throw error;
  });
  if (sources === undefined) return OURS;
  const guess = guessMap(sources);
  if (kind !== 'csv' && isOurs(sources) && !hasOtherCatalogue(sources, guess)) return OURS;
  return { isOurs: false, sources: [...sources.keys()].toSorted(), guess };
};

/** Our own documents and exports name themselves at their beginning. */
async function saysOurs(path: string): Promise<boolean> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4096), 0, 4096, 0);
    return /"format"\s*:\s*"anime-bot/.test(buffer.toString('latin1', 0, bytesRead));
  } finally {
    await file.close();
  }
}

/** Many bots have a table of ours by name (users), and their anime in one of their own. */
function hasOtherCatalogue(sources: Sources, guess: ImportMap | undefined): boolean {
  if ([...sources.keys()].some((name) => kindOf(name) === 'anime')) return false;
  return guess?.sources.some(({ from, to }) => to === 'anime' && kindOf(from) === undefined) === true;
}

function kindOf(name: string): ReturnType<typeof kindOfKey> {
  return kindOfKey(name.replace(/^tables\./, ''));
}

/**
 * A table of ours by name, with the columns that make its rows anything; an empty list says nothing
 * against it.
 */
function isOurs(sources: Sources): boolean {
  return [...sources].some(([name, rows]) => {
    const kind = kindOf(name);
    if (kind === undefined) return false;
    const columns = new Set(rows.flatMap((row) => [...row.keys()]));
    return rows.length === 0 || requiredFields(kind).every((field) => columns.has(field));
  });
}
