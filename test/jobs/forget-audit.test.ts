import { expect, test } from 'vitest';
import { sql } from '../../src/db/database.ts';
import { forgetJob } from '../../src/jobs/forget-marks.ts';
import { run, start, values } from '../viewer/support.ts';

test('an entry of the audit log older than a year goes, though the trash is empty', async () => {
  const bot = await start();
  await bot.db.write([
    sql("INSERT INTO audit_log (user_id, action, subject, at) VALUES (1, 'x', 'y', '2020-01-01 00:00:00')"),
  ]);
  await run(bot, forgetJob);
  expect(await values(bot, 'SELECT count(*) AS v FROM audit_log')).toEqual(['0']);
});
