/** Writes wait while they are held, in their order; reads go on. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { sql } from '../../src/db/database.ts';
import { openEmbeddedDatabase } from '../../src/db/file/embedded-database.ts';
import { holdWrites } from '../../src/db/file/held-writes.ts';

test('held writes go through when the last holder lets go, and reads are not held', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'held-'));
  const embedded = await openEmbeddedDatabase(`${directory}/bot.db`);
  const { db, hold } = holdWrites(embedded);
  await db.write([sql('CREATE TABLE t (x)')]);
  const releases = [hold(), hold()];
  let isWritten = false;
  const write = db.write([sql('INSERT INTO t VALUES (1)')]).then(() => {
    isWritten = true;
  });
  const count = async () => (await db.read([{ ...sql('SELECT * FROM t'), parse: (rows) => rows.length }]))[0];
  expect(await count()).toBe(0);
  releases[0]?.();
  expect(await count()).toBe(0);
  expect(isWritten).toBe(false);
  releases[1]?.();
  await write;
  expect(await count()).toBe(1);
  db.close();
  rmSync(directory, { recursive: true });
});
