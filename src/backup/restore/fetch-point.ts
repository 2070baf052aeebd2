/**
 * The database of a moment as a checked SQLite file: a full backup, and the change files behind it
 * replayed into it. Node only.
 */
import { statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { naming, writeAll } from '../../lib/disk/write-all.ts';
import { followChain } from '../changes/chain.ts';
import { CostsTooMuch } from '../foreign/errors.ts';
import { limitsFor, runInProcess } from '../foreign/process.ts';
import {
  BackupDamaged,
  type FetchOptions,
  fetchBackup,
  prepare,
  type RestoreSource,
} from './fetch-backup.ts';
import { PointOutOfReach } from './out-of-reach.ts';
import type { Point, Way } from './point-in-time.ts';
import type { PrepareInput } from './prepare-task.ts';
import type { ReplayFile } from './replay-rows.ts';
import type { Replayed } from './replay-task.ts';

/** @throws PointOutOfReach where the chain of files ends before the moment */
export async function fetchPoint(point: Point, options: FetchOptions): Promise<RestoreSource> {
  const notes: string[] = [...(point.notes ?? [])];
  /** How far the way came that came furthest. */
  let furthest: { readonly way: Way; readonly error: PointOutOfReach; readonly last: Date } | undefined;
  for (const [i, way] of point.ways.entries()) {
    try {
      return await along(way, notes, false);
    } catch (error) {
      if (error instanceof PointOutOfReach && error.why.kind === 'gap') {
        const { last } = error.why;
        if (last === undefined) throw error;
        if (furthest === undefined || last > furthest.last) furthest = { way, error, last };
        continue;
      }
      const isLast = i === point.ways.length - 1;
      if (!(error instanceof BackupDamaged) || (isLast && furthest === undefined)) throw error;
      notes.push(error.message);
    }
  }
  if (furthest === undefined) throw new Error('no way leads to the moment');
  if (!point.isBestEffort) throw furthest.error;
  return along(furthest.way, notes, true);

  async function along(way: Way, soFar: readonly string[], mayEndEarly: boolean): Promise<RestoreSource> {
    const { entry } = way.base;
    const source = await fetchBackup(entry, options, way.stop !== undefined);
    if (way.stop === undefined)
      return { ...source, notes: [...soFar, ...source.notes, ...shortNote(point, point.time)] };
    const fetched = await fetchFiles(way, options);
    let { files, end } = fetched;
    let replayed = files.length === 0 ? undefined : await replay(source.path, files, way, options);
    if (replayed?.end !== undefined) {
      const { file, problem, good } = replayed.end;
      end = `${file}: ${problem}`;
      files = files.slice(0, good);
      if (mayEndEarly) {
        // What was replayed halfway is worth nothing.
        await fetchBackup(entry, options, true);
        replayed = good === 0 ? undefined : await replay(source.path, files, way, options);
      }
    }
    const time = files.at(-1)?.time ?? way.base.time;
    const isWhole = end === undefined;
    if (end !== undefined && !mayEndEarly)
      throw new PointOutOfReach(
        `the chain of changes behind backup ${entry.name} ends too early: ${end}. The last good moment is ${utc(time)}: ask for that, or add --best-effort`,
        { kind: 'gap', last: time, reason: end },
      );
    const input: PrepareInput = {
      path: source.path,
      to: source.path,
      kind: 'database',
      origin: source.origin,
      expected: undefined,
    };
    const prepared = await prepare(input, options);
    const ended = isWhole ? [] : [`the chain of changes ends too early: ${end}: this is as of ${utc(time)}`];
    return {
      path: source.path,
      origin: originOf(way, isWhole ? point.time : time, files.length),
      ...prepared,
      ...(replayed && { covered: replayed.covered }),
      lastChange: files.at(-1)?.last,
      notes: [
        ...soFar,
        ...source.notes,
        ...prepared.notes,
        ...(replayed?.notes ?? []),
        ...ended,
        ...shortNote(point, isWhole ? point.time : time),
      ],
    };
  }
}

/**
 * The proof of the files behind a full backup: all that follow it, replayed into it. Returns the
 * names of those that a restore takes, and why it takes no further one.
 */
export async function replayAll(way: Way, options: FetchOptions): Promise<Proof> {
  const { path } = await fetchBackup(way.base.entry, options, true);
  const { files, end, isClosed, ended } = await fetchFiles({ ...way, stop: undefined }, options);
  const names = files.map(({ name }) => name);
  const replayed = files.length === 0 ? undefined : await replay(path, files, way, options);
  if (replayed?.end === undefined) return { files: [...names, ...ended], end, isClosed };
  const { file, problem, good } = replayed.end;
  return { files: names.slice(0, good), end: `${file}: ${problem}`, isClosed: false };
}

export interface Proof {
  /** Those that a restore takes. */
  readonly files: readonly string[];
  /** Why it takes no further one. */
  readonly end: string | undefined;
  /** No key at hand opens what follows, which may be whole. */
  readonly isClosed: boolean;
}

function shortNote({ at, short, isBestEffort }: Point, reached: Date): string[] {
  return short === undefined || !isBestEffort
    ? []
    : [`${utc(at)} is out of reach (${short}): this is as of ${utc(reached)}`];
}

function originOf({ base }: Way, time: Date, files: number): string {
  const name = base.entry.name;
  return `the state of ${utc(time)} (backup ${name} and ${files} change file${files === 1 ? '' : 's'})`;
}

/** Unambiguous whatever the zone; the command says it in the owner's own too. */
function utc(time: Date): string {
  return time.toISOString();
}

interface FetchedFile extends ReplayFile {
  readonly time: Date;
  readonly last: number;
}

interface Fetched {
  readonly files: readonly FetchedFile[];
  readonly end: string | undefined;
  /** Of what follows: no key at hand opens it. */
  readonly isClosed: boolean;
  /** Behind the last restore point: parts of a range whose end is not stored. */
  readonly ended: readonly string[];
}

/** Unpacked, one behind the other in a file, up to the last one that is a restore point. */
async function fetchFiles(
  { base, files, stop }: Way,
  { bucket, keys, directory, signal, onBytes }: FetchOptions,
): Promise<Fetched> {
  const path = join(directory, 'changes');
  const place = await open(path, 'w');
  const fetched: FetchedFile[] = [];
  let points = 0;
  let at = 0;
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  let done = 0;
  let end: string | undefined;
  let isClosed = false;
  const links = followChain(bucket, base, files, { keys, signal });
  try {
    for (;;) {
      const next = await links.next();
      if (next.done === true) {
        end = next.value?.why ?? (stop && 'the file of that moment does not continue the others');
        isClosed = next.value?.isClosed === true;
        break;
      }
      const { file, body, isPoint } = next.value;
      await naming(path, () => writeAll(place, body, at));
      const bytes = body.byteLength;
      const { time, last } = file;
      fetched.push({ path, at, bytes, name: file.file, isRestorePoint: isPoint, time, last });
      at += bytes;
      done += file.bytes;
      onBytes?.(done, total);
      if (isPoint) points = fetched.length;
      if (file.file === stop?.file) {
        await links.return(undefined);
        break;
      }
    }
  } finally {
    await place.close();
  }
  const ended = fetched.slice(points).map(({ name }) => name);
  return { files: fetched.slice(0, points), end, isClosed, ended };
}

async function replay(
  path: string,
  files: readonly FetchedFile[],
  { base }: Way,
  { signal }: FetchOptions,
): Promise<Replayed> {
  const bytes = files.reduce((sum, file) => sum + file.bytes, statSync(path).size);
  return runInProcess('replay', { path, files, bytes }, { limits: limitsFor(bytes), signal }).catch(
    (cause: unknown) => {
      if (!(cause instanceof CostsTooMuch)) throw cause;
      const [largest] = files.toSorted((a, b) => b.bytes - a.bytes);
      throw new CostsTooMuch(
        cause.kind,
        `the change files behind backup ${base.entry.name} cannot be replayed (the largest is ${largest?.name}): ${cause.message}. The last good moment for certain is ${utc(base.time)}`,
        { cause },
      );
    },
  );
}
