/**
 * Runs that are over although the record has them under way. A backup is taken in the middle of its
 * own run: a database that was put back from one by hand (`gunzip`, `cp`, `.dump`) holds that run
 * as `running` and its lease as held, and the bucket knows better.
 */
import { createHash } from 'node:crypto';
import type { Bucket } from '../catalog/bucket.ts';
import { damageOf } from '../catalog/entry.ts';
import type { Ledger, RunEnd, RunStart } from '../catalog/ledger.ts';
import { findBackup } from '../catalog/list.ts';
import type { Manifest } from '../catalog/manifest.ts';
import { manifestKey } from '../catalog/names.ts';
import { readSmall } from '../catalog/small-object.ts';
import { rowsOfTables } from '../model/digest.ts';
import type { HeldLease } from './lease.ts';

/**
 * The manifest of the run's backup, which is in the bucket whole. Another database's run may have
 * the same name: a run remembers its manifest's hash before it publishes. In a database that was
 * put back from that very backup the hash is not there yet, and the times tell.
 */
export async function publishedBy(
  bucket: Bucket & { readonly ledger: Ledger },
  { name, startedAt, trigger }: Pick<RunStart, 'name' | 'startedAt' | 'trigger'>,
): Promise<Manifest | undefined> {
  const entry = await findBackup(bucket, name);
  const manifest = entry?.usable.length === 2 ? entry.manifest : undefined;
  if (manifest === undefined) return undefined;
  const sha256 = await bucket.ledger.published(name);
  if (sha256 !== undefined) {
    const held = await readSmall(bucket.store, manifestKey(bucket.prefix, name));
    return createHash('sha256')
      .update(held ?? '')
      .digest('hex') === sha256
      ? manifest
      : undefined;
  }
  // The record keeps whole seconds.
  const started = Math.floor(Date.parse(manifest.started_at) / 1000) * 1000;
  return started === startedAt.getTime() && manifest.trigger === trigger ? manifest : undefined;
}

/** How a run ended that published this. */
export function endOf(manifest: Manifest, finishedAt: Date): RunEnd {
  const { database, document } = manifest.objects;
  return {
    finishedAt,
    state: 'done',
    reason: damageOf(manifest) ?? null,
    rows: rowsOfTables(manifest.tables),
    bytes: database.bytes + document.bytes,
  };
}

/**
 * Whether a lease is that of the run that made the backup this database was put back from. A living
 * run renews it after its backup is finished, before it publishes.
 */
export async function isOfBackup(
  bucket: Bucket & { readonly ledger: Ledger },
  { fence, renewedAt }: HeldLease,
): Promise<boolean> {
  try {
    const run = await bucket.ledger.lastBegun();
    if (run?.fence !== fence) return false;
    const manifest = await publishedBy(bucket, run);
    return manifest !== undefined && renewedAt.getTime() < Date.parse(manifest.finished_at);
  } catch {
    // Then it is waited for, as any other.
    return false;
  }
}
