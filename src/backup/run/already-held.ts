/**
 * Whether the bucket holds the database already as it is, so that a start that fails again and
 * again makes one backup, not one each.
 */

import { loadEntry, readGroups } from '../catalog/list.ts';
import type { Manifest, Trigger } from '../catalog/manifest.ts';
import type { BackupName } from '../catalog/names.ts';
import { createDigestSink, type TableDigest } from '../model/digest.ts';
import { feed } from '../model/fan-out.ts';
import { ENGINE_TABLES } from '../schema/engine-tables.ts';
import type { BackupContext } from './context.ts';

/** Backups looked at: between two failing starts others may have been made. */
const LOOKED_AT = 10;

/**
 * The newest verified backup of this trigger, if every table of the database has its digest; the
 * engine's own record of runs is left out. Reads the whole database, but only where there is such a
 * backup.
 */
export async function heldAlready(context: BackupContext, trigger: Trigger): Promise<BackupName | undefined> {
  for (const group of (await readGroups(context)).slice(0, LOOKED_AT)) {
    const { state, manifest, name } = await loadEntry(context, group);
    if (state !== 'verified' || manifest?.trigger !== trigger) continue;
    return (await isSame(context, manifest)) ? name : undefined;
  }
  return undefined;
}

async function isSame({ source }: BackupContext, manifest: Manifest): Promise<boolean> {
  const digest = createDigestSink();
  await source.read((snapshot) => feed(snapshot, { ordered: digest, others: [] }, async () => {}));
  await digest.finish();
  const said = manifest.tables.map(({ name, kind, rows, sha256 }) => ({ table: name, kind, rows, sha256 }));
  return digest.schemaSha256() === manifest.schema_sha256 && listed(digest.result()) === listed(said);
}

function listed(tables: readonly TableDigest[]): string {
  return tables
    .filter(({ table }) => !ENGINE_TABLES.includes(table) && table !== 'sqlite_sequence')
    .map(({ table, rows, sha256 }) => `${table} ${rows} ${sha256}`)
    .toSorted()
    .join('\n');
}
