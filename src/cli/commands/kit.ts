import { Command } from 'commander';
import type { Bucket } from '../../backup/catalog/bucket.ts';
import type { BackupEntry } from '../../backup/catalog/entry.ts';
import { newestFit } from '../../backup/catalog/list.ts';
import { type Manifest, type ManifestObject, serializeManifest } from '../../backup/catalog/manifest.ts';
import { manifestKey } from '../../backup/catalog/names.ts';
import { isLatest, latestBackup } from '../../backup/catalog/newest.ts';
import { createFileWriter } from '../../backup/store/file-writer.ts';
import { openObject } from '../../backup/verify/open-object.ts';
import { explain } from '../../lib/clock.ts';
import { SETTING_NAMES } from '../../settings/setting-names.ts';
import { formatBytes } from '../../text/format.ts';
import { showMoment } from '../../text/moment.ts';
import { type Cli, type ExitCode, type Invocation, reading, UsageError } from '../command.ts';
import { storedBehind } from '../further.ts';
import { KIT, readMe } from '../kit/read-me.ts';
import { type TarFile, writeTar } from '../kit/tar-file.ts';
import { requireOutputPlace } from '../output-place.ts';
import { createProgressBar } from '../progress-bar.ts';
import type { Session } from '../session.ts';

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
  readonly manifest: Manifest;
}

async function make(cli: Cli, invocation: Invocation, output: string): Promise<ExitCode> {
  const { terminal, session } = invocation;
  if (!output.endsWith('.tar')) throw new UsageError(`-o: a kit is a .tar file: name it like kit.tar`);
  requireOutputPlace(session, '-o', output);
  const notes: string[] = [];
  const settings = SETTING_NAMES.filter((name) => (cli.env[name] ?? '') !== '');
  for (const candidate of await candidates(session, notes)) {
    const { bucket, entry } = candidate;
    try {
      const asOf = showMoment(new Date(candidate.manifest.started_at), session.config.timeZone);
      const bytes = await write(invocation, candidate, { output, settings, asOf });
      const { name } = entry;
      notes.push(...(await notInIt(invocation, candidate)));
      terminal.answer({
        ok: true,
        name,
        as_of: candidate.manifest.started_at,
        file: output,
        bytes,
        bucket: bucket.store.description,
        notes,
      });
      for (const note of notes) terminal.say(terminal.colors.yellow(note));
      terminal.say(
        terminal.colors.green(
          `${output}: backup ${name} of ${bucket.store.description}, ${formatBytes(bytes)}, every byte as in its manifest`,
        ),
      );
      terminal.say(`Its data is as of ${asOf}.`);
      terminal.say('Its README.txt says how to start from it. Keep key and settings elsewhere.');
      return 0;
    } catch (error) {
      if (!(error instanceof NotWhole)) throw error;
      notes.push(error.message);
    }
  }
  throw new Error(['no verified backup was found that is whole', ...notes].join('\n'));
}

/** What is newer than the backup of a kit: a kit has no change files. */
async function notInIt(invocation: Invocation, { bucket, entry }: Candidate): Promise<string[]> {
  const again = 'for a kit with it: npm run backup -- full, then this command again';
  const further = await storedBehind(invocation, bucket, entry);
  if (further !== undefined)
    return [
      `changes are stored up to ${showMoment(further.to, invocation.session.config.timeZone)} and are not in it; ${again}`,
    ];
  const { newer } = await latestBackup(bucket);
  const restored = newer.find(({ manifest }) => manifest?.trigger === 'restore');
  return restored === undefined
    ? []
    : [`a restore was made after it (${restored.name} is what was there before); ${again}`];
}

/** Newest first; of one in both buckets, the first bucket's first. */
async function candidates(session: Session, notes: string[]): Promise<Candidate[]> {
  const second = session.from === undefined ? await session.copy() : undefined;
  const found: Candidate[] = [];
  for (const bucket of [session.bucket, ...(second === undefined ? [] : [second])])
    try {
      const { entry } = await newestFit(bucket, (one) => one.state === 'verified' && isLatest(one));
      if (entry?.manifest !== undefined) found.push({ bucket, entry, manifest: entry.manifest });
    } catch (error) {
      // With one bucket alone the command has nothing else to say.
      if (second === undefined) throw error;
      notes.push(explain(error));
    }
  return found.toSorted((a, b) => b.entry.time.getTime() - a.entry.time.getTime());
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
  const bar = createProgressBar(terminal, () => performance.now());
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
