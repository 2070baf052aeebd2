/** A damaged database, as an admin meets it: /backup, the check button and /test say so. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openEmbeddedDatabase } from '../../src/db/file/embedded-database.ts';
import { migrate } from '../../src/db/migrate.ts';
import { addAnime } from '../support/catalogue.ts';
import { damageIndex } from '../support/damage-index.ts';
import { startDesk } from './support.ts';

test('/backup, the check button and /test say what is damaged; nothing calls it verified', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'damaged-'));
  const first = join(directory, 'first.db');
  const db = await openEmbeddedDatabase(first);
  await migrate(db, { now: () => new Date('2026-11-01T00:00:00Z'), backup: async () => {} });
  await addAnime(db, { code: 1, title: 'Naruto', parts: ['f1', 'f2', 'f3', 'f4'] });
  await db.close();
  damageIndex(first);
  const desk = await startDesk({ path: first });
  await desk.admin.send('/backup');
  expect(desk.last().text).toContain('buzilgan');
  expect(desk.last().text).toContain('wrong # of entries in index parts_by_code');
  expect(desk.last().text).not.toContain('tayyor va tekshirildi');
  await desk.press(/Tekshirish/);
  expect(desk.last().text).toContain('wrong # of entries in index parts_by_code');
  await desk.admin.send('/test');
  expect(desk.last().text).toContain('buzilgan. Nima qilish');
  await desk.close();
  rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
});
