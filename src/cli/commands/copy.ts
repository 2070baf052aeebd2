import { Command } from 'commander';
import type { Bucket } from '../../backup/catalog/bucket.ts';
import { newestVerified, readGroups } from '../../backup/catalog/list.ts';
import { keepVerdict } from '../../backup/catalog/verdicts.ts';
import { type CopyContext, catchUp } from '../../backup/copy/catch-up.ts';
import type { StoredFiles } from '../../backup/copy/copy-changes.ts';
import { type CopyMemory, NO_MEMORY } from '../../backup/copy/memory.ts';
import { countCopied, staysText } from '../../backup/copy/places.ts';
import { NO_LIMIT } from '../../backup/copy/proven.ts';
import { verifyByHash } from '../../backup/verify/prove-objects.ts';
import { storedFiles } from '../../db/stored-files.ts';
import { systemClock } from '../../lib/clock.ts';
import { append } from '../../lib/extremes.ts';
import { type Cli, type ExitCode, framed, type Invocation, UsageError } from '../command.ts';
import { sameDisk } from '../same-disk.ts';
import type { Session } from '../session.ts';
import { absence } from '../target.ts';

export function copyCommand(cli: Cli): Command {
  const command = new Command('copy').description(
    'bring the second copy up to date now; the bot does it by itself',
  );
  return framed(cli, command, copy);
}

async function copy({ terminal, session, stoppable }: Invocation): Promise<ExitCode> {
  const { first, config } = session;
  const absent = absence(first);
  if (absent !== undefined)
    throw new Error(`there is nothing to copy: ${first.store.description}, ${absent}`);
  const copied: string[] = [];
  const replaced: string[] = [];
  const { yellow, green, red } = terminal.colors;
  const apart = sameDisk(config);
  if (apart !== undefined) terminal.say(yellow(`${apart}: mount its disk, or set COPY_DIR to another one`));
  const copyAll = (): Promise<CopyMemory | undefined> =>
    stoppable((signal) =>
      copyNow(session, signal, {
        onCopied(name, files) {
          copied.push(name);
          append(replaced, files);
          const why = files.length === 0 ? '' : ` (damaged there, and replaced: ${files.join(', ')})`;
          terminal.say(`${name} copied and read back${why}`);
        },
        onMended(file, where) {
          replaced.push(file);
          const other = where === first ? 'the second copy' : 'the first bucket';
          terminal.say(
            yellow(`${file} was damaged in ${where.store.description}, and replaced from ${other}`),
          );
        },
      }),
    );
  let memory = await copyAll();
  if (memory === undefined) throw new UsageError('there is no second copy; COPY_S3_* or COPY_DIR name one');
  // What was there already has the right length; the one that matters most is read as well.
  const newest = copied.length > 0 ? undefined : await readNewest(session);
  if (newest?.isDamaged === true) memory = (await copyAll()) ?? memory;
  const { problem, left } = memory;
  const ok = problem === null && left === 0;
  terminal.answer({ ok, copied, left, problem, ...(replaced.length > 0 && { replaced }) });
  if (!ok) terminal.say(red(`The second copy is not whole: ${problem ?? `it lacks ${left}`}`));
  else if ((await newestVerified(first)) === undefined)
    terminal.say(yellow('There is no verified backup in the first bucket, so there was nothing to copy.'));
  else {
    const read = newest === undefined ? '' : `; the newest, ${newest.name}, was read back`;
    const { copied: there, total, plain } = await countsOf(session);
    terminal.say(
      plain.length === 0
        ? green(`The second copy has every backup of the first bucket in full length${read}.`)
        : yellow(
            `The second copy has ${there} of ${total} backups of the first bucket in full length${read}${staysText(plain)}.`,
          ),
    );
    terminal.say('To read them all: npm run backup -- verify --all --from copy');
  }
  return ok ? 0 : 1;
}

async function countsOf({ first, copy: open }: Session): Promise<ReturnType<typeof countCopied>> {
  const copy = (await open()) ?? first;
  const groupsOf = async (bucket: Bucket) => ({ bucket, groups: await readGroups(bucket) });
  return countCopied({ first: await groupsOf(first), copy: await groupsOf(copy) });
}

/** Records what is wrong with it, as `verify` does. */
async function readNewest(
  session: Session,
): Promise<{ readonly name: string; readonly isDamaged: boolean } | undefined> {
  const copy = await session.copy();
  const entry = copy && (await newestVerified(copy));
  if (copy === undefined || entry?.manifest === undefined) return undefined;
  const { proofs } = await verifyByHash(copy, entry.manifest, { keys: undefined });
  await keepVerdict(copy, entry.manifest, 'check', proofs);
  return { name: entry.name, isDamaged: proofs.length > 0 };
}

/**
 * All that the second copy lacks, and no deletion there: the bot alone knows for how long something
 * is gone. Undefined: there is no second copy.
 */
export async function copyNow(
  session: Session,
  signal: AbortSignal,
  told: Pick<CopyContext, 'onCopied' | 'onMended'> = {},
): Promise<CopyMemory | undefined> {
  const second = await session.copy();
  if (second === undefined) return undefined;
  const { retentionDays: days } = session.config.backup;
  const stored = await storedOf(session);
  return catchUp(
    {
      first: session.first,
      copy: second,
      clock: systemClock,
      policy: { days },
      shipped: 'all',
      ...(stored && { stored }),
      keys: session.keys,
      ...told,
    },
    NO_MEMORY,
    { ...NO_LIMIT, check: () => signal.throwIfAborted() },
  );
}

/** Undefined where there is no database to ask, or none of this version: on another machine. */
async function storedOf({ live }: Session): Promise<StoredFiles | undefined> {
  try {
    const db = await live();
    await db.read([storedFiles('', '')]);
    return async (from, to) => (await db.read([storedFiles(from, to)]))[0];
  } catch {
    return undefined;
  }
}
