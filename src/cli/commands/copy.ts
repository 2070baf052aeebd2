import { Command } from 'commander';
import type { Bucket } from '../../backup/catalog/bucket.ts';
import { newestVerified, readGroups } from '../../backup/catalog/list.ts';
import type { BackupName } from '../../backup/catalog/names.ts';
import { keepVerdict } from '../../backup/catalog/verdicts.ts';
import { catchUp } from '../../backup/copy/catch-up.ts';
import type { CopyContext } from '../../backup/copy/context.ts';
import { type LookedBack, lookBackAtChanges } from '../../backup/copy/look-back.ts';
import { type CopyMemory, copiedByHand, NO_MEMORY, readMemory } from '../../backup/copy/memory.ts';
import { countCopied, isCopied, type Listings, staysHere, staysText } from '../../backup/copy/places.ts';
import { NO_LIMIT } from '../../backup/copy/proven.ts';
import { type Remembered, rememberedIn } from '../../backup/copy/remembered.ts';
import { verifyByHash } from '../../backup/verify/prove-objects.ts';
import { copyNote, keepCopyNote } from '../../db/bucket-notes.ts';
import { newestRun } from '../../db/runs.ts';
import { systemClock } from '../../lib/clock.ts';
import { append } from '../../lib/extremes.ts';
import { countOf } from '../../text/format.ts';
import { type Cli, type ExitCode, framed, type Invocation, UsageError } from '../command.ts';
import { createProgressBar } from '../progress-bar.ts';
import { sameDisk } from '../same-disk.ts';
import type { Session } from '../session.ts';
import { absence } from '../target.ts';

export function copyCommand(cli: Cli): Command {
  const command = new Command('copy').description(
    'bring the second copy up to date now; the bot does it by itself',
  );
  return framed(cli, command, copy);
}

async function copy(invocation: Invocation): Promise<ExitCode> {
  const { terminal, session, stoppable } = invocation;
  const { first, config } = session;
  const absent = absence(first);
  if (absent !== undefined) {
    // One that the bot knows says itself what it lacks.
    await readGroups(first);
    throw new Error(`there is nothing to copy: ${first.store.description}, ${absent}`);
  }
  const copied: string[] = [];
  const replaced: string[] = [];
  const { yellow, green, red } = terminal.colors;
  const apart = sameDisk(config);
  if (apart !== undefined) terminal.say(yellow(`${apart}: mount its disk, or set COPY_DIR to another one`));
  const onMended = (file: string, where: Bucket): void => {
    replaced.push(file);
    const other = where === first ? 'the second copy' : 'the first bucket';
    const what = `damaged or gone in ${where.store.description}, and was put back from ${other}`;
    terminal.say(yellow(`${file} was ${what}`));
  };
  const copyAll = (): Promise<CopyMemory | undefined> =>
    stoppable((signal) =>
      copyNow(session, signal, {
        onCopied(name, files) {
          copied.push(name);
          append(replaced, files);
          const why = files.length === 0 ? '' : ` (damaged there, and replaced: ${files.join(', ')})`;
          terminal.say(`${name} copied and read back${why}`);
        },
        onMended,
      }),
    );
  let memory = await copyAll();
  if (memory === undefined) throw new UsageError('there is no second copy; COPY_S3_* or COPY_DIR name one');
  // What was there already has the right length; the one that matters most is read as well.
  const newest = copied.length > 0 ? undefined : await readNewest(session);
  if (newest?.isDamaged === true) memory = (await copyAll()) ?? memory;
  const { left } = memory;
  let changeFiles = 0;
  const onFile = (): void => {
    changeFiles += 1;
  };
  // A bucket that does not answer was told above.
  const unasked = memory.failures > 0;
  const problems = unasked
    ? []
    : (await stoppable((signal) => readChanges(invocation, signal, { onMended, onFile }))).problems;
  const told = [memory.problem, ...problems].filter((text) => text !== null);
  const problem = told.length === 0 ? null : [...new Set(told)].slice(0, MOST_PROBLEMS).join('; ');
  const ok = problem === null && left === 0;
  terminal.answer({ ok, copied, left, problem, ...(replaced.length > 0 && { replaced }) });
  const isRest = left === 0 && !unasked && newest?.isDamaged !== true;
  if (!ok)
    terminal.say(
      red(
        `The second copy ${isRest ? 'has every whole backup; but' : 'is not whole:'} ${problem ?? `it lacks ${left}`}`,
      ),
    );
  else {
    const read = newest === undefined ? '' : `; the newest, ${newest.name}, was read back`;
    const { copied: there, total, plain, bad } = countCopied(await listingsOf(session));
    terminal.say(
      total === bad.length
        ? yellow('There is no whole backup in the first bucket, so there was nothing to copy.')
        : there === total
          ? green(`The second copy has every backup of the first bucket, none cut short${read}.`)
          : yellow(
              `The second copy has ${there} of ${total} backups of the first bucket, none cut short${read}${staysText(plain, bad)}.`,
            ),
    );
    if (changeFiles > 0) terminal.say(`${countOf(changeFiles, 'change file')} read in both buckets.`);
    terminal.say('To read all backups: npm run backup -- verify --all --from copy');
  }
  return ok ? 0 : 1;
}

