/**
 * A question to an admin: one each, in a table of its own; the draft that was open waits for the
 * answer.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { answered, ask, openAsk } from '../../src/db/admin-questions.ts';
import { all, type Database, sql } from '../../src/db/database.ts';
import { collectPart } from '../../src/db/draft-parts.ts';
import { beginAnime, closeOpen } from '../../src/db/drafts.ts';
import { openEmbeddedDatabase } from '../../src/db/file/embedded-database.ts';
import { migrate } from '../../src/db/migrate.ts';
import { openDraft } from '../../src/db/read-drafts.ts';
import { undoAfter } from '../support/undo-migrations.ts';

const ADMIN = 1;
const AT = new Date('2026-11-22T10:00:00Z');
const PART = { messageId: 5, fileId: 'f', fileUniqueId: 'u', kind: 'video', name: null } as const;

let directory: string;
let db: Database;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'anime-asks-'));
  db = await openEmbeddedDatabase(join(directory, 'bot.db'));
  await bringUp();
});
afterEach(() => {
  db.close();
  rmSync(directory, { recursive: true, force: true });
});

const bringUp = () => migrate(db, { now: () => AT, backup: async () => {} });

async function rows(text: string): Promise<string[]> {
  const [found] = await db.read([all(sql(text), (row) => row.textOrNull('v') ?? 'NULL')]);
  return found;
}

const drafts = () => rows('SELECT json_array(id, kind, is_open, version) AS v FROM drafts ORDER BY id');

test('the open draft waits, unchanged, over any number of questions, and goes on after the answer', async () => {
  await db.write([beginAnime(ADMIN, AT), ...ask(ADMIN, 'person', {}, AT)]);
  await db.write([...ask(ADMIN, 'number', { subject: 7 }, AT)]);
  expect(await db.read([openAsk(ADMIN), openDraft(ADMIN)])).toMatchObject([
    { question: 'number', subject: 7, anime: undefined },
    undefined,
  ]);
  expect(await drafts()).toEqual(['[1,"anime",0,1]']);
  await db.write([...answered(ADMIN)]);
  expect(await db.read([openAsk(ADMIN)])).toEqual([undefined]);
  expect(await drafts()).toEqual(['[1,"anime",1,1]']);
});

test('a part that comes while a question is open goes to the draft that waits, and begins none', async () => {
  await db.write([...ask(ADMIN, 'person', {}, AT)]);
  await db.write([...collectPart(ADMIN, PART, AT)]);
  expect(await drafts()).toEqual([]);
  await db.write([...closeOpen(ADMIN), beginAnime(ADMIN, AT), ...ask(ADMIN, 'person', {}, AT)]);
  await db.write([...collectPart(ADMIN, PART, AT)]);
  expect(await rows('SELECT draft_id AS v FROM draft_parts')).toEqual(['1']);
  expect(await drafts()).toEqual(['[1,"anime",0,1]']);
});

test('another admin’s question is neither read nor answered', async () => {
  await db.write([beginAnime(ADMIN, AT), ...ask(ADMIN, 'person', {}, AT)]);
  await db.write([...answered(2), ...closeOpen(2), ...ask(2, 'admin', {}, AT)]);
  expect(await db.read([openAsk(ADMIN), openAsk(2)])).toMatchObject([
    { userId: ADMIN, question: 'person' },
    { userId: 2, question: 'admin' },
  ]);
  expect(await drafts()).toEqual(['[1,"anime",0,1]']);
});

test('questions that were rows of drafts are moved; drafts stay as they are', async () => {
  await db.write([
    ...undoAfter(6),
    sql('INSERT INTO anime (id, code) VALUES (3, 12)'),
    sql(
      `INSERT INTO drafts (id, user_id, kind, step, is_open, anime_id, subject, resumes, created_at, updated_at) VALUES
         (1, 1, 'anime', 'title', 0, NULL, NULL, NULL, 'a', ''), (2, 1, 'ask:title', 'answer', 1, 3, 9, 1, 'b', ''),
         (3, 2, 'parts', 'parts', 1, 3, NULL, NULL, 'c', ''), (4, 3, 'ask:person', 'answer', 0, NULL, NULL, NULL, 'd', '')`,
    ),
  ]);
  await bringUp();
  const moved = 'json_array(user_id, question, anime_id, subject, resumes, asked_at)';
  expect(await rows(`SELECT ${moved} AS v FROM admin_questions`)).toEqual(['[1,"title",3,9,1,"b"]']);
  expect(await drafts()).toEqual(['[1,"anime",0,1]', '[3,"parts",1,1]']);
  expect(await db.read([openAsk(1)])).toMatchObject([{ question: 'title', anime: { id: 3 }, subject: 9 }]);
  await db.write([...answered(1)]);
  expect(await drafts()).toEqual(['[1,"anime",1,1]', '[3,"parts",1,1]']);
});
