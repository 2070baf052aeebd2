import type { Migration } from './migration.ts';

/** Questions to admins get a table of their own; until now they were rows of `drafts`. */
export const questions: Migration = {
  version: 7,
  name: 'questions',
  up: () => [
    // resumes: the draft that was open when the question was asked; it takes the admin's messages
    // again afterwards.
    `CREATE TABLE admin_questions (
  user_id INTEGER PRIMARY KEY,
  question TEXT NOT NULL,
  anime_id INTEGER REFERENCES anime(id) ON DELETE CASCADE,
  subject INTEGER,
  resumes INTEGER,
  asked_at TEXT NOT NULL
)`,
    `INSERT OR REPLACE INTO admin_questions (user_id, question, anime_id, subject, resumes, asked_at)
   SELECT d.user_id, substr(d.kind, length('ask:') + 1), d.anime_id, d.subject, d.resumes, d.created_at
   FROM drafts AS d WHERE d.kind GLOB 'ask:*' AND d.is_open = 1
     AND (d.anime_id IS NULL OR EXISTS (SELECT 1 FROM anime AS a WHERE a.id = d.anime_id)) ORDER BY d.id`,
    "DELETE FROM drafts WHERE kind GLOB 'ask:*'",
  ],
};
