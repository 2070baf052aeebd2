/** What is restored: any backup of a bucket or file on disk as a checked SQLite file. Node only. */
import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { explain } from '../clock.ts';
import type { OpeningKeys } from '../envelope/types.ts';
import { openUnsealed } from '../envelope/unseal.ts';
import { digestFile, type FileDigests } from '../inspect-file.ts';
import type { BackupEntry, Bucket } from '../list.ts';
import { loadDocument } from '../load-document.ts';
import { asDatabase, plainFile } from '../local-copy.ts';
import { isLocalFault } from '../local-fault.ts';
import type { Manifest, ManifestObject } from '../manifest.ts';
import { readBack } from '../read-back.ts';
import { copyDatabase } from './copy-database.ts';
import { Damaged, requireIntact } from './intact.ts';
import { writeStream } from './write-stream.ts';

export interface RestoreSource extends FileDigests {
  /** A SQLite file of our own; nobody else has it open. */
  readonly path: string;
  /** For people: a backup's name or a file. */
  readonly origin: string;
  /** What was odd on the way: the database file was damaged and the document was used. */
  readonly notes: readonly string[];
}

export type RestoreFrom =
  | { readonly kind: 'backup'; readonly entry: BackupEntry }
  | { readonly kind: 'file'; readonly path: string };

export interface FetchOptions {
  readonly bucket: Bucket;
  readonly keys: OpeningKeys | undefined;
  readonly directory: string;
  readonly onBytes?: (bytes: number, total: number) => void;
}

/** Fetches, checks (SHA-256, integrity_check, digests) and unpacks. @throws what is wrong; nothing but `directory` is written. */
export async function fetchSource(from: RestoreFrom, options: FetchOptions): Promise<RestoreSource> {
  if (from.kind === 'file') {
    if (statSync(from.path).size === 0) throw new Error(`${from.path} is empty`);
    const plain = await plainFile(from.path, options.directory, options.keys);
    const path = await asDatabase(plain, options.directory).catch((cause: unknown) => {
      if (isLocalFault(cause)) throw new Error(`${from.path} could not be loaded on this machine`, { cause });
      throw new Error(
        `${from.path} is no whole document of this program (a file of the old bot or an edited one is merged: \`import\`)`,
        { cause },
      );
    });
    // The file given stays as it is: it is copied even when it is a plain database.
    const own = join(options.directory, 'source.db');
    if (path !== own) await copyDatabase(path, own);
    requireIntact(own, from.path);
    return { path: own, origin: from.path, ...(await digestFile(own)), notes: underWay(own) };
  }
  return fetchBackup(from.entry, options);
}

async function fetchBackup(
  { name, manifest, problem }: BackupEntry,
  options: FetchOptions,
): Promise<RestoreSource> {
  if (manifest === undefined) throw new Error(`${name} can not be read: ${problem}`);
  const path = join(options.directory, 'source.db');
  const attempts = [
    ['database', () => writeObject(manifest.objects.database, path, options)],
    [
      'document',
      async () => {
        const json = join(options.directory, 'source.json');
        await writeObject(manifest.objects.document, json, options);
        await loadDocument(readPlain(json), path);
        rmSync(json);
      },
    ],
  ] as const;
  const notes: string[] = [];
  for (const [what, write] of attempts) {
    try {
      await write();
      requireIntact(path, name);
      const found = await digestFile(path);
      requireManifest(found, manifest);
      return { path, origin: name, ...found, notes: [...notes, ...underWay(path)] };
    } catch (error) {
      if (what === 'document') {
        const why = isLocalFault(error)
          ? 'and its document could not be loaded on this machine'
          : 'nor its document';
        throw new Error(`${notes.join('; ')}; ${why}`, { cause: error });
      }
      // A missing key or an unreachable bucket is no damage: the document would meet the same.
      if (!(error instanceof Damaged)) throw error;
      notes.push(`the database file of ${name} can not be used (${explain(error)}), so its document was`);
      for (const file of [path, `${path}-wal`, `${path}-shm`]) rmSync(file, { force: true });
    }
  }
  throw new Error(`${name} has no files`);
}

async function writeObject(object: ManifestObject, path: string, options: FetchOptions): Promise<void> {
  const encrypted = object.encoding.includes('age');
  const { keys, bucket } = options;
  if (encrypted && (keys === undefined || keys.identities.length + keys.passphrases.length === 0))
    throw new Error(`${object.file} is encrypted: set BACKUP_AGE_IDENTITY or BACKUP_PASSPHRASE`);
  let bytes = 0;
  const faults: Error[] = [];
  const read = await readBack(bucket.store, `${bucket.prefix}${object.file}`, object, {
    open: (body) =>
      writeStream(path, openUnsealed(body, { encrypted, keys }), (fault) => {
        faults.push(fault);
      }),
    onChunk: async (chunk) => {
      bytes += chunk.byteLength;
      options.onBytes?.(bytes, object.bytes);
    },
  });
  // A full disk says nothing about the backup.
  if (faults.length > 0)
    throw new Error(`${object.file} takes ${object.contents.bytes} bytes unpacked`, { cause: faults[0] });
  const [problem] = read.problems;
  if (problem !== undefined) throw new Damaged(problem);
  if (read.sha256 !== object.sha256) throw new Damaged(`${object.file}: SHA-256 is not the manifest's`);
}

async function* readPlain(path: string): AsyncGenerator<Uint8Array> {
  const { createReadStream } = await import('node:fs');
  yield* createReadStream(path);
}

/** Work that the backup shows half done goes on from there when the bot starts: what was sent since would be sent again. */
function underWay(path: string): string[] {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    if (db.prepare("SELECT 1 FROM pragma_table_info('broadcasts') WHERE name = 'state'").get() === undefined)
      return [];
    const running = Number(
      db.prepare("SELECT count(*) AS n FROM broadcasts WHERE state = 'running'").get()?.['n'],
    );
    return running === 0
      ? []
      : [
          `${running} broadcast was under way in this backup and goes on from there when the bot starts: pause it (/broadcast) if it has gone out since`,
        ];
  } finally {
    db.close();
  }
}

function requireManifest(found: FileDigests, manifest: Manifest): void {
  if (found.schemaSha256 !== manifest.schema_sha256) throw new Damaged('the schema is not the manifest’s');
  const wanted = new Map(manifest.tables.map((table) => [table.name, table]));
  for (const { table, sha256 } of found.tables) {
    if (wanted.get(table)?.sha256 !== sha256)
      throw new Damaged(`rows of table ${table} are not the manifest's`);
    wanted.delete(table);
  }
  for (const name of wanted.keys()) throw new Damaged(`table ${name} is missing`);
}
