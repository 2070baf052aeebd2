/**
 * The full proof of a backup (spec/backup.md, "Commands", `verify`): every stored byte, both files opened by a real SQLite, and the digests
 * of both against the manifest and each other. Node only (temporary files, node:sqlite).
 */

import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { explain } from './clock.ts';
import type { OpeningKeys } from './envelope/types.ts';
import { openUnsealed } from './envelope/unseal.ts';
import { digestFile, type FileDigests, integrityFaults } from './inspect-file.ts';
import type { Bucket } from './list.ts';
import { loadDocument } from './load-document.ts';
import { isLocalFault } from './local-fault.ts';
import type { Manifest, ManifestObject } from './manifest.ts';
import { readBack } from './read-back.ts';
import { writeStream } from './restore/write-stream.ts';

export interface DeepOptions {
  readonly keys: OpeningKeys | undefined;
  /** Where to unpack; a fresh directory below the system's by default. */
  readonly directory?: string;
  readonly onBytes?: (bytes: number) => Promise<void>;
}

export interface DeepVerdict {
  readonly ok: boolean;
  /** What makes the backup unfit. */
  readonly problems: readonly string[];
  /** What it faithfully holds and is odd all the same: rows whose foreign keys point nowhere. */
  readonly warnings: readonly string[];
  /** What was found in order, one line each. */
  readonly checks: readonly string[];
}

/**
 * Downloads, opens and compares both files of a backup. Errors of the store and of the scratch disk are thrown; what is wrong with the
 * backup is in the verdict.
 */
export async function verifyDeep(
  bucket: Bucket,
  manifest: Manifest,
  options: DeepOptions,
): Promise<DeepVerdict> {
  return inScratch(options.directory, async (directory) => {
    const report = new Report();
    const files = { database: join(directory, 'backup.db'), document: join(directory, 'backup.json') };
    const database = await unpack(bucket, manifest.objects.database, files.database, options, report);
    const document = await unpack(bucket, manifest.objects.document, files.document, options, report);
    if (database) await checkDatabase(files.database, manifest, report);
    if (document) await checkDocument(files.document, join(directory, 'document.db'), manifest, report);
    return report.verdict();
  });
}

/** Checks a file by itself, without a manifest: a SQLite database or a document, already decrypted and unpacked. */
export async function verifyFile(
  path: string,
  kind: 'database' | 'document',
  directory?: string,
): Promise<DeepVerdict> {
  return inScratch(directory, async (scratch) => {
    const report = new Report();
    if (kind === 'database') await checkDatabase(path, undefined, report);
    else await checkDocument(path, join(scratch, 'document.db'), undefined, report);
    return report.verdict();
  });
}

/** The database of a backup as a plain file at `path`, checked on the way; returns the path. @throws what is wrong with it. */
export async function unpackDatabase(
  bucket: Bucket,
  manifest: Manifest,
  path: string,
  keys: OpeningKeys | undefined,
): Promise<string> {
  const report = new Report();
  await unpack(bucket, manifest.objects.database, path, { keys }, report);
  if (report.problems.length > 0)
    throw new Error(`${manifest.name} is damaged: ${report.problems.join('; ')}`);
  return path;
}

class Report {
  readonly problems: string[] = [];
  readonly warnings: string[] = [];
  readonly checks: string[] = [];

  /** Runs a check; what it throws is a problem, unless it says nothing about the backup: a full scratch disk. */
  async check(what: string, work: () => Promise<string> | string): Promise<void> {
    try {
      this.checks.push(`${what}: ${await work()}`);
    } catch (error) {
      if (isLocalFault(error)) throw new Error(`${what} could not be checked`, { cause: error });
      this.problems.push(`${what}: ${explain(error)}`);
    }
  }

  verdict(): DeepVerdict {
    const { problems, warnings, checks } = this;
    return { ok: problems.length === 0, problems, warnings, checks };
  }
}

