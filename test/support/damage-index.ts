/**
 * Damages a database as a crash or a disk does. In a process of its own: two SQLite libraries in
 * one undo each other's locks.
 */
import { execFileSync } from 'node:child_process';

/** Runs SQL with every guard off. Nobody else may have the file open. */
export function damage(path: string, sql: string): void {
  const script = `
    const db = new (require('node:sqlite').DatabaseSync)(process.argv[1], { enableForeignKeyConstraints: false });
    db.enableDefensive(false);
    db.exec('PRAGMA writable_schema = ON');
    db.exec(process.argv[2]);
    db.close();`;
  execFileSync(process.execPath, ['-e', script, path, sql], { stdio: ['ignore', 'ignore', 'inherit'] });
}

/**
 * Makes the index `parts_by_code` of anime_parts and takes rows from the table behind its back: the
 * index keeps all of them.
 */
export function damageIndex(path: string): void {
  damage(path, 'CREATE INDEX parts_by_code ON anime_parts (anime_code, part_number)');
  damage(
    path,
    `CREATE TABLE hidden AS SELECT * FROM sqlite_schema WHERE name = 'parts_by_code';
     DELETE FROM sqlite_schema WHERE name = 'parts_by_code'`,
  );
  damage(path, 'DELETE FROM anime_parts WHERE rowid % 2 = 0');
  damage(path, 'INSERT INTO sqlite_schema SELECT * FROM hidden; DROP TABLE hidden');
}
