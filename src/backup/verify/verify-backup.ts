/**
 * The full proof of a backup (docs/spec/backup.md, "Commands", `verify`): every stored byte, both
 * files opened by a real SQLite, and the digests of both against the manifest and each other. Node
 * only (temporary files, node:sqlite).
 */

import { statSync } from 'node:fs';
import { join } from 'node:path';
import { explain } from '../../lib/clock.ts';
import { inScratch } from '../../lib/disk/scratch.ts';
import type { Bucket } from '../catalog/bucket.ts';
import type { Manifest, ManifestObject } from '../catalog/manifest.ts';
import { NotOpened } from '../catalog/not-opened.ts';
import { type DamageProof, keepVerdict, type StoredFile } from '../catalog/verdicts.ts';
import type { OpeningKeys } from '../envelope/types.ts';
import { CostsTooMuch, Damaged } from '../foreign/errors.ts';
import { limitsFor, runInProcess } from '../foreign/process.ts';
import { type CheckInput, type CheckMessage, expectedOf } from './check-file.ts';
import { requireAsUnpacked } from './scratch-file.ts';
import { unpackObject } from './unpack-object.ts';

export interface DeepOptions {
  readonly keys: OpeningKeys | undefined;
  /** Where to unpack; a fresh directory below the system's by default. */
  readonly directory?: string;
  readonly onBytes?: (bytes: number) => Promise<void>;
  readonly signal?: AbortSignal | undefined;
}

export interface DeepVerdict {
  readonly ok: boolean;
  /** What makes the backup unfit. */
  readonly problems: readonly string[];
  /** What it faithfully holds and is odd all the same: rows whose foreign keys point nowhere. */
  readonly warnings: readonly string[];
  /** What was found in order, one line each. */
  readonly checks: readonly string[];
  /** False: encrypted and no key at hand; every stored byte was compared, nothing inside was. */
  readonly opened: boolean;
  /** Those of the problems that prove damage of what is stored. */
  readonly proofs: readonly DamageProof[];
}

/**
 * Downloads, opens and compares both files of a backup. Errors of the store and of the scratch disk
 * are thrown; what is wrong with the backup is in the verdict.
 */
export async function verifyDeep(
  bucket: Bucket,
  manifest: Manifest,
  options: DeepOptions,
): Promise<DeepVerdict> {
  return inScratch(options.directory, async (directory) => {
    const files = { database: join(directory, 'backup.db'), document: join(directory, 'backup.json') };
    // One file is looked into, in a process of its own, while the other is fetched: the document
    // first, for it takes longer.
    const fetching: Promise<Report>[] = [];
    const looking: Promise<Report>[] = [];
    // What the database is compared with, so that SQLite need not hand out its rows.
    const loaded = Promise.withResolvers<boolean>();
    const proved = Promise.withResolvers<boolean>();
    const onMessage = (message: CheckMessage): unknown =>
      message === 'loaded' ? loaded.resolve(true) : message === 'intact' ? loaded.promise : proved.promise;
    for (const kind of ['document', 'database'] as const) {
      const [stored, inside] = [new Report(), new Report()];
      const input = { path: files[kind], kind, scratch: directory, expected: manifest };
      const fetched = unpack(bucket, manifest, kind, input.path, options, stored);
      // Told in the other order.
      fetching.unshift(fetched.then(() => stored));
      const look = { signal: options.signal, object: manifest.objects[kind], onMessage };
      const looked = fetched
        .then((isThere) => (isThere ? inside.check(input, look) : undefined))
        .then(() => inside);
      // Waited for below: cancelled, it may fail while the other is fetched.
      const isRight = looked.then(
        ({ problems }) => problems.length === 0,
        () => false,
      );
      if (kind === 'document') void isRight.then(proved.resolve).then(() => loaded.resolve(false));
      looking.unshift(looked);
      if ((await Promise.allSettled([fetched]))[0]?.status === 'rejected') break;
    }
    const found = await settled([...fetching, ...looking]);
    const report = new Report();
    for (const one of found) report.add(one);
    return report.verdict();
  });
}

/**
 * Checks a file by itself, without a manifest: a SQLite database or a document, already decrypted
 * and unpacked.
 */
export async function verifyFile(
  path: string,
  kind: 'database' | 'document',
  options: Pick<DeepOptions, 'directory' | 'signal'> = {},
): Promise<DeepVerdict> {
  return inScratch(options.directory, async (scratch) => {
    const report = new Report();
    await report.check({ path, kind, scratch, expected: undefined }, options);
    return report.verdict();
  });
}

/**
 * The database of a backup as a plain file at `path`, checked on the way; returns the path. @throws
 * what is wrong with it.
 */