/** Reads an object from the bucket, checks it on the way and unpacks it to `path`; false when there is nothing to look into. */
async function unpack(
  bucket: Bucket,
  object: ManifestObject,
  path: string,
  options: DeepOptions,
  report: Report,
): Promise<boolean> {
  const encrypted = object.encoding.includes('age');
  const { keys, onBytes } = options;
  if (encrypted && (keys === undefined || keys.identities.length + keys.passphrases.length === 0)) {
    report.problems.push(
      `${object.file}: encrypted, and no key was given: set BACKUP_AGE_IDENTITY or BACKUP_PASSPHRASE`,
    );
    return false;
  }
  const faults: Error[] = [];
  const open = (body: ReadableStream<Uint8Array>): AsyncIterable<Uint8Array> =>
    writeStream(path, openUnsealed(body, { encrypted, keys }), (fault) => {
      faults.push(fault);
    });
  const read = await readBack(bucket.store, `${bucket.prefix}${object.file}`, object, {
    open,
    onChunk: async (chunk) => onBytes?.(chunk.byteLength),
  });
  if (faults.length > 0)
    throw new Error(`${object.file} takes ${object.contents.bytes} bytes unpacked`, { cause: faults[0] });
  const problems = [...read.problems];
  if (problems.length === 0 && read.sha256 !== object.sha256)
    problems.push(`${object.file}: SHA-256 is not the manifest's`);
  report.problems.push(...problems);
  if (problems.length === 0)
    report.checks.push(`${object.file}: SHA-256 and all ${object.parts.length} parts as in the manifest`);
  return problems.length === 0;
}

async function checkDatabase(path: string, manifest: Manifest | undefined, report: Report): Promise<void> {
  const what = 'database';
  await report.check(`${what}, integrity_check`, () => integrityCheck(path, report));
  await report.check(`${what}, digests`, async () => compare(await digestFile(path), manifest));
}

async function checkDocument(
  path: string,
  scratch: string,
  manifest: Manifest | undefined,
  report: Report,
): Promise<void> {
  let loaded = false;
  await report.check('document, whole', async () => {
    await loadDocument(createReadStream(path), scratch);
    loaded = true;
    return 'read to its end, its own SHA-256 and counts agree, loaded into SQLite';
  });
  if (loaded)
    await report.check('document, digests', async () => compare(await digestFile(scratch), manifest));
}

/** A real SQLite's own opinion. */
function integrityCheck(path: string, report: Report): string {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    const faults = integrityFaults(db);
    if (faults.length > 0) throw new Error(faults.slice(0, 5).join('; '));
    const orphans = db.prepare('PRAGMA foreign_key_check').all();
    if (orphans.length > 0) {
      const tables = [...new Set(orphans.map((row) => String(row['table'])))].join(', ');
      report.warnings.push(
        `${orphans.length} rows refer to rows that do not exist (${tables}), as in the database itself`,
      );
      return 'ok';
    }
    return 'ok, foreign_key_check empty';
  } finally {
    db.close();
  }
}

/** Throws what differs. Both files agree with each other when both agree with the manifest. */
function compare({ schemaSha256, tables }: FileDigests, manifest: Manifest | undefined): string {
  const rows = tables.reduce((sum, table) => sum + table.rows, 0);
  if (manifest === undefined) return `${tables.length} tables, ${rows} rows read`;
  const wrong: string[] = [];
  if (schemaSha256 !== manifest.schema_sha256) wrong.push('the schema differs');
  const found = new Map(tables.map((table) => [table.table, table]));
  for (const wanted of manifest.tables) {
    const table = found.get(wanted.name);
    if (table === undefined) wrong.push(`table ${wanted.name} is missing`);
    else if (table.rows !== wanted.rows)
      wrong.push(`table ${wanted.name} has ${table.rows} rows, not ${wanted.rows}`);
    else if (table.sha256 !== wanted.sha256) wrong.push(`rows of table ${wanted.name} differ`);
    found.delete(wanted.name);
  }
  for (const name of found.keys()) wrong.push(`table ${name} is not in the manifest`);
  if (wrong.length > 0) throw new Error(wrong.join('; '));
  return `${tables.length} tables, ${rows} rows as in the manifest`;
}

/** Runs `work` with a directory of its own, and removes it. */
export async function inScratch<T>(
  parent: string | undefined,
  work: (directory: string) => Promise<T>,
): Promise<T> {
  const directory = await mkdtemp(join(parent ?? tmpdir(), 'anime-backup-'));
  try {
    return await work(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
