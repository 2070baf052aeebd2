/** The staged transaction alone, without an end that cleans up: a process that dies has none. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { databaseSite } from '../../../src/backup/staged/database-site.ts';
import { type StagedSite, stage } from '../../../src/backup/staged/staged-transaction.ts';
import { type Database, DatabaseUnavailable, sql, type WriteResult } from '../../../src/db/database.ts';
import { openEmbeddedDatabase } from '../../../src/db/file/embedded-database.ts';

type Site = StagedSite<readonly WriteResult[]>;

let directory: string;
let db: Database;
let site: Site;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'anime-staged-'));
  db = await openEmbeddedDatabase(join(directory, 'bot.db'));
  site = databaseSite(db, { db, schema: 'main' });
  await db.write([sql('CREATE TABLE living (a)')]);
});
afterEach(() => {
  db.close();
  rmSync(directory, { recursive: true, force: true });
});

async function begin(id: string, at: Site = site) {
  const superseded = (): Error => new Error('superseded');
  const transaction = await stage(at, { kind: 'import', id, superseded });
  await transaction.create(['importing_rows'], ['CREATE TABLE importing_rows (a)']);
  await transaction.load([`INSERT INTO importing_rows VALUES ('${id}')`]);
  return transaction;
}

const SWAP = ['INSERT INTO living SELECT a FROM importing_rows'];
const living = () => site.value('SELECT json_group_array(a) FROM living');
const lost = (): never => {
  throw new DatabaseUnavailable('answer lost (test)');
};

/** No answer is heard; `send` may send what was asked. */
function between(send: (work: () => Promise<unknown>) => Promise<unknown>): Site {
  return {
    ...site,
    atomically: async (statements) => {
      await send(() => site.atomically(statements));
      return lost();
    },
  };
}

test('what a dead attempt left is cleared, and the attempt, should it wake, changes nothing', async () => {
  const dead = await begin('dead');
  const next = await begin('next');
  await expect(dead.load(["INSERT INTO importing_rows VALUES ('late')"])).rejects.toThrow('superseded');
  await expect(dead.commit(SWAP)).rejects.toThrow('superseded');
  await dead.end();
  expect(await next.commit(SWAP)).toMatchObject({ kind: 'committed' });
  await next.end();
  expect(await living()).toBe('["next"]');
  expect(await site.value("SELECT count(*) FROM sqlite_schema WHERE name GLOB 'importing_*'")).toBe('0');
});

test('every answer is lost after the effect: committed, once', async () => {
  const transaction = await begin(
    'ours',
    between((work) => work()),
  );
  expect(await transaction.commit(SWAP)).toEqual({ kind: 'committed', answer: undefined });
  expect(await living()).toBe('["ours"]');
  expect(await site.value("SELECT count(*) FROM sqlite_schema WHERE name = 'importing_rows'")).toBe('0');
});

test.each(['heard', 'lost'])(
  'a request that was given up does not come in later; that answer is %s',
  async (answer) => {
    const late: (() => Promise<unknown>)[] = [];
    const through: Site = {
      ...site,
      atomically: async (statements) => {
        const work = () => site.atomically(statements);
        if (!statements.some((statement) => statement.includes('state = -1'))) {
          late.push(work);
          return lost();
        }
        const results = await work();
        return answer === 'lost' ? lost() : results;
      },
    };
    const transaction = await begin('ours', through);
    expect(await transaction.commit(SWAP)).toMatchObject({ kind: 'rolled back' });
    expect(late).toHaveLength(3);
    for (const work of late) await expect(work()).rejects.toThrow('given up');
    expect(await living()).toBe('[]');
  },
);

test('nothing is heard any more: unknown', async () => {
  const transaction = await begin(
    'ours',
    between(async () => undefined),
  );
  expect(await transaction.commit(SWAP)).toMatchObject({ kind: 'unknown' });
  expect(await living()).toBe('[]');
});
