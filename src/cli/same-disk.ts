/**
 * Whether the second copy is a directory on the disk of what it should outlive: as long as its own
 * disk is not mounted, it is. Node only.
 */
import { existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { placesOnDisk } from '../settings/buckets.ts';
import type { Config } from '../settings/config.ts';

/** A sentence for people without its end; undefined: it is elsewhere, or nobody can tell. */
export function sameDisk({ copy, bucket, database }: Config): string | undefined {
  const [path] = placesOnDisk(copy?.bucket);
  if (path === undefined) return undefined;
  const disk = diskOf(path);
  const others = [...placesOnDisk(bucket), ...(database.kind === 'file' ? [database.path] : [])];
  const same = others.find((other) => disk !== undefined && diskOf(other) === disk);
  return same === undefined
    ? undefined
    : `COPY_DIR ${path} is on the same disk as ${same}, so one failure takes both`;
}

/** Of the nearest directory that is there. */
function diskOf(path: string): number | undefined {
  let at = path;
  while (!existsSync(at) && dirname(at) !== at) at = dirname(at);
  return statSync(at, { throwIfNoEntry: false })?.dev;
}
