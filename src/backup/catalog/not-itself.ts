/** A backup under another's name: what is inside says of itself what it is. */
import { visible } from '../../text/visible.ts';
import type { Manifest } from './manifest.ts';
import { timeOfName } from './names.ts';

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

type Named = Pick<Manifest, 'name' | 'started_at'>;

/** A name is its run's scheduled second or one soon after it; and clocks differ. */
const NAME_AHEAD_MS = 180_000;

/**
 * Whether the name is that of a time which was still to come: somebody took those before it, and
 * the document says its name (choose-name.ts), or it is another backup's.
 */
export function isNamedAhead({ name, started_at }: Named): boolean {
  return (timeOfName(name)?.getTime() ?? 0) - Date.parse(started_at) > NAME_AHEAD_MS;
}

/** For people, of such a name that nothing confirms. */
export function namedOtherwise({ name, started_at }: Named): string {
  return notItself(`begun ${started_at}`, `named ${name}`);
}

/** What differs between a document's head and its manifest; undefined: nothing. */
export function otherInHead(head: string, manifest: Named): string | undefined {
  if (isNamedAhead(manifest) && !head.includes(`"backup_name":"${manifest.name}"`))
    return namedOtherwise(manifest);
  const timestamp = timestampIn(head);
  return timestamp === undefined ? undefined : otherTime(timestamp, manifest);
}

/** Bytes of a document that hold what it says of its time and its name. */
export const DOCUMENT_HEAD = 128;

/** Of a document's first bytes, as this program writes them. */
function timestampIn(head: string): string | undefined {
  return /^\{\s*"backup_timestamp"\s*:\s*"([^"\\]{1,32})"/.exec(head)?.[1];
}
