/** What comes right before a change file, or before a full backup, by its own word. Pure. */
import type { Previous } from '../catalog/change-position.ts';
import { type ChangeKey, parseChangeKey } from './change-names.ts';
import type { Base } from './listed.ts';

/** Undefined: a full backup, or nothing. */
export function fileBefore(
  previous: Previous | undefined,
): Extract<Previous, { readonly file: string }> | undefined {
  return previous != null && 'file' in previous ? previous : undefined;
}

/** What the name of the file before it says. */
export function keyBefore(previous: Previous | undefined): ChangeKey | undefined {
  return parseChangeKey('', fileBefore(previous)?.file ?? '');
}

export function isSameLink(a: Previous, b: Previous): boolean {
  if (a === null || b === null) return a === b;
  if ('file' in a) return 'file' in b && a.file === b.file && a.sha256 === b.sha256;
  return 'base' in b && a.base === b.base;
}

/** For people. */
export function nameOf(previous: Previous): string {
  if (previous === null) return 'nothing';
  return 'file' in previous ? previous.file : `backup ${previous.base}`;
}

export function goneText(file: string, next: string): string {
  return `${file} is gone, and ${next} continues it`;
}

export function replacedText(before: string, file: string): string {
  return `${before} is not the one that ${file} continues: it was altered or replaced`;
}

/** A full backup, as far as its place in the log is asked for. */
export interface Placed {
  readonly entry: Pick<Base['entry'], 'name'>;
  readonly changes: Base['changes'];
}

/**
 * The last change that was stored when a full backup was made: what waited then comes in files
 * behind it. Undefined where nothing at hand tells.
 * @param bases among which the one may be that it came right behind
 */
export function storedBefore({ changes }: Placed, bases: readonly Placed[]): number | undefined {
  const { previous = null, timeline } = changes ?? {};
  if (previous === null || 'file' in previous) return keyBefore(previous)?.last;
  const before = bases.find(({ entry }) => entry.name === previous.base)?.changes;
  return before?.timeline === timeline ? before?.seq : undefined;
}

/** The last change that a full backup holds and no file behind it tells. */
export function heldBy(base: Placed, bases: readonly Placed[]): number {
  const seq = base.changes?.seq ?? 0;
  return Math.min(seq, storedBefore(base, bases) ?? seq);
}
