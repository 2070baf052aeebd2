/** A backup that a newer program made would only be refused by this one's bot, when the old data is gone already. Node only. */
import { DatabaseSync } from 'node:sqlite';
import { SCHEMA_VERSION } from '../../db/migrate.ts';
import type { RestoreSource } from './source.ts';

/** @throws when the schema of the source is newer than the program's. */
export function refuseNewer({ path, origin }: RestoreSource): void {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    const has = db.prepare("SELECT 1 FROM pragma_table_info('schema_migrations') WHERE name = 'version'");
    if (has.get() === undefined) return;
    const version = db.prepare('SELECT max(version) AS version FROM schema_migrations').get()?.['version'];
    if (typeof version === 'number' && version > SCHEMA_VERSION)
      throw new Error(
        `${origin} was made by a newer version of the program (schema ${version}, this one knows ${SCHEMA_VERSION}): update the program, then restore again; nothing was changed`,
      );
  } finally {
    db.close();
  }
}
