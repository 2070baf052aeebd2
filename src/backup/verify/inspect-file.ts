/** A SQLite file that nobody else has open, looked into: what SQLite says of it, and its contents as digests. Node only. */
import type { DatabaseSync } from 'node:sqlite';
import { createDigestSink, type TableDigest } from '../digest.ts';
import type { Task } from '../foreign/tasks.ts';
import type { DatabaseSchema, ScanTarget, SchemaObject } from '../model.ts';
import { feed } from '../run/fan-out.ts';
import { sortFindings } from '../run/source-check.ts';
import { openFileSnapshotSource } from '../snapshot/file.ts';

/** `PRAGMA integrity_check`: what is wrong, nothing when all is well. A search index out of step is no fault of a file: it is made of other rows. */
export function integrityFaults(db: DatabaseSync): string[] {
  const rows = db.prepare('PRAGMA integrity_check').all();
  return [...sortFindings(rows.map((row) => String(row['integrity_check']))).damage];
}

export interface FileDigests {
  readonly tables: readonly TableDigest[];
  readonly schemaSha256: string;
  /** What the file is made of, in the words of its schema. */
  readonly objects: readonly SchemaObject[];
}

/** Tables (all, or those of `only`) and schema of a SQLite file as digests. */
export async function digestFile(path: string, only?: readonly string[]): Promise<FileDigests> {
  const digest = createDigestSink();
  const isWanted = (target: ScanTarget): boolean =>
    only === undefined || (target.kind === 'table' && only.includes(target.table.name));
  const ordered = {
    ...digest,
    targets: (schema: DatabaseSchema) => digest.targets(schema).filter(isWanted),
  };
  const objects = await openFileSnapshotSource({ path }).read(async (snapshot) => {
    await feed(snapshot, { ordered, others: [] }, async () => {});
    return snapshot.schema.objects;
  });
  await digest.finish();
  return { tables: digest.result(), schemaSha256: digest.schemaSha256(), objects };
}

/** {@link digestFile} in the process for foreign files. */
export const digestTask: Task<{ path: string }, readonly TableDigest[]> = async ({ path }) =>
  (await digestFile(path)).tables;
