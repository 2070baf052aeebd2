/**
 * Where a file is kept whose disk is gone, as a stick that was taken out: beside the place where
 * the disk was mounted. Below that place it would be hidden once the disk is back. Node only.
 */
import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { nearest } from './directories.ts';
import { realPath } from './real-path.ts';

/** @param device of the file, while it was there; undefined: its disk is there still */
export function awayFrom(file: string, device: bigint | undefined): string | undefined {
  const place = nearest(dirname(file));
  if (device === undefined || statSync(place, { bigint: true }).dev === device) return undefined;
  return awayName(place, file);
}

/** How the names begin of what is kept of a file, by all that {@link awayFrom} may say. */
export function awayNames(path: string): string[] {
  const file = realPath(path);
  const names: string[] = [];
  for (let at = dirname(file); at !== dirname(at); at = dirname(at)) names.push(awayName(at, file));
  return names;
}

/** Nothing is where the file was: no disk is mounted there. */
export function isBare(path: string): boolean {
  try {
    return readdirSync(dirname(realPath(path))).length === 0;
  } catch {
    return true;
  }
}

function awayName(place: string, file: string): string {
  return join(dirname(place), `${basename(place)}.${basename(file)}`);
}
