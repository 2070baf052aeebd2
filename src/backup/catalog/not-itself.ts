/** A backup under another's name: what is inside says of itself what it is. */
import { visible } from '../../text/visible.ts';
import type { Manifest } from './manifest.ts';

/** For people: what is inside, and what the manifest says. */
export function notItself(inside: string, claimed: string): string {
  return `this is not the backup that its name says: its files say ${visible(inside)}, its manifest says ${visible(claimed)}; somebody or something put it there under this name: take another one (\`list\`)`;
}

/** Whole seconds, UTC, as a document has it. */
function secondOf({ started_at }: Pick<Manifest, 'started_at'>): string {
  return new Date(started_at).toISOString().slice(0, 19);
}

/** What differs between a document's `backup_timestamp` and its manifest; undefined: nothing. */
export function otherTime(timestamp: string, manifest: Pick<Manifest, 'started_at'>): string | undefined {
  const claimed = secondOf(manifest);
  return timestamp === claimed ? undefined : notItself(`made ${timestamp} UTC`, `made ${claimed} UTC`);
}

/** Bytes of a document that hold its first line, with what it says of its time. */
export const DOCUMENT_HEAD = 64;

/** Of a document's first bytes, as this program writes them. */
export function timestampIn(head: string): string | undefined {
  return /^\{\s*"backup_timestamp"\s*:\s*"([^"\\]{1,32})"/.exec(head)?.[1];
}
