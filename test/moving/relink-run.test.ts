/** `relink run`: it ends when all is linked, or when somebody has to do something first. */
import { spawnSync } from 'node:child_process';
import { hostname } from 'node:os';
import process from 'node:process';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { all, sql } from '../../src/db/database.ts';
import { holderText, isSurelyDead } from '../../src/db/file/lock-text.ts';
import { claimJob, freeJobsOfDead } from '../../src/db/job-leases.ts';
import { unpaced } from '../../src/jobs/all-jobs.ts';
import { type RelinkRun, relinkToTheEnd } from '../../src/jobs/relink-run.ts';
import { startTown, type Town } from './support.ts';

let town: Town;
beforeEach(async () => {
  town = await startTown();
  await town.add(1, 25);
  await town.archive();
});
afterEach(() => town.close());

const said: string[] = [];
function run(options: Partial<RelinkRun> = {}) {
  said.length = 0;
  const { db, api, me, ownerIds, defaultLocale, now, sleep, log } = town.bot.jobContext();
  return relinkToTheEnd({
    ...{ db, api, me, ownerIds, defaultLocale, now, sleep, log },
    holder: 'this one',
    isDead: isSurelyDead,
    signal: new AbortController().signal,
    onProgress: ({ linked, left, minutes }) => said.push(`${linked} of ${linked + left}, ${minutes} min`),
    onWait: ({ holder, until }) => said.push(`${holder.split('\n')[0]} until ${until}`),
    onLater: (reason) => said.push(reason),
    ...options,
  });
}
const left = () => town.numbers('SELECT COUNT(*) AS n FROM foreign_files WHERE views >= 0');

test('to the end, with the time that it takes', async () => {
  await town.move();
  const began = town.bot.now().getTime();
  expect(await run()).toEqual({ kind: 'linked' });
  expect(said).toEqual(['0 of 25, 2 min', '20 of 25, 1 min']);
  expect(town.bot.now().getTime() - began).toBeLessThan(2 * 60_000);
});

test('a channel that the bot is not in: it ends, and names the channel and Telegram’s reason', async () => {
  await town.move({ joins: false });
  expect(await run()).toEqual({
    kind: 'closed',
    chatId: town.channel.id,
    name: 'Arxiv',
    reason: 'chat not found',
  });
  expect(said).toEqual(['0 of 25, 2 min']);
  expect(await left()).toEqual([25]);
});

test('rights that are taken in the middle', async () => {
  await town.move();
  town.telegram.script({
    method: 'forwardMessage',
    after: 3,
    times: Number.POSITIVE_INFINITY,
    fault: {
      kind: 'error',
      status: 400,
      description: 'Bad Request: need administrator rights in the channel chat',
    },
  });
  expect(await run()).toMatchObject({ kind: 'closed', name: 'Arxiv' });
  expect(await left()).toEqual([22]);
});

test('the token of a bot that is banned meanwhile', async () => {
  await town.move();
  town.telegram.ban();
  expect(await run()).toEqual({ kind: 'token' });
});

test('a Telegram that has no time: five minutes, each told; a minute in which something was linked counts anew', async () => {
  await town.move();
  town.telegram.script({
    method: 'forwardMessage',
    after: 2,
    times: Number.POSITIVE_INFINITY,
    fault: { kind: 'flood', retryAfter: 30 },
  });
  const began = town.bot.now().getTime();
  expect(await run()).toEqual({ kind: 'later', reason: 'Telegram asks to wait' });
  expect(said.filter((line) => line === 'Telegram asks to wait')).toHaveLength(5);
  expect(said).toContain('2 of 25, 2 min');
  const minutes = (town.bot.now().getTime() - began) / 60_000;
  expect(minutes).toBeGreaterThan(4);
  expect(minutes).toBeLessThan(8);
});

/** The text of a process that has ended. */
function deadHolder(): string {
  const file = new URL('../../src/db/file/lock-text.ts', import.meta.url);
  const { stdout } = spawnSync(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `import { holderText } from '${file}'; console.log(holderText('relink run', new Date()))`,
    ],
    { encoding: 'utf8' },
  );
  return stdout.trimEnd();
}

test('the lease of a dead run is taken over at once', async () => {
  await town.move();
  await town.bot.db.write([claimJob('relink', deadHolder(), town.bot.now(), 16)]);
  expect(await run()).toEqual({ kind: 'linked' });
  expect(said[0]).toBe('0 of 25, 2 min');
  expect(said).toHaveLength(2);
});

test('a lease of somebody alive, or of another machine: said once, with its end', async () => {
  await town.move();
  const began = town.bot.now();
  await town.bot.db.write([claimJob('relink', holderText('node host', began), began, 16)]);
  expect(await run()).toEqual({ kind: 'linked' });
  const end = new Date(began.getTime() + 16 * 60_000).toISOString().slice(0, 19).replace('T', ' ');
  expect(said.slice(0, 2)).toEqual([
    '0 of 25, 2 min',
    `node host ${process.pid} on ${hostname()} until ${end}`,
  ]);
});

test('a host that starts is in nobody’s way: the jobs of the dead one are free, those of the living are not', async () => {
  const { db, now } = town.bot;
  await db.write([
    claimJob('relink', deadHolder(), now(), 16),
    claimJob('archive', holderText('node host', now()), now(), 16),
    claimJob('check-chats', deadHolder(), now(), 60),
  ]);
  await freeJobsOfDead(db, unpaced, isSurelyDead);
  const [names] = await db.read([
    all(sql('SELECT name FROM job_leases ORDER BY name'), (row) => row.text('name')),
  ]);
  // The hourly one says when its turn comes again.
  expect(names).toEqual(['archive', 'check-chats']);
});

test('an interruption ends it within the minute’s pause, and frees the job', async () => {
  await town.move();
  const stop = new AbortController();
  const sleep: RelinkRun['sleep'] = async (ms) => {
    if (ms > 5_000) stop.abort(new Error('interrupted'));
    await town.bot.jobContext().sleep(ms);
  };
  await expect(run({ signal: stop.signal, sleep })).rejects.toThrow('interrupted');
  expect(await town.numbers("SELECT COUNT(*) AS n FROM job_leases WHERE name = 'relink'")).toEqual([0]);
});
