/**
 * Files whose names say that they follow a full backup, and which are none of its history: junk, an
 * older file under a new name, a file of somebody else, an attempt that was cut short. Everybody
 * who can write to the bucket can put one there.
 */
import type { Bucket } from '../catalog/bucket.ts';
import type { Previous } from '../catalog/change-position.ts';
import { type ChainOptions, followChain } from './chain.ts';
import type { Base, StoredChange } from './listed.ts';
import type { Living } from './living.ts';
import { type OpenedChange, openOrFault } from './open-change.ts';
import { isSameLink } from './previous.ts';
import { ChangeIndex } from './spans.ts';

export interface SiftOptions extends ChainOptions {
  /** Undefined: nobody can ask the database what it has stored. */
  readonly living: Pick<Living, 'state'> | undefined;
}

/**
 * A file that does not open may be one of ours that was damaged. Only the database can say that it
 * has stored nothing more, and then the file is a stray; without it, such a file stays, and what it
 * should tell is missed.
 */
export async function straysOf(
  bucket: Bucket,
  base: Base,
  files: readonly StoredChange[],
  { living, ...options }: SiftOptions,
): Promise<readonly StoredChange[]> {
  const { changes } = base;
  if (changes === undefined) return [];
  const own = files.filter(({ timeline, last }) => timeline === changes.timeline && last > changes.seq);
  if (await isPlain(bucket, base, { own, files }, options)) return [];
  const proved: Link[] = [];
  for await (const { file, sha256, header } of followChain(bucket, base, files, options))
    proved.push({ file, sha256, header });
  const tip = proved.at(-1);
  const end = Math.max(changes.seq, tip?.header.last ?? 0);
  const names = new Set(proved.map(({ file }) => file.file));
  const firsts = new Set(proved.map(({ header }) => header.first));
  const isAllTold = living?.state.timeline === changes.timeline && living.state.shippedSeq <= end;
  const strays: StoredChange[] = [];
  for (const file of own) {
    if (names.has(file.file)) continue;
    const isTaken = firsts.has(file.first) || (file.first > changes.seq && file.first <= end);
    if (isAllTold || isTaken || (await isAnothers(bucket, file, { tip, options }))) strays.push(file);
  }
  return strays;
}

/** Without the rows: a day may have many. */
type Link = Pick<OpenedChange, 'file' | 'sha256' | 'header'>;

/** One after another, each number once, and the last one goes on from the one before it. */
async function isPlain(
  bucket: Bucket,
  base: Base,
  { own, files }: { readonly own: readonly StoredChange[]; readonly files: readonly StoredChange[] },
  { keys }: ChainOptions,
): Promise<boolean> {
  const chain = new ChangeIndex(files).behind(base);
  const [before, last] = chain.slice(-2);
  const tail = chain.filter(({ last: end }) => end > (base.changes?.seq ?? 0));
  if (tail.length !== own.length) return false;
  if (own.length === 0) return true;
  if (before === undefined || last === undefined) return false;
  const [first, second] = await Promise.all([before, last].map((file) => openOrFault(bucket, file, keys)));
  if (first === undefined || second === undefined || 'fault' in first || 'fault' in second) return false;
  return isSameLink(second.header.previous, linkOf(first));
}

/** It says itself that it comes right behind what is proved, and goes on from something else. */
async function isAnothers(
  bucket: Bucket,
  file: StoredChange,
  { tip, options }: { readonly tip: Link | undefined; readonly options: ChainOptions },
): Promise<boolean> {
  if (tip === undefined || file.first !== tip.header.last + 1) return false;
  const found = await openOrFault(bucket, file, options.keys);
  return !('fault' in found) && !isSameLink(found.header.previous, linkOf(tip));
}

function linkOf({ file, sha256 }: Link): Previous {
  return { file: file.file, sha256 };
}

/** For people. */
export function strayText({ file }: StoredChange): string {
  return `${file} was left out: it is no part of the proved history (junk, a copy, somebody else’s file, or an attempt that was cut short)`;
}
