/** The move to another bot, at the terminal: how far it is, doing it here, what has no copy. */
import { randomUUID } from 'node:crypto';
import { Argument, Command } from 'commander';
import { askBotInfo, createApi } from '../../bot/telegram.ts';
import { archiveChannel, archiveNumbers } from '../../db/archive.ts';
import { botIdentity, meetBot } from '../../db/bot-identity.ts';
import { type Database, hasChanged } from '../../db/database.ts';
import { claimJob, releaseJob } from '../../db/job-leases.ts';
import { type MissingFile, missingFiles } from '../../db/missing-files.ts';
import { moveProgress } from '../../db/relinking.ts';
import { titleFrom } from '../../handlers/admin/draft-screens.ts';
import { minutesToLink } from '../../handlers/admin/moving.ts';
import { RequestBudget } from '../../jobs/job.ts';
import { relink, relinkJob } from '../../jobs/relink-files.ts';
import { abortable } from '../../lib/clock.ts';
import { createLog, describeError } from '../../lib/log.ts';
import { formatCount } from '../../text/format.ts';
import { type Cli, type ExitCode, framed, type Invocation } from '../command.ts';

export function relinkCommand(cli: Cli): Command {
  const command = new Command('relink')
    .description('give the files of a bot that is gone ids of the present one, out of the archive channel')
    .addArgument(
      new Argument('[what]', 'status; run: do it here, as the bot does it; missing: what has no copy')
        .choices(['status', 'run', 'missing'])
        .default('status'),
    );
  return framed(cli, command, async (invocation, [what]) => {
    const db = await invocation.session.live();
    try {
      if (what === 'missing') return await tellMissing(invocation, db);
      return what === 'run' ? await run(invocation, db) : await tellStatus(invocation, db);
    } catch (error) {
      if (!/no such table/.test(describeError(error))) throw error;
      throw new Error(
        'the database knows nothing of an archive yet: start the bot once, which brings it up to date',
      );
    }
  });
}

async function tellStatus({ terminal, now }: Invocation, db: Database): Promise<ExitCode> {
  const [identity, progress, channel, numbers] = await db.read([
    botIdentity(),
    moveProgress(now()),
    archiveChannel(),
    archiveNumbers(now()),
  ]);
  const { say, answer } = terminal;
  answer({
    ok: true,
    bot: identity === undefined ? null : { id: identity.id, username: identity.username },
    archive: channel === undefined ? null : { name: channel.name, problem: channel.problem },
    files: numbers.files,
    archived: numbers.archived,
    moving:
      progress === undefined
        ? null
        : {
            from: identity?.move?.from,
            linked: progress.linked,
            left: progress.left,
            missing: progress.missing,
          },
    missing: numbers.missing,
  });
  say(
    identity === undefined
      ? 'the database has met no bot yet: it belongs to the one that starts next'
      : `the database belongs to @${identity.username} (${identity.id})`,
  );
  say(
    channel === undefined
      ? 'no archive channel: choose one in the bot, /archive'
      : `archive: ${channel.name}, ${formatCount(numbers.archived)} of ${formatCount(numbers.files)} files${channel.problem === null ? '' : `; the bot cannot work there: ${channel.problem}`}`,
  );
  if (progress !== undefined)
    say(
      `moving from @${identity?.move?.from}: ${formatCount(progress.linked)} linked, ${formatCount(progress.left)} left, about ${minutesToLink(progress.left, progress.lately)} min`,
    );
  if (numbers.missing > 0)
    say(
      `${formatCount(numbers.missing)} files have no copy: \`npm run backup -- relink missing\` lists them`,
    );
  return 0;
}

/** Rows at once. */
const PAGE = 500;

async function tellMissing({ terminal, now }: Invocation, db: Database): Promise<ExitCode> {
  const missing: MissingFile[] = [];
  for (;;) {
    const [page] = await db.read([missingFiles(missing.length, PAGE)]);
    missing.push(...page);
    if (page.length < PAGE) break;
  }
  const named = missing.map(({ code, title, description, part }) => ({
    code,
    title: titleFrom(title, description) ?? null,
    part,
  }));
  // Those of the bot of today play without one; on the day it is gone they would be lost.
  const [channel, { files, archived }] = await db.read([archiveChannel(), archiveNumbers(now())]);
  terminal.answer({ ok: true, missing: named, not_in_archive: files - archived });
  if (files > archived)
    terminal.say(
      channel === undefined
        ? `no archive channel: none of ${formatCount(files)} files has a copy for the day on which this bot is gone; choose one in the bot, /archive`
        : `${formatCount(files - archived)} of ${formatCount(files)} files are not in the archive channel yet: the bot copies those it can, /archive shows them`,
    );
  else if (named.length === 0) terminal.say('no file is without a copy');
  for (const { code, title, part } of named)
    terminal.say(`${code} ${title ?? ''}: ${part === null ? 'picture' : `part ${part}`}`);
  if (named.length > 0)
    terminal.say('whoever has such a video forwards it to the bot, as an admin: it is in its place at once');
  return 0;
}

/** A minute is the unit of Telegram's limit, and of the bot's tick. */
const SLICE_MS = 60_000;

async function run(invocation: Invocation, db: Database): Promise<ExitCode> {
  const { terminal, session, now, stoppable } = invocation;
  const { botToken, telegramApiRoot: apiRoot, adminIds, defaultLocale } = session.config;
  if (botToken === undefined)
    throw new Error('BOT_TOKEN: missing; it says which bot the files are to belong to');
  const api = createApi({ token: botToken, apiRoot });
  const me = await askBotInfo(api);
  const old = await meetBot(db, me, now());
  if (old !== undefined) terminal.say(`the database was @${old.username}’s: it moves to @${me.username}`);
  const holder = randomUUID();
  const linked = await stoppable(async (signal) => {
    for (;;) {
      const until = now().getTime() + SLICE_MS;
      const [progress] = await db.read([moveProgress(now())]);
      if (progress === undefined) return true;
      const { linked, left } = progress;
      terminal.say(
        `${formatCount(linked)} of ${formatCount(linked + left)} files linked, about ${minutesToLink(left, progress.lately)} min left`,
      );
      const [claim] = await db.write([claimJob(relinkJob.name, holder, now(), 2)]);
      const sleep = (ms: number): Promise<void> =>
        abortable(new Promise((done) => setTimeout(done, ms)), signal);
      if (hasChanged(claim))
        try {
          await relink({
            ...{ db, api, me, adminIds, defaultLocale, now, sleep },
            log: createLog('warn', (line) => terminal.note(line)),
            deadline: new Date(until),
            requests: new RequestBudget(1_000, signal),
          });
        } finally {
          await db.write([releaseJob(relinkJob.name, holder)]);
        }
      const [after] = await db.read([moveProgress(now())]);
      if (after === undefined) return true;
      await sleep(Math.max(0, until - now().getTime()));
    }
  });
  return linked ? await tellStatus(invocation, db) : 1;
}
