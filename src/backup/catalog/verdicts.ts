/**
 * Records the proof that a backup's stored files are damaged: an object beside the backup, as a pin
 * is. It can only make a backup count as not verified: a forged or unreadable one costs trust, and
 * never gives any.
 */

import * as v from 'valibot';
import { explain, systemClock } from '../../lib/clock.ts';
import { visible } from '../../text/visible.ts';
import type { Bucket } from './bucket.ts';
import { parseNote, putNote } from './json-note.ts';
import type { Manifest } from './manifest.ts';
import { type BackupName, manifestKey, verdictKey } from './names.ts';

const FILES = ['database', 'document'] as const;
export type StoredFile = (typeof FILES)[number];

/** Proof that a stored file is damaged. A missing key, full disk or unreachable bucket is none. */
export interface DamageProof {
  readonly file: StoredFile;
  readonly finding: string;
}

/** What proved it: the full proof, the button in Telegram, or a fetch. */
const MEANS = ['verify', 'check', 'restore', 'download', 'diff'] as const;

export interface DamageVerdict {
  /** The files that are damaged. */
  readonly files: readonly StoredFile[];
  /** For people, in one line without control characters. */
  readonly problem: string;
}

const MOST_FINDINGS = 5;
const MOST_CHARACTERS = 300;
/** Ours have 2 KB at most; of larger ones nothing is read. */
export const MOST_VERDICT_BYTES = 16 * 1024;

const schema = v.object({
  format: v.literal('anime-bot-verdict'),
  at: v.pipe(v.string(), v.isoTimestamp()),
  means: v.picklist(MEANS),
  files: v.pipe(v.array(v.picklist(FILES)), v.minLength(1)),
  findings: v.pipe(v.array(v.string()), v.minLength(1)),
});

/**
 * Keeps what was proved beside the backup. Never rejects: the proof stands all the same.
 * @returns why it could not be kept, for people
 */
export async function keepVerdict(
  { store, prefix, clock = systemClock }: Bucket,
  { name, findings }: Pick<Manifest, 'name' | 'findings'>,
  means: (typeof MEANS)[number],
  proofs: readonly DamageProof[],
): Promise<string | undefined> {
  // What its own manifest calls damaged counts for no more than that already.
  if (proofs.length === 0 || findings !== undefined) return undefined;
  const kept: v.InferInput<typeof schema> = {
    format: 'anime-bot-verdict',
    at: clock.now().toISOString(),
    means,
    files: [...new Set(proofs.map(({ file }) => file))],
    findings: shortened(proofs.map(({ finding }) => finding)),
  };
  try {
    // Retention may have removed the backup meanwhile.
    if ((await store.head(manifestKey(prefix, name))) === undefined) return undefined;
    await putNote(store, verdictKey(prefix, name), kept);
    return undefined;
  } catch (error) {
    return `the verdict on ${name} could not be kept in ${store.description}, so others do not know of it: ${explain(error)}`;
  }
}

/** Removes the verdict. Never rejects. @returns why it could not be removed, for people */
export async function clearVerdict({ store, prefix }: Bucket, name: BackupName): Promise<string | undefined> {
  const failed = `the old verdict on ${name} could not be removed from ${store.description}`;
  try {
    const { remaining } = await store.delete([verdictKey(prefix, name)]);
    return remaining.length === 0 ? undefined : failed;
  } catch (error) {
    return `${failed}: ${explain(error)}`;
  }
}

/**
 * For a backup that is about to exist: a verdict that lies under its name already is forged, or
 * another bucket's. Never rejects. @returns why it could not be removed, for people.
 */
export async function clearEarlyVerdict(bucket: Bucket, name: BackupName): Promise<string | undefined> {
  const held = await bucket.store.head(verdictKey(bucket.prefix, name)).catch(() => undefined);
  return held && clearVerdict(bucket, name);
}

/** `bytes` undefined: too many to be one of ours. */
export function parseVerdict(bytes: Uint8Array | undefined, name: BackupName): DamageVerdict {
  const kept = parseNote(bytes, schema);
  if (kept === undefined)
    return {
      files: FILES,
      problem: `a verdict lies beside it that cannot be read: \`verify ${name}\` decides anew`,
    };
  const { at, means, files, findings } = kept;
  return { files, problem: `${means} found it damaged, ${at}: ${shortened(findings).join('; ')}` };
}

function shortened(findings: readonly string[]): string[] {
  return findings.slice(0, MOST_FINDINGS).map((text) => visible(text.slice(0, MOST_CHARACTERS)));
}
