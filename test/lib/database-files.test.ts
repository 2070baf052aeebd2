import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { removeDatabaseFile } from '../../src/lib/disk/database-files.ts';

test('a database goes with all that SQLite keeps beside it, and with nothing else', () => {
  const directory = mkdtempSync(join(tmpdir(), 'database-files-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  for (const name of ['a.db', 'a.db-wal', 'a.db-shm', 'a.db-journal', 'a.db-2', 'b.db-wal'])
    writeFileSync(join(directory, name), '');
  removeDatabaseFile(join(directory, 'a.db'));
  expect(readdirSync(directory).sort()).toEqual(['a.db-2', 'b.db-wal']);
  expect(() => removeDatabaseFile(join(directory, 'none.db'))).not.toThrow();
});
