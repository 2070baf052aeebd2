/** The contents of a SQLite file that nobody else has open, as digests. Node only. */
import type { DatabaseSync } from 'node:sqlite';
import type { Task } from '../foreign/task.ts';
import { createDigestSink, type TableDigest } from '../model/digest.ts';
import { feed } from '../model/fan-out.ts';
import type { DatabaseSchema, ScanTarget, SchemaObject, Snapshot } from '../model/model.ts';
import { openFileSnapshotSource, readSnapshot } from '../snapshot/file.ts';
import type { StoredFile } from '../snapshot/stored-rows.ts';
import { createOwnWords, type Said } from './own-words.ts';

declare module '../foreign/task.ts' {
  interface Tasks {
    readonly digest: typeof digestTask;
    readonly words: typeof wordsTask;
  }
}

export interface FileDigests {
  readonly tables: readonly TableDigest[];
  readonly schemaSha256: string;
  /** What the file is made of, in the words of its schema. */
  readonly objects: readonly SchemaObject[];
  /** What the database says of itself otherwise than the manifest (own-words.ts). */
  readonly difference: string | undefined;
}

interface Wanted {
  readonly only?: readonly string[];
  /** All but these. */
  readonly without?: ReadonlyMap<string, unknown> | undefined;
  readonly said?: Said | undefined;
}

/** Tables (all, or those of `only`) and schema of a SQLite file as digests. */
export function digestFile(path: string, wanted: Wanted = {}): Promise<FileDigests> {
  return openFileSnapshotSource({ path }).read((snapshot) => digestSnapshot(snapshot, wanted));
}

/**
 * The same of one that is open already, and that nobody writes to.
 * @param stored it by its pages, where we have just made it
 */
export function digestOpened(
  db: DatabaseSync,
  wanted: Wanted,
  stored?: StoredFile | undefined,
): Promise<FileDigests> {
  return readSnapshot(db, { stored }, (snapshot) => digestSnapshot(snapshot, wanted));
}

async function digestSnapshot(snapshot: Snapshot, { only, without, said }: Wanted): Promise<FileDigests> {
  const digest = createDigestSink();
  const words = said && createOwnWords(said);
  const isWanted = (target: ScanTarget): boolean => {
    const name = target.kind === 'table' ? target.table.name : '';
    return only?.includes(name) ?? without?.has(name) !== true;
  };
  const ordered = {
    ...digest,
    targets: (schema: DatabaseSchema) => digest.targets(schema).filter(isWanted),
  };
  await feed(snapshot, { ordered, others: words?.sinks ?? [] }, async () => {});
  await digest.finish();
  return {
    tables: digest.result(),
    schemaSha256: digest.schemaSha256(),
    objects: snapshot.schema.objects,
    difference: words?.difference(),
  };
}

/** {@link digestFile} in the process for foreign files. */
export const digestTask: Task<{ path: string }, readonly TableDigest[]> = async ({ path }) =>
  (await digestFile(path)).tables;

/** What the database says of itself otherwise than its manifest; undefined: nothing. */
export const wordsTask: Task<{ path: string; said: Said }, string | undefined> = async ({ path, said }) =>
  (await digestFile(path, { only: [], said })).difference;
