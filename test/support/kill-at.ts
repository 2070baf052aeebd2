/**
 * A process that dies at one of its calls to database and Telegram, before the call takes effect or
 * after.
 */
import type { Transformer } from 'grammy';
import { createApi } from '../../src/bot/telegram.ts';
import type { Database } from '../../src/db/database.ts';
import type { JobContext } from '../../src/jobs/job.ts';
import type { TestBot } from './bot.ts';

export class Killed extends Error {
  override readonly name = 'Killed';
}

/** @param at the call to die at, counted from 0; `when`: whether the call still takes effect */
export function killedAt(
  bot: TestBot,
  context: JobContext,
  at: number,
  when: 'before' | 'after',
): JobContext & { readonly calls: () => number } {
  let calls = 0;
  const call = async <T>(act: () => Promise<T>): Promise<T> => {
    const isLast = calls === at;
    if (calls > at || (isLast && when === 'before')) throw new Killed();
    calls += 1;
    const result = await act();
    if (isLast) throw new Killed();
    return result;
  };
  const api = createApi({ token: bot.telegram.token, apiRoot: bot.telegram.apiRoot });
  const dying: Transformer = (next, method, payload, signal) => call(() => next(method, payload, signal));
  api.config.use(dying);
  const { db } = context;
  const dyingDb: Database = {
    read: (queries) => call(() => db.read(queries)),
    write: (statements) => call(() => db.write(statements)),
    get roundTrips() {
      return db.roundTrips;
    },
    close: () => {},
  };
  return { ...context, api, db: dyingDb, calls: () => calls };
}
