/**
 * Every statement about a draft names its owner: with another admin's id it reads and changes
 * nothing.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { all, type Database, type Statement, sql } from '../../src/db/database.ts';
import { claimStatus, collectPart, dropLastPart } from '../../src/db/draft-parts.ts';
import {
  beginAnime,
  changeStep,
  chooseGroup,
  closeOpen,
  detour,
  dropDraft,
  reopen,
} from '../../src/db/drafts.ts';
import { openEmbeddedDatabase } from '../../src/db/file/embedded-database.ts';
import { migrate } from '../../src/db/migrate.ts';
import { draftById, draftsOf, openDraft } from '../../src/db/read-drafts.ts';

const OWNER = 1;
const STRANGER = 2;
const AT = new Date('2026-11-22T10:00:00Z');

let directory: string;
let db: Database;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'anime-drafts-'));
  db = await openEmbeddedDatabase(join(directory, 'bot.db'));
  await migrate(db, { now: () => AT, backup: async () => {} });
  const part = { messageId: 5, fileId: 'f', fileUniqueId: 'u', kind: 'video', name: null } as const;
  await db.write([
    sql("INSERT INTO groups (group_id, name) VALUES (-100, 'a'), (-200, 'b')"),
    beginAnime(OWNER, AT),
    ...collectPart(OWNER, part, AT),
    chooseGroup({ id: 1, userId: OWNER }, 1, true),
  ]);
});
afterEach(() => {
  db.close();
  rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
});

async function everything(): Promise<unknown> {
  const texts = [
    'SELECT json_array(id, user_id, kind, step, version, is_open, code, status_ms, updated_at) AS v FROM drafts',
    'SELECT json_array(draft_id, message_id) AS v FROM draft_parts',
    'SELECT json_array(draft_id, group_id) AS v FROM draft_groups',
  ];
  return db.read(texts.map((text) => all(sql(text), (row) => row.text('v'))));
}

const foreign = { id: 1, userId: STRANGER };
const later = new Date(AT.getTime() + 60_000);
const statements: readonly [string, readonly Statement[]][] = [
  ['closeOpen', closeOpen(STRANGER)],
  ['reopen', [reopen(foreign, later)]],
  ['dropDraft', [dropDraft(foreign)]],
  ['changeStep', [changeStep({ ...foreign, version: 1 }, { step: 'code', code: 7 }, later)]],
  ['detour', [detour({ ...foreign, version: 1 }, 'title', null, later)]],
  ['chooseGroup, on', [chooseGroup(foreign, 2, true)]],
  ['chooseGroup, off', [chooseGroup(foreign, 1, false)]],
  ['dropLastPart', [dropLastPart(foreign)]],
  ['claimStatus', [claimStatus({ userId: STRANGER }, later, 0)]],
];

test.each(statements)('%s changes nothing of another admin’s draft', async (_name, list) => {
  await db.write([sql('UPDATE drafts SET version = 1')]);
  const before = await everything();
  await db.write([...list]);
  expect(await everything()).toEqual(before);
});

test('another admin’s draft is not read', async () => {
  expect(await db.read([draftById(1, OWNER)])).toMatchObject([{ id: 1 }]);
  expect(await db.read([draftById(1, STRANGER), openDraft(STRANGER), draftsOf(STRANGER)])).toEqual([
    undefined,
    undefined,
    [],
  ]);
});
