/** Ways a database file breaks. The file is closed, and stays so while it is broken. */
import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

const PAGE = 4096;

/** Overwrites pages of a table: its root, or its last leaf where it has more pages than one. */
function breakTable(path: string, table: string): void {
  const db = new DatabaseSync(path, { readOnly: true, timeout: 10_000 });
  const { page } = db.prepare('SELECT rootpage AS page FROM sqlite_schema WHERE name = ?').get(table) as {
    page: number;
  };
  db.close();
  const bytes = readFileSync(path);
  const root = bytes.subarray((page - 1) * PAGE, page * PAGE);
  // sqlite.org/fileformat.html, "B-tree Pages": 5 is an interior page, its right-most child stands
  // at 8.
  const broken = root[0] === 5 ? root.readUInt32BE(8) : page;
  bytes.fill(0xaa, (broken - 1) * PAGE, broken * PAGE);
  writeFileSync(path, bytes);
}

export const BREAKS = {
  header: (path: string) => writeFileSync(path, 'garbage\0'.repeat(4_000)),
  schema: (path: string) => {
    const bytes = readFileSync(path);
    bytes.fill(0xaa, 100, PAGE);
    writeFileSync(path, bytes);
  },
  'half of it': (path: string) => truncateSync(path, Math.floor(readFileSync(path).length / 2 / PAGE) * PAGE),
  'a page of users': (path: string) => breakTable(path, 'users'),
  'the record of runs': (path: string) => {
    breakTable(path, 'backup_lease');
    breakTable(path, 'backup_runs');
  },
} as const;