async function listingsOf({ first, copy: open }: Session): Promise<Listings> {
  const copy = (await open()) ?? first;
  const groupsOf = async (bucket: Bucket) => ({ bucket, groups: await readGroups(bucket) });
  return { first: await groupsOf(first), copy: await groupsOf(copy) };
}

function placeOf(listings: Listings, name: BackupName): CopiedNow['place'] {
  const group = listings.first.groups.find((one) => one.name === name);
  if (group === undefined) return 'first only';
  if (isCopied(listings, group)) return 'both';
  return staysHere(listings, group) ? 'stays' : 'first only';
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
  const stored = (await rememberedBy(session))?.stored;
  const memory = await catchUp(
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
  if (memory.problem === null && memory.left === 0) await remember(session, memory);
  return memory;
}

/** The bot answers for the copy by what is remembered, till its own next look. */
async function remember({ live }: Session, memory: CopyMemory): Promise<void> {
  try {
    const db = await live();
    const [note, run = null] = await db.read([copyNote(), newestRun()]);
    await db.write([keepCopyNote(JSON.stringify(copiedByHand(readMemory(note), memory, run)))]);
  } catch {
    // There is no bot here, or it finds it by itself within the minute.
  }
}

export interface CopiedNow extends Pick<CopyMemory, 'left' | 'problem'> {
  /** Where the backup is; `stays`: it is not encrypted while others are, so nobody copies it. */
  readonly place: 'both' | 'stays' | 'first only';
}

/** {@link copyNow} behind a backup, and what became of that one: a copy may be good without it. */
export async function copiedNow(
  session: Session,
  name: BackupName,
  signal: AbortSignal,
): Promise<CopiedNow | undefined> {
  const copied = new Set<string>();
  const memory = await copyNow(session, signal, { onCopied: (one) => void copied.add(one) });
  if (memory === undefined) return undefined;
  const { left, problem } = memory;
  if (copied.has(name)) return { left, problem, place: 'both' };
  // The bot may have been first.
  const place = await listingsOf(session).then(
    (listings) => placeOf(listings, name),
    () => 'first only' as const,
  );
  return { left, problem, place };
}

/** Every change file of both is read; what one has lost and the other has proved is put back. */
async function readChanges(
  { session, terminal, now }: Invocation,
  signal: AbortSignal,
  { onMended, onFile }: { onMended(file: string, where: Bucket): void; onFile(): void },
): Promise<LookedBack> {
  const bar = createProgressBar(terminal);
  let read = 0;
  const remembered = await rememberedBy(session);
  return lookBackAtChanges(
    {
      first: session.first,
      copy: await session.copy(),
      now: now(),
      shipped: 'all',
      ...remembered,
      keys: session.keys,
      days: session.config.changes.retentionDays,
      isRead: true,
      slice: { ...NO_LIMIT, check: () => signal.throwIfAborted() },
      onMended,
      onFile({ bytes }) {
        signal.throwIfAborted();
        onFile();
        read += bytes;
        bar({ label: 'changes', bytes: read, total: undefined });
      },
    },
    '',
  );
}

const MOST_PROBLEMS = 3;

/** Undefined where there is no database to ask, or none of this version: on another machine. */
async function rememberedBy({ live }: Session): Promise<Remembered | undefined> {
  try {
    return await rememberedIn(await live());
  } catch {
    return undefined;
  }
}
