/** What a program finds in a database file when it starts, and what it says. */
import { expect } from 'vitest';
import { all, sql } from '../../src/db/database.ts';
import { openEmbeddedDatabase } from '../../src/db/file/embedded-database.ts';

export async function startOnFile(path: string): Promise<{ ids: number[]; said: string[] }> {
  const said: string[] = [];
  const db = await openEmbeddedDatabase(path, undefined, (message) => said.push(message));
  try {
    const [ids, whole] = await db.read([
      all(sql('SELECT id FROM users ORDER BY id'), (row) => row.int('id')),
      all(sql('PRAGMA integrity_check'), (row) => row.text('integrity_check')),
    ]);
    expect(whole).toEqual(['ok']);
    return { ids, said };
  } finally {
    await db.closeWhole();
  }
}
