/**
 * A person brought the log home and changed the schema by hand beside the running bot; then the
 * power went. Page 1 alone cannot tell whose log it is: a trial does.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { JournalInDoubt, settleJournals } from '../../src/db/file/settle-journals.ts';
import { startOnFile } from '../support/start-on-file.ts';

const EMBEDDED = new URL('../../src/db/file/embedded-database.ts', import.meta.url).href;
let directory: string;
let path: string;
const children: ChildProcess[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'journal-trial-'));
  path = join(directory, 'bot.db');
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
});

/** More tables than one page of the schema holds, as the bot has. */
const TABLES = 60;

/** A bot with users 1 to 300; after `byHand` it adds user 301, and the power goes. */
async function killedAfter(file: string, byHand: readonly string[], tables = TABLES): Promise<void> {
  const script = `
    import { once } from 'node:events';
    import { openEmbeddedDatabase } from ${JSON.stringify(EMBEDDED)};
    const db = await openEmbeddedDatabase(${JSON.stringify(file)});
    const run = (...sqls) => db.write(sqls.map((sql) => ({ sql, args: [] })));
    await run('CREATE TABLE schema_migrations (version INTEGER, name TEXT, applied_at TEXT)',
      'CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT)',
      ...Array.from({ length: ${tables} }, (_, i) => 'CREATE TABLE filler_of_the_schema_' + i + ' (a TEXT, b TEXT)'));
    for (let i = 1; i <= 300; i += 1) await run("INSERT INTO users (id, name) VALUES (" + i + ", hex(randomblob(100)))");
    await db.checkpoint();
    console.log('ready');
    await once(process.stdin, 'data');
    await run("INSERT INTO users (id, name) VALUES (301, 'last')");
    console.log('added');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  children.push(child);
  const says = async (): Promise<void> => {
    const [what] = await Promise.race([once(child.stdout, 'data'), once(child, 'close')]);
    expect(what, 'the bot lives').toBeInstanceOf(Buffer);
  };
  await says();
  const hand = new DatabaseSync(file);
  hand.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  for (const statement of byHand) hand.exec(statement);
  child.stdin.write('go\n');
  await says();
  const ended = once(child, 'close');
  child.kill('SIGKILL');
  await ended;
  // The person's program dies with the machine: its end would bring the log home.
  for (const suffix of ['', '-wal']) copyFileSync(file + suffix, `${file}.cut${suffix}`);
  hand.close();
  for (const suffix of ['', '-wal']) renameSync(`${file}.cut${suffix}`, file + suffix);
  rmSync(`${file}-shm`, { force: true });
}

const start = () => startOnFile(path);

const ALL = Array.from({ length: 301 }, (_, i) => i + 1);
const INDEX = 'CREATE INDEX by_name ON users (name)';

test.each([
  ['an index', [INDEX]],
  ['a column', ['ALTER TABLE users ADD COLUMN note TEXT']],
  ['a table less', ['DROP TABLE filler_of_the_schema_7']],
  ['a view', ['CREATE VIEW few AS SELECT id FROM users']],
  ['VACUUM', ['VACUUM']],
  ['a number of its own', ['PRAGMA user_version = 7']],
  ['the number of an application', ['PRAGMA application_id = 7']],
  ['much at once', [`BEGIN; ${INDEX}; CREATE TABLE more (x); COMMIT`, 'UPDATE users SET name = id']],
])('%s, made by hand on a log that was just brought home: nothing is lost', async (_, byHand) => {
  await killedAfter(path, byHand);
  expect(await start()).toEqual({ ids: ALL, said: [] });
  expect(readdirSync(directory)).toEqual(['bot.db']);
});

test('the same where the whole schema is on page 1', async () => {
  await killedAfter(path, [INDEX], 1);
  expect(await start()).toEqual({ ids: ALL, said: [] });
});

test('the file of another bot that stood at the same number is not filled from it', async () => {
  await killedAfter(path, [INDEX]);
  const other = join(directory, 'other.db');
  await killedAfter(other, []);
  const file = readFileSync(other);
  expect(file.readUInt32BE(24), 'the numbers agree').toBe(readFileSync(path).readUInt32BE(24));
  writeFileSync(path, file);
  const { ids, said } = await start();
  expect(ids).toEqual(ALL.slice(0, 300));
  expect(said).toEqual([expect.stringMatching(/does not belong to .*: it was not replayed/)]);
});

test('a file that has damage of its own keeps its log', async () => {
  await killedAfter(path, [INDEX]);
  const file = readFileSync(path);
  file.fill(0xff, file.byteLength - 4096, file.byteLength - 4000);
  writeFileSync(path, file);
  settleJournals(path, { say: () => {}, now: () => new Date() });
  expect(readdirSync(directory).toSorted()).toEqual(['bot.db', 'bot.db-wal']);
});

test('where both are damaged, each in its way, a person is asked', async () => {
  await killedAfter(path, [INDEX]);
  const other = join(directory, 'other.db');
  await killedAfter(other, []);
  const file = readFileSync(other);
  file.fill(0xff, file.byteLength - 4096, file.byteLength - 4000);
  writeFileSync(path, file);
  const there = readdirSync(directory).toSorted();
  expect(() => settleJournals(path, { say: () => {}, now: () => new Date() })).toThrow(JournalInDoubt);
  expect(readdirSync(directory).toSorted()).toEqual(there);
});
