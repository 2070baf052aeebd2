import { Command } from 'commander';
import type { Bucket } from '../../backup/catalog/bucket.ts';
import { type BackupEntry, isUnsealed } from '../../backup/catalog/entry.ts';
import { listBackups } from '../../backup/catalog/list.ts';
import { type Manifest, type ManifestObject, serializeManifest } from '../../backup/catalog/manifest.ts';
import { manifestKey } from '../../backup/catalog/names.ts';
import { isLatest, latestBackup, passedOver } from '../../backup/catalog/newest.ts';
import { unopenedNewest } from '../../backup/catalog/unfit-keys.ts';
import { type ManifestBot, ofOtherBots } from '../../backup/catalog/whose-bot.ts';
import { storedBehind } from '../../backup/restore/stored-behind.ts';
import { createFileWriter } from '../../backup/store/file-writer.ts';
import { openObject } from '../../backup/verify/open-object.ts';
import { explain } from '../../lib/clock.ts';
import { append } from '../../lib/extremes.ts';
import { SETTING_NAMES } from '../../settings/setting-names.ts';
import { formatBytes, formatCount } from '../../text/format.ts';
import { showMoment } from '../../text/moment.ts';
import { type Cli, type ExitCode, type Invocation, NOT_SAFE, reading, UsageError } from '../command.ts';
import { KIT, readMe } from '../kit/read-me.ts';
import { type TarFile, writeTar } from '../kit/tar-file.ts';
import { ofAnotherBot } from '../of-another-bot.ts';
import { requireOutputPlace } from '../output-place.ts';
import { createProgressBar } from '../progress-bar.ts';
import type { Session } from '../session.ts';
import { noBackupAdvice, takenLine } from '../target.ts';
import { unsafeLine } from './list-verdict.ts';

interface Options {
  readonly output: string;
}

export function kitCommand(cli: Cli): Command {
  const command = new Command('kit')
    .description('the newest verified backup and how to start from it, in one file for a USB stick')
    .requiredOption('-o, --output <file>', 'a .tar file; an existing one is replaced only with --yes');
  return reading<Options>(cli, command, (invocation, _, { output }) => make(cli, invocation, output));
}

interface Candidate {
  readonly bucket: Bucket;
  readonly entry: BackupEntry;
  /** Whose it is, where none in its bucket is of the bot whose token is set. */
  readonly taken: ManifestBot | undefined;
  readonly manifest: Manifest;
}

async function make(cli: Cli, invocation: Invocation, output: string): Promise<ExitCode> {
  const { terminal, session } = invocation;
  if (!output.endsWith('.tar')) throw new UsageError(`-o: a kit is a .tar file: name it like kit.tar`);
  requireOutputPlace(session, '-o', output);
  const notes: string[] = [];
  const refused = new Set<string>();
  const settings = SETTING_NAMES.filter((name) => (cli.env[name] ?? '') !== '');
  const { found, all, unread } = await candidates(session, notes);
  for (const candidate of found) {
    const { bucket, entry } = candidate;
    try {
      const began = new Date(candidate.manifest.started_at);
      // The file is read far from here.
      const asOf = showMoment(began, session.config.timeZone);
      const bytes = await write(invocation, candidate, { output, settings, asOf });
      const { name } = entry;
      const others = await ofAnotherBot(session, candidate, bucket, invocation.now());
      if (candidate.taken !== undefined) notes.push(takenLine(name, candidate.taken, bucket));
      notes.push(...newerOnes(candidate, all, refused), ...(await notInIt(invocation, candidate)));
      const unopened = await unopenedNewest(bucket, entry, session.keys);
      const trouble = unopened === undefined ? others : doesNotOpen(unopened.problem);
      terminal.answer({
        ok: trouble === undefined,
        ...(trouble !== undefined && { error: trouble }),
        name,
        as_of: candidate.manifest.started_at,
        file: output,
        bytes,
        bucket: bucket.store.description,
        notes,
      });
      terminal.warn(...notes);
      terminal.say(
        terminal.colors.green(
          `${output}: backup ${name} of ${bucket.store.description}, ${formatBytes(bytes)}, every byte as in its manifest`,
        ),
      );
      terminal.say(`Its data is as of ${began.toISOString()}.`);
      const counts = countsOf(candidate.manifest);
      if (counts !== undefined) terminal.say(counts);
      if (unopened !== undefined) {
        terminal.fail(doesNotOpen(unopened.problem));
        return 1;
      }
      if (entry.encrypted && session.keys === undefined)
        terminal.warn('It is encrypted, and no key is set here: nobody tried to open it.');
      terminal.say('Its README.txt says how to start from it. Keep key and settings elsewhere.');
      if (others === undefined) return 0;
      terminal.note(unsafeLine(terminal.colors, others));
      return NOT_SAFE;
    } catch (error) {
      if (!(error instanceof NotWhole)) throw error;
      refused.add(candidate.entry.name);
      notes.push(error.message);
    }
  }
  const where = session.bucket.store.description;
  // A bucket that could not be read may have some.
  if (all.length === 0 && unread !== undefined) throw new Error(notes.join('\n'), { cause: unread });
  if (all.length === 0)
    throw new Error(
      [`there is no backup in ${where}${await noBackupAdvice(session.bucket)}`, ...notes].join('\n'),
    );
  throw new Error(
    [
      `no verified backup was found that is whole in ${where}: make one with \`npm run backup -- full\``,
      ...notes,
    ].join('\n'),
  );
}

