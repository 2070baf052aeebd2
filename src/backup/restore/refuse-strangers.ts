/**
 * Nothing of a backup is signed, so what acts inside a database (a trigger, a CHECK, another
 * default) may be anybody's: brought back, it would act inside the bot, where nothing limits it.
 * Node only.
 */
import { existsSync } from 'node:fs';
import Database from 'libsql';
import { hexOf, textOfHex } from '../../lib/hex-text.ts';
import type { SchemaObject } from '../model/model.ts';
import { listed, type Stranger, strangersOf, unknownOf } from '../schema/strangers.ts';
import type { RestoreSource } from './fetch-backup.ts';
import { BackupRefused } from './source.ts';

/** How long a lock of the living file is waited for, ms. */
const BUSY_MS = 5_000;

/**
 * @throws BackupRefused when the source brings SQL along that acts, is not the program's, and is
 * not in the database that is replaced.
 */
export function refuseStrangers(
  { strangers, origin }: Pick<RestoreSource, 'strangers' | 'origin'>,
  living: readonly Stranger[],
): void {
  const unknown = unknownOf(strangers, living);
  if (unknown.length > 0)
    throw new BackupRefused(
      origin,
      `holds SQL that this program did not make and that would act inside the bot: ${listed(unknown)}; nothing was changed. If you made it yourself: --any-schema`,
    );
}

/** Of a database file; with the library that others of this process have it open with. */
export function strangersInFile(path: string): Stranger[] {
  if (!existsSync(path)) return [];
  const db = new Database(path, { timeout: BUSY_MS });
  try {
    const texts = ['type', 'name', 'tbl_name', 'sql'].map(hexOf).join(', ');
    const rows: unknown[] = db.prepare(`SELECT ${texts} FROM sqlite_schema`).raw().all();
    return strangersOf(rows.filter(Array.isArray).map(objectOf));
  } finally {
    db.close();
  }
}

function objectOf(row: readonly unknown[]): Omit<SchemaObject, 'hasStorage'> {
  const [type = '', name = '', tableName = '', sql = ''] = row.map((text) => textOfHex(String(text)));
  return { type: type as SchemaObject['type'], name, tableName, sql: sql || null };
}
