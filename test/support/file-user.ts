/**
 * A process that uses a database file as the host does: adds users, says which are committed,
 * brings the log home now and then, until it is killed or has added enough. Arguments: path, first
 * id, how many, how many between checkpoints (0: none), `stop` or `stay`.
 */
import process from 'node:process';
import { sql } from '../../src/db/database.ts';
import { openEmbeddedDatabase } from '../../src/db/file/embedded-database.ts';

const [path = '', first, count, between, end] = process.argv.slice(2);
const db = await openEmbeddedDatabase(path, undefined, (message) => console.log(`say ${message}`));
await db.write([
  sql('CREATE TABLE IF NOT EXISTS users (id INTEGER PRIMARY KEY, filler BLOB)'),
  // Without it the file would be another program's, which stays as it is when it is only read.
  sql('CREATE TABLE IF NOT EXISTS schema_migrations (version INTEGER, name TEXT, applied_at TEXT)'),
]);
console.log('open');
const last = Number(first) + Number(count);
for (let id = Number(first); id < last; id += 1) {
  await db.write([sql('INSERT INTO users VALUES (?, randomblob(?))', id, 100 + ((id * 37) % 3000))]);
  console.log(`added ${id}`);
  if (Number(between) > 0 && id % Number(between) === 0) await db.checkpoint();
}
if (end === 'stop') await db.closeWhole();
else setInterval(() => {}, 1000);
