/**
 * Whether the bucket holds the database already as it is, so that a start that fails again and
 * again makes one backup, not one each.
 */
import { DATABASE_READ, retry } from '../../lib/retry.ts';
import { damageOf, has, loadEntry } from '../catalog/entry.ts';
import { readGroups } from '../catalog/list.ts';
import type { Manifest, Trigger } from '../catalog/manifest.ts';
import { ScanCounts } from '../model/database-damage.ts';
import { createDigestSink, type TableDigest } from '../model/digest.ts';
import { feed } from '../model/fan-out.ts';
import { ENGINE_TABLES } from '../schema/engine-tables.ts';
import { checkAll } from './check-all.ts';
import type { BackupContext } from './context.ts';
import { createSchemaVersionSink } from './schema-version.ts';

/** Backups looked at: between two failing starts others may have been made. */
const LOOKED_AT = 10;

/**
 * The newest whole backup of this trigger, if every table of the database has its digest, and the
 * one is as damaged, or undamaged, as the other; the engine's own record of runs is left out. Reads
 * the whole database, but only where there is such a backup.
 */
export async function heldAlready(context: BackupContext, trigger: Trigger): Promise<Manifest | undefined> {
  for (const group of (await readGroups(context)).filter((one) => has(one, 'manifest')).slice(0, LOOKED_AT)) {
    const { state, concerns, usable, verdict, manifest } = await loadEntry(context, group);
    const isOfDamage = concerns === 'database' && verdict === undefined && usable.length === 2;
    if ((state !== 'verified' && !isOfDamage) || manifest?.trigger !== trigger) continue;
    return (await isSame(context, manifest)) ? manifest : undefined;
  }
  return undefined;
}

async function isSame({ source, clock, random }: BackupContext, manifest: Manifest): Promise<boolean> {
  const { digest, damage } = await retry(DATABASE_READ, { sleep: clock.sleep, random }, async () => {
    const read = createDigestSink();
    const version = createSchemaVersionSink();
    const counts = new ScanCounts();
    const found = await source.read(
      async (snapshot) => {
        await feed(snapshot, { ordered: read, others: [version] }, async () => {}, counts);
        return checkAll(snapshot, version.all, counts);
      },
      { checks: true },
    );
    await read.finish();
    return { digest: read, damage: found.damage };
  });
  // The owner may have mended it meanwhile, without a change of a row.
  if (damage.length > 0 !== (damageOf(manifest) !== undefined)) return false;
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
