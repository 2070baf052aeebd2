/**
 * An import of an old bot's file, disturbed or not: all of it or nothing, and what was acknowledged
 * stays.
 */
import { readLegacyDocument } from '../../src/backup/document/legacy.ts';
import { importRecords } from '../../src/backup/import/import.ts';
import { type Database, one, sql } from '../../src/db/database.ts';
import type { Scene } from './fault-scene.ts';

export interface ImportFile {
  readonly code: number;
  readonly json: string;
}

/** Rows a file brings. */
const ROWS = 4;

/** Codes are the seed's own; a file brings one anime, two parts and a user. */
export function importFile(scene: Scene): ImportFile {
  const code = 1000 + scene.random.int(900_000);
  const parts = ['f', 'g'].map((file_id, i) => ({ part_number: i + 1, file_id }));
  const json = JSON.stringify({ anime: [{ code, title: 'imported', parts }], users: [{ user_id: code }] });
  return { code, json };
}

export async function importInto(db: Database, { code, json }: ImportFile, attempt: string): Promise<void> {
  await importRecords(db, readLegacyDocument(ReadableStream.from([Buffer.from(json)])), {
    id: `${code}-${attempt}`,
    prefer: 'newer',
    dryRun: false,
  });
}

/** How many of a file's rows the database holds. */
async function rowsThere(db: Database, { code }: ImportFile): Promise<number> {
  const [rows] = await db.read([
    one(
      sql(
        `SELECT (SELECT count(*) FROM anime WHERE code = ?) + (SELECT count(*) FROM anime_parts WHERE anime_code = ?)
           + (SELECT count(*) FROM users WHERE user_id = ?) AS n`,
        code,
        code,
        code,
      ),
      (row) => row.int('n'),
    ),
  ]);
  return rows ?? -1;
}

/** `left`: nothing of it, all of it, or one of both. @throws when it is otherwise. */
export async function requireImported(
  scene: Scene,
  file: ImportFile,
  left: 'nothing' | 'all' | 'either',
): Promise<void> {
  const rows = await rowsThere(await scene.database(), file);
  const right = left === 'nothing' ? [0] : left === 'all' ? [ROWS] : [0, ROWS];
  if (!right.includes(rows))
    throw new Error(`an import that should have left ${left} left ${rows} of ${ROWS} rows`);
}
