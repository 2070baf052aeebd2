/** Damages a database as a crash or a disk does: an index that does not say what its table says. */
import { DatabaseSync } from 'node:sqlite';

/**
 * Makes the index `parts_by_code` of anime_parts and takes rows from the table behind its back: the index keeps all of them. Nobody else
 * may have the file open.
 */
export function damageIndex(path: string): void {
  const db = new DatabaseSync(path);
  db.enableDefensive(false);
  const onSchema = (text: string): void => {
    db.exec(`PRAGMA writable_schema = ON; ${text}; PRAGMA writable_schema = RESET`);
  };
  db.exec('CREATE INDEX parts_by_code ON anime_parts (anime_code, part_number)');
  const index = db.prepare("SELECT rootpage, sql FROM sqlite_schema WHERE name = 'parts_by_code'").get();
  onSchema("DELETE FROM sqlite_schema WHERE name = 'parts_by_code'");
  db.exec('DELETE FROM anime_parts WHERE rowid % 2 = 0');
  onSchema(
    `INSERT INTO sqlite_schema VALUES ('index', 'parts_by_code', 'anime_parts', ${index?.['rootpage']}, '${index?.['sql']}')`,
  );
  db.close();
}
