/** Is what the bucket holds what was meant? Used by a run before it publishes, and by `verify` ever after. */

import type { Bucket } from '../catalog/list.ts';
import type { Manifest, ManifestObject } from '../catalog/manifest.ts';
import type { DamageProof } from '../catalog/verdicts.ts';
import type { BackupContext } from '../context.ts';
import type { Encryption, OpeningKeys } from '../envelope/types.ts';
import { openUnsealed } from '../envelope/unseal.ts';
import type { Captured, CapturedObject } from '../run/capture.ts';
import { type ReadBack, readBack } from './read-back.ts';

/** What the bucket holds is not what was sent: the run publishes nothing. */
class ProofFailed extends Error {
  override readonly name = 'ProofFailed';
}

export interface Proof {
  readonly objects: Manifest['objects'];
  readonly proof: string[];
}

const STORED = 'every stored byte read back and compared with what was sent';
const OPENED = 'contents opened and compared with what was written';
const SEALED = 'contents not opened: they are encrypted and no key is at hand';

/** Reads both objects back. @throws ProofFailed naming every difference. */
export async function prove(
  context: BackupContext,
  captured: Captured,
  onBytes: (bytes: number) => Promise<void>,
): Promise<Proof> {
  const encrypted = context.encryption !== undefined;
  const open = opener(encrypted, context.keys);
  const reads = await settled(
    [captured.database, captured.document].map(async (object) => {
      const expected = {
        bytes: object.written.bytes,
        parts: object.written.parts,
        contents: object.contents,
      };
      return readBack(context.store, object.key, expected, {
        open,
        onChunk: (chunk) => onBytes(chunk.byteLength),
      });
    }),
  );
  // What the run itself has just encrypted must open with the key it was given.
  const problems = reads.flatMap(({ problems: found, unopened = [] }) => found.concat(unopened));
  if (problems.length > 0) throw new ProofFailed(`read-back failed: ${problems.join('; ')}`);
  const [database, document] = reads;
  if (database === undefined || document === undefined) throw new Error('both objects must be read back');
  return {
    objects: {
      database: manifestObject(context, captured.database, database),
      document: manifestObject(context, captured.document, document),
    },
    proof: [STORED, open === undefined ? SEALED : OPENED],
  };
}

export interface HashVerdict {
  readonly ok: boolean;
  readonly problems: readonly string[];
  /** Whether the contents were opened as well. */
  readonly opened: boolean;
}

/** Reads both objects of a backup and holds them against its manifest; runs in a Worker. Store errors are thrown. */
export async function verifyByHash(
  bucket: Bucket,
  manifest: Manifest,
  options: { readonly keys: OpeningKeys | undefined; readonly onBytes?: (bytes: number) => Promise<void> },
): Promise<HashVerdict & { readonly proofs: readonly DamageProof[] }> {
  const { objects } = manifest;
  const reads = await settled(
    [objects.database, objects.document].map(async (object) => {
      const { keys } = options;
      const open = opener(object.encoding.includes('age'), keys);
      const read = await readBack(bucket.store, `${bucket.prefix}${object.file}`, object, {
        open,
        onChunk: async (chunk) => options.onBytes?.(chunk.byteLength),
      });
      // Parts that all agree and a whole that does not would be a manifest that contradicts itself.
      if (read.problems.length > 0 || read.sha256 === object.sha256) return read;
      return { ...read, problems: [`${object.file}: SHA-256 is not the manifest's`], isDamage: true };
    }),
  );
  const problems = reads.flatMap((read) => read.problems);
  const proofs = reads.flatMap(({ isDamage, problems: findings }, i): DamageProof[] =>
    isDamage ? findings.map((finding) => ({ file: i === 0 ? 'database' : 'document', finding })) : [],
  );
  return { ok: problems.length === 0, problems, opened: reads.every((read) => read.opened), proofs };
}

/** How contents are opened, or undefined when they are encrypted and there is no key. */
function opener(
  encrypted: boolean,
  keys: OpeningKeys | undefined,
): ((body: ReadableStream<Uint8Array>) => AsyncIterable<Uint8Array>) | undefined {
  const none = keys === undefined || keys.identities.length + keys.passphrases.length === 0;
  if (encrypted && none) return undefined;
  return (body) => openUnsealed(body, { encrypted, keys });
}

function manifestObject(context: BackupContext, object: CapturedObject, read: ReadBack): ManifestObject {
  return {
    file: object.key.slice(context.prefix.length),
    bytes: object.written.bytes,
    sha256: read.sha256,
    encoding: context.encryption === undefined ? ['gzip'] : ['gzip', 'age'],
    recipients: recipientsOf(context.encryption),
    parts: object.written.parts.filter((part) => part.bytes > 0),
    contents: object.contents,
  };
}

function recipientsOf(encryption: Encryption | undefined): string[] {
  if (encryption === undefined) return [];
  return encryption.kind === 'passphrase' ? ['passphrase'] : [...encryption.recipients];
}

/** Side by side; waits for all, then throws the first failure, so that nothing is still reading. */
async function settled<T>(work: readonly Promise<T>[]): Promise<T[]> {
  const results = await Promise.allSettled(work);
  return results.map((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
}
