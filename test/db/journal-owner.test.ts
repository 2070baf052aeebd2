/**
 * Every state in which a power cut or a kill can leave a database file and its journal, and the
 * nearest states that it cannot.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  judgeRollbackJournal,
  judgeWal,
  type MainFile,
  type Verdict,
} from '../../src/db/file/journal-owner.ts';

const PAGE = 4096;
const FRAME = 24 + PAGE;
let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'journal-owner-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true, maxRetries: 10 }));

const mainOf = (file: Uint8Array): MainFile => ({
  firstPage: file.subarray(0, 65_536),
  bytes: file.byteLength,
});
const reader =
  (file: Uint8Array) =>
  (at: number, length: number): Uint8Array =>
    file.subarray(at, at + length);
const wal = (main: Uint8Array | undefined, log: Uint8Array): Verdict['kind'] =>
  judgeWal(main && mainOf(main), reader(log)).kind;

describe('a write-ahead log', () => {
  /** The file the log was begun on, the log, the file when all of it is home. */
  let base: Buffer;
  let log: Buffer;
  let home: Buffer;
  beforeAll(() => {
    const path = join(directory, 'a.db');
    const db = new DatabaseSync(path);
    db.exec('PRAGMA journal_mode = WAL; CREATE TABLE t (x); CREATE INDEX i ON t (x)');
    const add = db.prepare('INSERT INTO t VALUES (hex(randomblob(?)))');
    for (let i = 0; i < 60; i += 1) add.run(300);
    db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    base = readFileSync(path);
    using other = new DatabaseSync(path);
    other.exec('PRAGMA user_version = 0');
    for (let i = 0; i < 60; i += 1) add.run(300);
    db.exec('CREATE TABLE later (y)');
    db.exec('DELETE FROM t WHERE rowid % 2');
    log = readFileSync(`${path}-wal`);
    db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    home = readFileSync(path);
    db.close();
  });

  /** Page by page, as a checkpoint writes. */
  const partly = (pages: number): Buffer => {
    const end = Math.max(base.byteLength, pages * PAGE);
    return Buffer.concat([home.subarray(0, pages * PAGE), base.subarray(pages * PAGE, end)]);
  };

  test('belongs to the file it was begun on, and to it with any part of a checkpoint', () => {
    for (let pages = 0; pages <= home.byteLength / PAGE; pages += 1)
      expect(wal(partly(pages), log), `${pages} pages`).toBe('belongs');
  });

  test('belongs when a power cut left page 1 in parts', () => {
    for (let cut = 512; cut < PAGE; cut += 512)
      for (const [from, to] of [
        [base, home],
        [home, base],
      ] as const)
        expect(
          wal(Buffer.concat([from.subarray(0, cut), to.subarray(cut, PAGE), base.subarray(PAGE)]), log),
          `${cut}`,
        ).toBe('belongs');
  });

  test('belongs when its own end was cut anywhere', () => {
    for (let end = 0; end <= log.byteLength; end += 9_270)
      expect(wal(base, log.subarray(0, end)), `${end}`).toBe('belongs');
  });

  test('what follows a wrong checksum was never committed, and tells nothing', () => {
    const torn = Buffer.from(log.subarray(32, 32 + FRAME));
    torn.writeUInt32BE(torn.readUInt32BE(24 + 24) + 9, 24 + 24);
    const page = torn.subarray(24);
    expect(wal(Buffer.concat([page, base.subarray(PAGE)]), Buffer.concat([log, torn]))).toBe('foreign');
    expect(wal(base, Buffer.concat([log.subarray(0, 32), torn]))).toBe('belongs');
  });

  test('does not belong to an earlier or later state, to another database, or to a file at rest', () => {
    const changed = (change: (bytes: Buffer) => void): Buffer => {
      const bytes = Buffer.from(base);
      change(bytes);
      return bytes;
    };
    const count = base.readUInt32BE(24);
    const others: Record<string, Buffer> = {
      earlier: changed((bytes) => bytes.writeUInt32BE(count - 1, 24)),
      later: changed((bytes) => bytes.writeUInt32BE(count + 2, 24)),
      'another number of pages': changed((bytes) => bytes.writeUInt32BE(base.readUInt32BE(28) + 1, 28)),
      'another free list': changed((bytes) => bytes.writeUInt32BE(7, 36)),
      'another schema': changed((bytes) => bytes.writeUInt8(bytes.readUInt8(PAGE - 20) ^ 1, PAGE - 20)),
      'another page size': changed((bytes) => bytes.writeUInt16BE(8192, 16)),
      'at rest': changed((bytes) => bytes.fill(1, 18, 20)),
    };
    for (const [name, file] of Object.entries(others)) expect(wal(file, log), name).toBe('foreign');
  });

  test('is in doubt without a database beside it, or over another schema of the same number', () => {
    expect(wal(undefined, log)).toBe('doubt');
    expect(wal(Buffer.alloc(0), log)).toBe('doubt');
    expect(wal(Buffer.alloc(8192, 'x'), log)).toBe('doubt');
    const other = Buffer.from(base);
    other.writeUInt32BE(base.readUInt32BE(40) - 1, 40);
    expect(wal(other, log)).toBe('doubt');
  });

  test('of another number of pages does not belong, when nothing else tells', () => {
    // One update of one row: page 1 is not in it.
    const path = join(directory, 'b.db');
    const db = new DatabaseSync(path);
    db.exec('PRAGMA journal_mode = WAL; CREATE TABLE t (x); INSERT INTO t VALUES (1)');
    db.exec('PRAGMA wal_checkpoint(TRUNCATE); UPDATE t SET x = 2');
    const [own, update] = [readFileSync(path), readFileSync(`${path}-wal`)];
    db.close();
    expect(update.byteLength).toBe(32 + FRAME);
    expect(wal(own, update)).toBe('belongs');
    expect(wal(base, update)).toBe('foreign');
    const atRest = Buffer.from(own).fill(1, 18, 20);
    expect(wal(atRest, update)).toBe('foreign');
    const ofLargerPages = Buffer.from(own);
    ofLargerPages.writeUInt16BE(8192, 16);
    expect(wal(ofLargerPages, update)).toBe('foreign');
  });
});

