/**
 * Is what the bucket holds what was meant? Used by a run before it publishes, and by `verify` ever
 * after.
 */

import type { Bucket } from '../catalog/bucket.ts';
import type { Manifest, ManifestObject } from '../catalog/manifest.ts';
import type { DamageProof, StoredFile } from '../catalog/verdicts.ts';
import type { Contents } from '../envelope/hash-contents.ts';
import type { Encryption, OpeningKeys } from '../envelope/types.ts';
import { type ExpectedObject, type OpenedObject, openObject } from './open-object.ts';

/** What the bucket holds is not what was sent: the run publishes nothing. */
class ProofFailed extends Error {
  override readonly name = 'ProofFailed';
}

/** The bucket that was written to, and how. */
export interface Sealing extends Bucket {
  readonly encryption: Encryption | undefined;
  /** Open what was just written; undefined where only the public key is at hand. */
  readonly keys: OpeningKeys | undefined;
}

export interface JustWritten {
  readonly key: string;
  readonly written: {
    readonly bytes: number;
    readonly parts: readonly ManifestObject['parts'][number][];
  };
  readonly contents: Contents;
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
  context: Sealing,
  said: Pick<Manifest, 'name' | 'started_at'>,
  captured: Record<StoredFile, JustWritten>,
  onBytes: (bytes: number) => Promise<void>,
): Promise<Proof> {
  const written = {
    database: asWritten(context, captured.database),
    document: asWritten(context, captured.document),
  };
  const [database, document] = await openBoth(context, { ...said, objects: written }, context.keys, onBytes);
  const reads = [database, document];
  // What the run itself has just encrypted must open with the key it was given.
  const problems = reads.flatMap(({ problems: found, unopened = [] }) => found.concat(unopened));
  if (problems.length > 0) throw new ProofFailed(`read-back failed: ${problems.join('; ')}`);
  return {
    objects: {
      database: { ...written.database, sha256: database.sha256 },
      document: { ...written.document, sha256: document.sha256 },
    },
    proof: [STORED, reads.some(({ isSealed }) => isSealed) ? SEALED : OPENED],
  };
}

export interface HashVerdict {
  readonly ok: boolean;
  readonly problems: readonly string[];
  /** Whether the contents were opened as well. */
  readonly opened: boolean;
}

/**
 * Reads both objects of a backup and holds them against its manifest; runs in a Worker. Store
 * errors are thrown.
 */
export async function verifyByHash(
  bucket: Bucket,
  manifest: Manifest,
  options: { readonly keys: OpeningKeys | undefined; readonly onBytes?: (bytes: number) => Promise<void> },
): Promise<HashVerdict & { readonly proofs: readonly DamageProof[] }> {
  const [database, document] = await openBoth(bucket, manifest, options.keys, options.onBytes);
  const proofsOf = (file: StoredFile, { isDamage, problems }: OpenedObject): DamageProof[] =>
    isDamage ? problems.map((finding) => ({ file, finding })) : [];
  const problems = [...database.problems, ...document.problems];
  return {
    ok: problems.length === 0,
    problems,
    opened: database.opened && document.opened,
    proofs: [...proofsOf('database', database), ...proofsOf('document', document)],
  };
}

/**
 * Side by side; waits for both, then throws the first failure, so that nothing is still reading.
 */
async function openBoth(
  bucket: Bucket,
  {
    objects: { database, document },
    ...said
  }: Pick<Manifest, 'name' | 'started_at'> & { readonly objects: Record<StoredFile, ExpectedObject> },
  keys: OpeningKeys | undefined,
  onBytes: (bytes: number) => Promise<void> = async () => {},
): Promise<[OpenedObject, OpenedObject]> {
  const onStored = (chunk: Uint8Array): Promise<void> => onBytes(chunk.byteLength);
  const reads = [
    openObject(bucket, database, { keys, onStored }),
    openObject(bucket, document, { keys, onStored, documentOf: said }),
  ] as const;
  await Promise.allSettled(reads);
  return Promise.all(reads);
}

function asWritten(context: Sealing, object: JustWritten): Omit<ManifestObject, 'sha256'> {
  return {
    file: object.key.slice(context.prefix.length),
    bytes: object.written.bytes,
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