function doesNotOpen(problem: string): string {
  return `it does not open with what is set: ${problem}. Set the key or passphrase that it was made with, or make a new backup (npm run backup -- full), then this command again`;
}

function countsOf({ tables }: Manifest): string | undefined {
  const rows = new Map(tables.map((table) => [table.name, table.rows]));
  const [anime, parts] = [rows.get('anime'), rows.get('anime_parts')];
  return anime === undefined || parts === undefined
    ? undefined
    : `It has ${formatCount(anime)} anime and ${formatCount(parts)} parts.`;
}

/** A sentence for each newer one that is not in the kit; `refused`: those that are told already. */
function newerOnes(
  { bucket, entry: taken }: Candidate,
  all: readonly BackupEntry[],
  refused: ReadonlySet<string>,
): string[] {
  const newer = all.filter(
    ({ name, time, manifest }, i) =>
      time > taken.time &&
      name !== taken.name &&
      !refused.has(name) &&
      manifest?.trigger !== 'restore' &&
      all.findIndex((other) => other.name === name) === i,
  );
  const strangers = [...ofOtherBots(bucket.bot, all)];
  return passedOver(bucket, { entry: taken, newer, strangers });
}

/** What is newer than the backup of a kit: a kit has no change files. */
async function notInIt(invocation: Invocation, { bucket, entry }: Candidate): Promise<string[]> {
  const again = 'for a kit with it: npm run backup -- full, then this command again';
  const { session, now } = invocation;
  const look = { now: now(), keys: session.keys, living: undefined };
  const further = await storedBehind(bucket, entry, look).catch(() => undefined);
  if (further !== undefined)
    return [`changes are stored up to ${further.to.toISOString()} and are not in it; ${again}`];
  const { newer } = await latestBackup(bucket);
  const restored = newer.find(({ manifest }) => manifest?.trigger === 'restore');
  return restored === undefined
    ? []
    : [`a restore was made after it (${restored.name} is what was there before); ${again}`];
}

/** Newest first; of one in both buckets, the first bucket's first. */
async function candidates(
  session: Session,
  notes: string[],
): Promise<{
  readonly found: readonly Candidate[];
  readonly all: readonly BackupEntry[];
  /** Why a bucket could not be read. */
  readonly unread: unknown;
}> {
  const second = session.from === undefined ? await session.copy() : undefined;
  const found: Candidate[] = [];
  const all: BackupEntry[] = [];
  let unread: unknown;
  for (const bucket of [session.bucket, ...(second === undefined ? [] : [second])])
    try {
      const latest = await latestBackup(bucket);
      const { entry: newest, taken } = latest;
      const { entries } = await listBackups(bucket);
      append(all, entries);
      if (newest === undefined) {
        notes.push(...passedOver(bucket, latest));
        continue;
      }
      const strangers = ofOtherBots(bucket.bot, entries);
      for (const entry of entries.filter((one) => one.time <= newest.time && !strangers.has(one)))
        if (
          entry.manifest !== undefined &&
          entry.state === 'verified' &&
          isLatest(entry) &&
          !isUnsealed(bucket, entry)
        )
          found.push({ bucket, entry, taken, manifest: entry.manifest });
    } catch (error) {
      // With one bucket alone the command has nothing else to say.
      if (second === undefined) throw error;
      unread = error;
      notes.push(explain(error));
    }
  const byTime = <One extends { readonly time: Date }>(a: One, b: One): number =>
    b.time.getTime() - a.time.getTime();
  return { found: found.toSorted((a, b) => byTime(a.entry, b.entry)), all: all.toSorted(byTime), unread };
}

class NotWhole extends Error {}

/** The file appears only when all of it is right. Returns its bytes. */
async function write(
  { terminal, stoppable, now, yes }: Invocation,
  { bucket, manifest }: Candidate,
  {
    output,
    settings,
    asOf,
  }: { readonly output: string; readonly settings: readonly string[]; readonly asOf: string },
): Promise<number> {
  const { database, document } = manifest.objects;
  const bar = createProgressBar(terminal);
  const total = database.bytes + document.bytes;
  let read = 0;
  let bytes = 0;
  const writer = await createFileWriter(output, { headLength: 0, replace: yes });
  try {
    await stoppable((signal) => {
      const stored = (object: ManifestObject): TarFile => ({
        name: `${KIT}/${object.file}`,
        bytes: object.bytes,
        async send(write) {
          const { problems } = await openObject(bucket, object, {
            keys: undefined,
            isPacked: true,
            async onStored(chunk) {
              signal.throwIfAborted();
              await write(chunk);
              read += chunk.byteLength;
              bar({ label: 'packing', bytes: read, total });
            },
          });
          if (problems.length > 0)
            throw new NotWhole(`${manifest.name} of ${bucket.store.description}: ${problems.join('; ')}`);
        },
      });
      const files = [
        whole('README.txt', Buffer.from(readMe(manifest, asOf))),
        whole('settings.txt', Buffer.from(settings.map((name) => `${name}\n`).join(''))),
        stored(database),
        stored(document),
        whole(manifestKey('', manifest.name), serializeManifest(manifest)),
      ];
      const counted = {
        write: (chunk: Uint8Array): Promise<void> => {
          bytes += chunk.byteLength;
          return writer.write(chunk);
        },
      };
      return writeTar(counted, files, now());
    });
    await writer.close(new Uint8Array(0));
    return bytes;
  } catch (error) {
    await writer.abort(error);
    throw error;
  }
}

function whole(name: string, contents: Uint8Array): TarFile {
  return { name: `${KIT}/${name}`, bytes: contents.byteLength, send: (write) => write(contents) };
}