describe('a rollback journal', () => {
  /** Leaves a file in the middle of a transaction that did not fit into the cache. */
  async function killedInTransaction(path: string, rows: number): Promise<{ file: Buffer; journal: Buffer }> {
    const script = `
      const { DatabaseSync } = require('node:sqlite');
      const db = new DatabaseSync(${JSON.stringify(path)});
      db.exec('PRAGMA cache_size = 5; CREATE TABLE t (x)');
      db.exec("WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows}) INSERT INTO t SELECT hex(randomblob(200)) FROM n");
      db.exec('BEGIN; UPDATE t SET x = 1');
      process.kill(process.pid, 'SIGKILL');`;
    await once(spawn(process.execPath, ['-e', script], { stdio: 'ignore' }), 'close');
    return { file: readFileSync(path), journal: readFileSync(`${path}-journal`) };
  }
  const judge = (file: Uint8Array | undefined, journal: Uint8Array): Verdict['kind'] =>
    judgeRollbackJournal(file && mainOf(file), reader(journal)).kind;

  test('belongs to its file and to no other', async () => {
    const path = join(directory, 'c.db');
    const { file, journal } = await killedInTransaction(path, 400);
    expect(judge(file, journal)).toBe('belongs');
    const other = await killedInTransaction(join(directory, 'd.db'), 90);
    expect(judge(other.file, journal)).toBe('foreign');
    expect(judge(undefined, journal)).toBe('doubt');
    // What SQLite makes of the pair.
    using db = new DatabaseSync(path);
    expect(db.prepare('SELECT count(*) AS n FROM t WHERE length(x) = 400').get()).toEqual({ n: 400 });
  });

  test('with page 1 belongs to the file before and after the transaction only', () => {
    const path = join(directory, 'e.db');
    using db = new DatabaseSync(path);
    db.exec('CREATE TABLE t (x); PRAGMA journal_mode = PERSIST');
    const before = readFileSync(path);
    db.exec('INSERT INTO t VALUES (1)');
    const after = readFileSync(path);
    // A finished journal has its header struck out: what it was before.
    const journal = readFileSync(`${path}-journal`);
    expect(judge(before, journal)).toBe('belongs');
    const header = Buffer.from('d9d505f920a163d7', 'hex');
    header.copy(journal);
    journal.writeUInt32BE(2, 8);
    journal.writeUInt32BE(2, 16);
    journal.writeUInt32BE(512, 20);
    journal.writeUInt32BE(PAGE, 24);
    db.exec('INSERT INTO t VALUES (2)');
    expect(judge(before, journal)).toBe('belongs');
    expect(judge(after, journal)).toBe('belongs');
    expect(judge(readFileSync(path), journal)).toBe('foreign');
  });
});