export async function unpackDatabase(
  bucket: Bucket,
  manifest: Manifest,
  path: string,
  keys: OpeningKeys | undefined,
): Promise<string> {
  const report = new Report();
  if (await unpack(bucket, manifest, 'database', path, { keys }, report)) {
    const limits = limitsFor(statSync(path).size);
    const other = await runInProcess('words', { path, said: expectedOf(manifest) }, { limits });
    if (other !== undefined) {
      await requireAsUnpacked(path, manifest.objects.database);
      report.found('database', [other], true);
    }
  }
  const unkept = await keepVerdict(bucket, manifest, 'diff', report.proofs);
  if (report.problems.length > 0) {
    const what = report.proofs.length > 0 ? 'is damaged' : 'cannot be read';
    const said = [...report.problems, ...(unkept === undefined ? [] : [unkept])];
    throw new Error(`${manifest.name} ${what}: ${said.join('; ')}`);
  }
  if (report.sealed.length > 0) throw new NotOpened(report.sealed.join(), report.warnings[0]);
  return path;
}

/** As Promise.all, but nothing is still at work in the directory when it rejects. */
async function settled<T>(works: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(works);
  return Promise.all(works);
}

interface Look {
  readonly signal?: AbortSignal | undefined;
  readonly object?: ManifestObject;
  readonly onMessage?: (message: CheckMessage) => unknown;
}

class Report {
  readonly problems: string[] = [];
  readonly warnings: string[] = [];
  readonly checks: string[] = [];
  readonly proofs: DamageProof[] = [];
  /** Objects that no key was at hand for. */
  readonly sealed: string[] = [];

  /**
   * What the process for foreign files found; that it ended there is a problem of the file as well.
   * @param look `object`: what was unpacked for it; absent for a file of somebody's own
   */
  async check(input: CheckInput, { signal, object, onMessage }: Look): Promise<void> {
    const requireOurs = async (): Promise<void> => object && requireAsUnpacked(input.path, object);
    try {
      const limits = limitsFor(statSync(input.path).size);
      const found = await runInProcess('check', input, { limits, signal, onMessage });
      if (found.problems.length > 0) await requireOurs();
      this.problems.push(...found.problems);
      this.checks.push(...found.checks);
      this.warnings.push(...found.warnings);
      this.#prove(input.kind, found.problems);
    } catch (error) {
      if (!(error instanceof Damaged)) throw error;
      await requireOurs();
      const problem = `${input.kind}: ${explain(error)}`;
      this.problems.push(problem);
      // Another machine may have the time and memory for it.
      if (!(error instanceof CostsTooMuch)) this.#prove(input.kind, [problem]);
    }
  }

  /** What the store holds of a file is wrong. */
  found(file: StoredFile, problems: readonly string[], isDamage: boolean): void {
    this.problems.push(...problems);
    if (isDamage) this.#prove(file, problems);
  }

  /** What was found elsewhere; both files hold the same, so the same is said once. */
  add({ problems, warnings, checks, proofs, sealed }: Report): void {
    this.problems.push(...problems);
    this.warnings.push(...warnings.filter((warning) => !this.warnings.includes(warning)));
    this.checks.push(...checks);
    this.proofs.push(...proofs);
    this.sealed.push(...sealed);
  }

  #prove(file: StoredFile, problems: readonly string[]): void {
    this.proofs.push(...problems.map((finding) => ({ file, finding })));
  }

  verdict(): DeepVerdict {
    const { problems, warnings, checks, proofs } = this;
    const opened = this.sealed.length === 0;
    return { ok: problems.length === 0, problems, warnings, checks, opened, proofs };
  }
}

/**
 * Reads an object from the bucket, checks it on the way and unpacks it to `path`; false when there
 * is nothing to look into.
 */
async function unpack(
  bucket: Bucket,
  manifest: Manifest,
  kind: StoredFile,
  path: string,
  options: DeepOptions,
  report: Report,
): Promise<boolean> {
  const object = manifest.objects[kind];
  const { problems, isDamage, isSealed, unopened } = await unpackObject(bucket, object, path, options);
  report.found(kind, problems, isDamage);
  if (problems.length === 0)
    report.checks.push(
      `${object.file}: SHA-256 and ${object.parts.length === 1 ? 'its part' : `all ${object.parts.length} parts`} as in the manifest`,
    );
  const isClosed = isSealed || unopened !== undefined;
  if (isClosed) report.sealed.push(object.file);
  if (unopened !== undefined) report.warnings.push(`${object.file} ${unopened}`);
  return problems.length === 0 && !isClosed;
}
