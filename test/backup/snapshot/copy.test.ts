/**
 * The copy that an embedded snapshot is read from: of which databases it is made, and what is left
 * of it.
 */
import { fork, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import process from 'node:process';
import { DatabaseSync } from 'node:sqlite';
import { expect, test, vi } from 'vitest';
import { createDocumentSink } from '../../../src/backup/document/writer.ts';
import type { HeadLastWriter } from '../../../src/backup/model/model.ts';
import { writeLive } from '../../../src/backup/snapshot/copy-live.ts';
import { openEmbeddedSnapshotSource } from '../../../src/backup/snapshot/embedded.ts';
import { openFileSnapshotSource } from '../../../src/backup/snapshot/file.ts';
import { vacuumInto } from '../../../src/backup/snapshot/vacuum.ts';
import { loadDocument } from '../../../src/backup/verify/load-document.ts';
import { makeDatabase, readAll } from './rig.ts';

vi.mock(import('../../../src/backup/snapshot/vacuum.ts'), { spy: true });

const copiesOf = (file: string) => readdirSync(dirname(file)).filter((name) => name.includes('.snapshot-'));
/** More than is copied on the spot: a process of its own does it. */
const LARGE = `CREATE TABLE t (id INTEGER PRIMARY KEY, a BLOB);
  WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) INSERT INTO t SELECT i, randomblob(1000) FROM n`;

test('what a killed process left beside the database goes with the next snapshot, what is being written stays', async () => {
  const { file } = makeDatabase('CREATE TABLE t (a)');
  const [dead, living] = [randomUUID(), randomUUID()];
  // A person's own copies are nobody's debris.
  const names = [dead, `${dead}-journal`, living, '2024-01-01', `${dead}.keep`];
  for (const name of names) writeFileSync(`${file}.snapshot-${name}`, 'pages');
  const longAgo = new Date(Date.now() - 2 * 3_600_000);
  for (const name of names) if (name !== living) utimesSync(`${file}.snapshot-${name}`, longAgo, longAgo);
  await readAll(openEmbeddedSnapshotSource({ path: file }));
  const left = names.filter((_, at) => at > 1).map((name) => `data.db.snapshot-${name}`);
  expect(copiesOf(file).sort()).toEqual(left.sort());
});

test('what a killed process was writing goes with the next snapshot; that of a stopped or unknown one stays its hour', async () => {
  const { file } = makeDatabase('CREATE TABLE t (a)');
  const module = join(import.meta.dirname, '../../../src/db/file/copy-name.ts');
  const script = `import { copyName } from '${module}'; console.log(copyName(process.argv[1])); setInterval(() => {}, 1000);`;
  const begin = async () => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', script, file]);
    const [said] = await once(child.stdout, 'data');
    return { child, copy: String(said).trim() };
  };
  const [killed, stopped] = await Promise.all([begin(), begin()]);
  killed.child.kill('SIGKILL');
  await once(killed.child, 'close');
  stopped.child.kill('SIGSTOP');
  const name = killed.copy;
  const elsewhere = name.replace(/snapshot-[0-9a-f]{16}/, `snapshot-${'0'.repeat(16)}`);
  const unmarked = `${file}.snapshot-${randomUUID()}`;
  for (const copy of [name, `${name}-journal`, stopped.copy, elsewhere, unmarked])
    writeFileSync(copy, 'pages');
  await readAll(openEmbeddedSnapshotSource({ path: file }));
  const left = [stopped.copy, elsewhere, unmarked].map((copy) => basename(copy));
  expect(copiesOf(file).sort()).toEqual(left.sort());
  stopped.child.kill('SIGKILL');
});

test('a copy that breaks off in the middle leaves nothing, its journal neither', async () => {
  const { file } = makeDatabase('CREATE TABLE t (a)');
  vi.mocked(vacuumInto).mockImplementationOnce((_, copy) => {
    for (const suffix of ['', '-journal']) writeFileSync(copy + suffix, 'half');
    throw new Error('killed');
  });
  const read = readAll(openEmbeddedSnapshotSource({ path: file }));
  await expect(read).rejects.toThrow(`no copy of the database ${file}`);
  expect(copiesOf(file)).toEqual([]);
});

test.each([
  ['SQLITE_CANTOPEN', 'so the directory must be writable'],
  ['UNKNOWN_SQLITE_ERROR_1544', 'so the directory must be writable'],
  ['SQLITE_FULL', 'it takes up to 1 MB beside it'],
])('%s is told with what to do', async (code, remedy) => {
  const { file } = makeDatabase('CREATE TABLE t (a)');
  vi.mocked(vacuumInto).mockImplementationOnce(() => {
    throw Object.assign(new Error('no'), { code });
  });
  await expect(readAll(openEmbeddedSnapshotSource({ path: file }))).rejects.toThrow(remedy);
});

test('a copying process whose parent was killed meanwhile leaves no copy', async () => {
  const { file } = makeDatabase(LARGE);
  const copy = `${file}.snapshot-${randomUUID()}`;
  const child = fork(
    join(import.meta.dirname, '../../../src/backup/task-process.ts'),
    // The parent it was told of is not the one it has.
    [JSON.stringify({ parent: process.ppid, memory: null, cpuMs: null, debris: [copy, `${copy}-journal`] })],
    { execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'], serialization: 'advanced' },
  );
  child.send({ kind: 'work', task: 'vacuum', input: { path: file, copy, busyTimeoutMs: 5_000 } });
  await once(child, 'close');
  expect(copiesOf(file)).toEqual([]);
});

test.each(['on the spot', 'by a process'])(
  'a table with "literals" in its SQL, as old programs wrote them, is copied %s, and its document loads',
  async (how) => {
    const { file, db } = makeDatabase();
    db.close();
    const old = new DatabaseSync(file, { enableDoubleQuotedStringLiterals: true });
    old.exec(`CREATE TABLE u (state TEXT CHECK (state IN ("open", "shut"))); INSERT INTO u VALUES ('open')`);
    if (how === 'by a process') old.exec(LARGE);
    old.close();
    const { rows } = await readAll(openEmbeddedSnapshotSource({ path: file }));
    expect(rows['u']).toEqual([[1n, 'open']]);
    const [document, loaded] = [`${file}.json`, `${file}.loaded`];
    const sink = (out: HeadLastWriter) =>
      createDocumentSink(out, { backupTime: new Date(0), appVersion: '1' });
    await writeLive(openEmbeddedSnapshotSource({ path: file }), {
      path: document,
      headLength: 0,
      replace: false,
      sink,
    });
    await loadDocument(document, loaded);
    expect((await readAll(openFileSnapshotSource({ path: loaded }))).rows['u']).toEqual([[1n, 'open']]);
    expect(copiesOf(file)).toEqual([]);
  },
);

test('a vector index, which only libSQL can check, is refused before anything is read', async () => {
  const { file } =
    makeDatabase(`CREATE TABLE t (a, e F32_BLOB(3)); INSERT INTO t VALUES (1, vector('[1,2,3]'));
    CREATE INDEX nearest ON t (libsql_vector_idx(e))`);
  let used = false;
  const read = openEmbeddedSnapshotSource({ path: file }).read(async () => {
    used = true;
  });
  await expect(read).rejects.toThrow('table t has a vector index, which cannot be backed up');
  expect(used).toBe(false);
});
