/**
 * Questions to the bot's own database file, answered in a process of its own: a second SQLite
 * library in the process that has the file open would undo its locks (sqlite.org/howtocorrupt.html
 * 2.2.1). Node only.
 */
import { DatabaseSync } from 'node:sqlite';
import type { Task } from '../foreign/task.ts';
import type { Row } from '../model/model.ts';
import { answerTo } from './file.ts';

declare module '../foreign/task.ts' {
  interface Tasks {
    readonly ask: typeof askTask;
  }
}

export interface AskInput {
  readonly path: string;
  readonly queries: readonly string[];
  readonly busyTimeoutMs: number;
}

export const askTask: Task<AskInput, readonly (readonly Row[])[]> = ({ path, queries, busyTimeoutMs }) => {
  const db = new DatabaseSync(path, { timeout: busyTimeoutMs, enableDoubleQuotedStringLiterals: true });
  try {
    db.exec('BEGIN');
    return queries.map((sql) => answerTo(db, sql));
  } finally {
    db.close();
  }
};
