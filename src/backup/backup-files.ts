/** What an admin gets of a stored backup: links, files, and a check of them. */
import { createHash } from 'node:crypto';
import { type BackupEntry, damageOf } from './catalog/entry.ts';
import { findBackup } from './catalog/list.ts';
import type { BackupName } from './catalog/names.ts';
import { keepVerdict } from './catalog/verdicts.ts';
import type { BackupContext } from './run/context.ts';
import { LINK_SECONDS } from './store/types.ts';
import { type HashVerdict, verifyByHash } from './verify/prove-objects.ts';

export interface Linked {
  /**
   * A link to an object of a store that makes none itself (a directory); valid for that admin only,
   * and for these bytes.
   */
  readonly signLink: (key: string, adminId: number, sha256: string) => string;
}

export interface DownloadLink {
  readonly fileName: string;
  readonly bytes: number;
  readonly url: string;
}

export interface StoredFile {
  readonly fileName: string;
  readonly bytes: number;
  /**
   * The whole object as stored; undefined when it is gone. For files small enough to be held.
   * @throws when it is not what its manifest says
   */
  read(): Promise<Uint8Array | undefined>;
}

/** Hashes alone take nothing back of what more was found by. */
export async function verifyStored(
  context: BackupContext,
  name: BackupName,
  onBytes?: (bytes: number) => Promise<void>,
): Promise<HashVerdict | undefined> {
  const entry = await findBackup(context, name);
  if (entry === undefined) return undefined;
  if (entry.manifest === undefined)
    return { ok: false, opened: false, problems: [entry.problem ?? 'no manifest'] };
  const { proofs, ...verdict } = await verifyByHash(context, entry.manifest, {
    keys: context.keys,
    ...(onBytes && { onBytes }),
  });
  const unkept = await keepVerdict(context, entry.manifest, 'check', proofs);
  const earlier =
    verdict.ok && entry.verdict !== undefined
      ? `${entry.verdict.problem}; only \`npm run backup -- verify ${name}\` can take that back`
      : undefined;
  const more = [damageOf(entry.manifest), earlier].filter((text) => text !== undefined);
  const problems = [...more, ...verdict.problems, ...(unkept === undefined ? [] : [unkept])];
  return { ...verdict, ok: problems.length === 0, problems };
}

const objectsOf = ({ manifest }: BackupEntry) => Object.values(manifest?.objects ?? {});

export function linksTo(
  { store, prefix, signLink }: BackupContext & Linked,
  entry: BackupEntry,
  adminId: number,
): Promise<DownloadLink[]> {
  return Promise.all(
    objectsOf(entry).map(async ({ file, bytes, sha256 }) => {
      const key = `${prefix}${file}`;
      const options = { expiresInSeconds: LINK_SECONDS, fileName: file };
      const url = (await store.signedUrl(key, options)) ?? signLink(key, adminId, sha256);
      return { fileName: file, bytes, url };
    }),
  );
}

export function filesOf(context: BackupContext, entry: BackupEntry): StoredFile[] {
  const { store, prefix } = context;
  return objectsOf(entry).map(({ file, bytes, sha256 }) => ({
    fileName: file,
    bytes,
    read: async () => {
      const object = await store.get(`${prefix}${file}`);
      if (object === undefined) return undefined;
      const stored = await new Response(object.body).bytes();
      if (createHash('sha256').update(stored).digest('hex') === sha256) return stored;
      await verifyStored(context, entry.name);
      throw new Error(`${file} is not what was stored: npm run backup -- verify ${entry.name}`);
    },
  }));
}
