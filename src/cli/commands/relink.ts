/** The move to another bot, at the terminal: how far it is, doing it here, what has no copy. */
import { Argument, Command } from 'commander';
import { askBotInfo, createApi } from '../../bot/telegram.ts';
import { archiveChannel, archiveNumbers } from '../../db/archive.ts';
import { botIdentity, meetBot } from '../../db/bot-identity.ts';
import type { Database } from '../../db/database.ts';
import { holderText, isSurelyDead } from '../../db/file/lock-text.ts';
import { missingCount } from '../../db/missing-files.ts';
import { moveProgress } from '../../db/relinking.ts';
import { type RelinkStop, relinkToTheEnd } from '../../jobs/relink-run.ts';
import { systemClock } from '../../lib/clock.ts';
import { createLog, describeError } from '../../lib/log.ts';
import { RELINK_MINUTE } from '../../lib/retry.ts';
import { isTokenRefused, TOKEN_REFUSED } from '../../lib/token-refused.ts';
import { ConfigError } from '../../settings/config.ts';
import { countOf, formatCount } from '../../text/format.ts';
import { toTheSecond } from '../../text/moment.ts';
import { type Cli, type ExitCode, framed, type Invocation } from '../command.ts';
import { aboutMinutes, NO_CHANNEL, RIGHTS, tellMissing } from './relink-missing.ts';

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
  const [identity, progress, channel, numbers, { missing }] = await db.read([
    botIdentity(),
    moveProgress(now()),
    archiveChannel(),
    archiveNumbers(now()),
    missingCount(),
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
            minutes: progress.minutes,
          },
    missing,
  });
  say(
    identity === undefined
      ? 'the database has met no bot yet: it belongs to the one that starts next'
      : `the database belongs to @${identity.username} (${identity.id})`,
  );
  say(
    channel === undefined
      ? NO_CHANNEL
      : `archive: ${channel.name}, ${formatCount(numbers.archived)} of ${countOf(numbers.files, 'file')}${channel.problem === null ? '' : `; the bot cannot work there: ${channel.problem}; ${RIGHTS}`}`,
  );
  if (progress !== undefined)
    say(
      `moving from @${identity?.move?.from}: ${formatCount(progress.linked)} linked, ${progress.left === 0 ? 'nothing left to link; the bot ends the move within a minute' : `${formatCount(progress.left)} left${aboutMinutes(progress.minutes)}`}`,
    );
  if (missing > 0)
    say(`${countOf(missing, 'file')} without a copy: \`npm run backup -- relink missing\` lists them`);
  return 0;
}

async function run(invocation: Invocation, db: Database): Promise<ExitCode> {
  const { terminal, session, now, stoppable } = invocation;
  const { botToken, telegramApiRoot: apiRoot, ownerIds, defaultLocale, timeZone } = session.config;
  if (botToken === undefined)
    throw new ConfigError(['BOT_TOKEN: missing; it says which bot the files are to belong to']);
  const api = createApi({ token: botToken, apiRoot });
  const me = await askBotInfo(api).catch((error: unknown) => {
    throw isTokenRefused(error) ? new Error(BANNED) : error;
  });
  const old = await meetBot(db, me, now());
  if (old !== undefined) terminal.say(`the database was @${old.username}’s: it moves to @${me.username}`);
  const [before] = await db.read([archiveNumbers(now())]);
  if (before.missing > 0 && before.missing === before.files) throw new Error(NOTHING_TO_LINK);
  const stop = await stoppable((signal) =>
    relinkToTheEnd({
      ...{ db, api, me, ownerIds, defaultLocale, now, signal },
      sleep: (ms) => systemClock.sleep(ms, signal),
      // What it says of a file is in the database.
      log: createLog('silent', () => {}),
      holder: holderText('relink run', now()),
      isDead: isSurelyDead,
      onProgress: ({ linked, left, minutes }) =>
        terminal.say(
          `${formatCount(linked)} of ${countOf(linked + left, 'file')} linked${aboutMinutes(minutes)}${minutes === null ? '' : ' left'}`,
        ),
      onWait: ({ holder, until }) =>
        terminal.say(
          `waiting for ${nameOf(holder)}, until ${toTheSecond(new Date(`${until.replace(' ', 'T')}Z`), timeZone)} at the longest`,
        ),
      onLater: (reason) => terminal.say(`nothing was linked (${reason}): again in a minute`),
    }),
  );
  if (stop.kind !== 'linked') throw new Error(whyStopped(stop, me.username));
  return await tellStatus(invocation, db);
}

const BANNED = `${TOKEN_REFUSED}; the token of a banned bot is never taken again: make another bot there, and use its token`;
const NOTHING_TO_LINK =
  'no file has a copy in an archive channel, so there is nothing to link: `npm run backup -- relink missing` lists them; an admin who forwards a video to the bot puts it in its place';

/** A host says who it is; a Worker is a number. */
function nameOf(holder: string): string {
  const [line = ''] = holder.split('\n', 1);
  return /^[0-9a-f]{8}-/.test(line) ? 'the bot, which is at it' : line;
}

function whyStopped(stop: Exclude<RelinkStop, { readonly kind: 'linked' }>, username: string): string {
  switch (stop.kind) {
    case 'token':
      return BANNED;
    case 'later':
      return `nothing could be linked for ${RELINK_MINUTE.attempts} minutes: ${stop.reason}; ${AGAIN}`;
    case 'closed': {
      const name = stop.name === null ? 'an earlier archive channel' : `the archive channel ${stop.name}`;
      const remedy = /protected|RESTRICTED/.test(stop.reason)
        ? 'Allow saving content in the settings of that channel'
        : `Make @${username} an admin of that channel, with the rights to post and to delete messages`;
      return `the bot cannot work in ${name} (${stop.chatId}): ${stop.reason}. ${remedy}; ${AGAIN}`;
    }
  }
}

const AGAIN = 'then run this again: it goes on where it is';
