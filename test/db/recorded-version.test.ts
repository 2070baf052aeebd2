import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { NEWEST_VERSION, versionIn } from '../../src/db/existing-schema.ts';

test('the newest step of a record; an empty record is no version 0', () => {
  const db = new DatabaseSync(':memory:');
  const newest = () => versionIn(db.prepare(NEWEST_VERSION).get()?.['version']);
  db.exec('CREATE TABLE schema_migrations (version, name)');
  expect(newest()).toBeNull();
  db.exec("INSERT INTO schema_migrations VALUES (9, 'a'), (10, 'b')");
  expect(newest()).toBe(10);
  db.exec("UPDATE schema_migrations SET version = 'ten'");
  expect(newest()).toBeNull();
  db.close();
});
