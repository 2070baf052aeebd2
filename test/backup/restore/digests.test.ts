/** A restore believes digests only: each kind of false digest is refused, and nothing appears. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import Libsql from 'libsql';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Manifest, parseManifest, serializeManifest } from '../../../src/backup/catalog/manifest.ts';
import { manifestKey } from '../../../src/backup/catalog/names.ts';
import { createWorld, type World } from '../../support/backup-world.ts';
import { backUp, restoreNewest, startRemote } from './support.ts';

let world: World;
beforeEach(async () => {
  world = await createWorld({}, 'small');
});
afterEach(() => world.close());

const WRONG = '0'.repeat(64);

/** Writes the manifest anew, with a seal that holds: as whoever has the bucket's key can. */
function forge(name: string, change: (manifest: Manifest) => Manifest): void {
  const path = join(world.directory, 'bucket', manifestKey('backups/', name));
  writeFileSync(path, serializeManifest(change(parseManifest(readFileSync(path)))));
}

test.each<[string, (manifest: Manifest) => Manifest, RegExp]>([
  [
    'rows of a table',
    (manifest) => ({
      ...manifest,
      tables: manifest.tables.map((table) =>
        table.name === 'anime_parts' ? { ...table, sha256: WRONG } : table,
      ),
    }),
    /rows of table anime_parts are not the manifest/,
  ],
  ['the schema', (manifest) => ({ ...manifest, schema_sha256: WRONG }), /schema is not the manifest/],
  [
    'a table that is not there',
    (manifest) => ({
      ...manifest,
      tables: [...manifest.tables, { name: 'gone', kind: 'table', rows: 0, sha256: WRONG }],
    }),
    /table gone is missing/,
  ],
])('a manifest with another digest of %s is refused, for both files', async (_what, change, message) => {
  const name = await backUp(world);
  forge(name, change);
  const error = await restoreNewest(world).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ message: expect.stringMatching(message) });
  expect(error).toMatchObject({ message: expect.stringContaining('nor its document') });
  expect(existsSync(join(world.directory, 'restored.db'))).toBe(false);
});

test('a server that holds as many rows with another value is refused before the swap', async () => {
  await backUp(world);
  const remote = await startRemote(world.directory);
  let changed = 0;
  try {
    const restoring = restoreNewest(
      world,
      { target: remote.target },
      {
        onProgress: ({ phase }) => {
          if (phase !== 'compare' || changed > 0) return;
          const other = new Libsql(remote.file);
          const staged = other
            .prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")
            .all()
            .map((row) => String((row as { name: unknown }).name));
          for (const name of staged) {
            const columns = other.prepare(`SELECT name FROM pragma_table_info('${name}')`).all();
            if (!JSON.stringify(columns).includes('part_number')) continue;
            changed += other
              .prepare(`UPDATE "${name}" SET part_number = 7 WHERE part_number = 2`)
              .run().changes;
          }
          other.close();
        },
      },
    );
    await expect(restoring).rejects.toThrow(
      /table anime_parts did not arrive as it is in the backup \(3 rows/,
    );
    expect(changed).toBe(1);
  } finally {
    await remote.server.close();
  }
  const db = new DatabaseSync(remote.file, { readOnly: true });
  expect(db.prepare("SELECT name FROM sqlite_schema WHERE name = 'anime_parts'").all()).toEqual([]);
  db.close();
});
