/** Misbehaves on demand, as a foreign file makes SQLite misbehave: for the tests of process.ts. */
import { writeFileSync } from 'node:fs';
import process from 'node:process';
import { DatabaseSync } from 'node:sqlite';
import { Damaged } from './errors.ts';
import type { Task } from './task.ts';

declare module './task.ts' {
  interface Tasks {
    readonly trial: typeof trialTask;
  }
}

export interface Trial {
  readonly what: 'count' | 'memory' | 'heap' | 'time' | 'throw' | 'crash' | 'full disk' | 'environment';
  readonly file?: string;
}

export const trialTask: Task<Trial, string, number> = async ({ what, file }, { send }) => {
  if (file !== undefined) writeFileSync(file, String(process.pid));
  const db = new DatabaseSync(':memory:');
  if (what === 'environment') return Object.keys(process.env).join(' ');
  if (what === 'count') for (let n = 1; n <= 3; n += 1) await send(n);
  if (what === 'throw') throw new Damaged('as asked', { cause: new Error('because') });
  if (what === 'crash') process.abort();
  if (what === 'full disk')
    throw Object.assign(new Error('database or disk is full'), { code: 'ERR_SQLITE_ERROR', errcode: 13 });
  if (what === 'memory') db.prepare('SELECT hex(hex(zeroblob(200000000)))').get();
  if (what === 'heap') for (const all: string[][] = []; ; ) all.push(Array.from({ length: 1e5 }, String));
  if (what === 'time')
    db.prepare(
      'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n',
    ).get();
  return 'done';
};
