/**
 * Puts a small whole backup into a store without running one: for tests of what happens to backups
 * afterwards.
 */
import { createHash } from 'node:crypto';
import {
  createManifest,
  type Manifest,
  serializeManifest,
  type Trigger,
} from '../../src/backup/catalog/manifest.ts';
import { backupName, databaseKey, documentKey, manifestKey } from '../../src/backup/catalog/names.ts';
import type { Store } from '../../src/backup/store/types.ts';

const BODY = Buffer.from('some bytes');

/**
 * Returns its name. `scheduledAt` is the clock of whoever ran it; the store has its own. With
 * `findings` it is a backup of a damaged database.
 */
export async function putBackup(
  store: Store,
  prefix: string,
  scheduledAt: Date,
  findings?: string[],
  trigger: Trigger = 'schedule',
  bot?: Manifest['bot'],
  rows: Readonly<Record<string, number>> = {},
  changes?: Manifest['changes'],
): Promise<string> {
  const name = backupName(scheduledAt);
  const time = scheduledAt.toISOString();
  const sha256 = createHash('sha256').update(BODY).digest('hex');
  const keys = { database: databaseKey(prefix, name, false), document: documentKey(prefix, name, false) };
  for (const key of Object.values(keys)) await store.put(key, BODY);
  const object = (key: string) => ({
    file: key.slice(prefix.length),
    bytes: BODY.byteLength,
    sha256,
    encoding: ['gzip' as const],
    recipients: [],
    parts: [{ bytes: BODY.byteLength, sha256 }],
    contents: { bytes: BODY.byteLength, head_bytes: 0, head_sha256: sha256, rest_sha256: sha256 },
  });
  const manifest = createManifest({
    name,
    app_version: '0.1.0',
    schema_version: 2,
    trigger,
    scheduled_at: time,
    started_at: time,
    finished_at: time,
    objects: { database: object(keys.database), document: object(keys.document) },
    schema_sha256: sha256,
    tables: Object.entries(rows).map(([table, count]) => ({
      ...{ name: table, rows: count, sha256 },
      kind: 'table' as const,
    })),
    ...(findings && { findings }),
    ...(bot && { bot }),
    ...(changes && { changes }),
    libraries: {},
    verified_at: time,
    proof: ['none: made by a test'],
  });
  await store.put(manifestKey(prefix, name), serializeManifest(manifest));
  return name;
}
