/**
 * A backup that a newer program made would only be refused by this one's bot, when the old data is
 * gone already.
 */
import { SCHEMA_VERSION } from '../../db/migrate.ts';
import type { RestoreSource } from './fetched.ts';
import { BackupRefused } from './source.ts';

/** @throws BackupRefused when the schema of the source is newer than the program's. */
export function refuseNewer({
  schemaVersion,
  origin,
}: Pick<RestoreSource, 'schemaVersion' | 'origin'>): void {
  if (schemaVersion !== undefined && schemaVersion > SCHEMA_VERSION)
    throw new BackupRefused(
      origin,
      `was made by a newer version of the program (schema ${schemaVersion}, this one knows ${SCHEMA_VERSION}): update the program, then restore again; nothing was changed`,
    );
}
