import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { damageOf } from '../../backup/catalog/entry.ts';
import { type Manifest, type ManifestObject, serializeManifest } from '../../backup/catalog/manifest.ts';
import { manifestKey } from '../../backup/catalog/names.ts';
import { NotOpened } from '../../backup/catalog/not-opened.ts';
import { keepVerdict } from '../../backup/catalog/verdicts.ts';
import { momentFileName } from '../../backup/restore/moments.ts';
import { createFileWriter } from '../../backup/store/file-writer.ts';
import { isSealedFor, openObject } from '../../backup/verify/open-object.ts';
import { makeDirectory } from '../../lib/disk/directories.ts';
import { formatBytes } from '../../text/format.ts';
import { type Cli, type ExitCode, type Invocation, reading, UsageError } from '../command.ts';
import { pointJson, pointLine, writeMoment } from '../moment.ts';
import { type MomentWish, requireMoment, withMoment } from '../moment-options.ts';
import { requireOutputPlace } from '../output-place.ts';
import { createProgressBar } from '../progress-bar.ts';
import { LATEST, resolveBackup } from '../target.ts';

/** Below `data`, which git ignores: a backup holds people's data. */
const DIRECTORY = 'data/downloads';

interface Options extends MomentWish {
  readonly output?: string;
  readonly plain?: boolean;
  readonly at?: string;
}

export function downloadCommand(cli: Cli): Command {
  const command = new Command('download')
    .description('one backup to disk, checked on the way')
    .argument('[name]', `a backup, or ${LATEST}`);
  withMoment(command, 'instead of a backup: the database of a moment')
    .option('-o, --output <directory>', 'where to; made when missing', DIRECTORY)
    .option('--plain', 'decrypted and unpacked: a .db and a .json');
  return reading<Options>(cli, command, download);
}

async function download(
  invocation: Invocation,
  [text]: readonly string[],
  options: Options,
): Promise<ExitCode> {
  const { terminal, session } = invocation;
  if (text === undefined && options.at !== undefined) return downloadMoment(invocation, options.at, options);
  if (text === undefined || options.at !== undefined)
    throw new UsageError("download takes one: argument 'name', a backup or latest; or --at and a time");
  requireMoment(options);
  const { entry, passedOver } = await resolveBackup(session.bucket, text);
  terminal.warn(...passedOver);
  const { manifest } = entry;
  if (manifest === undefined) throw new Error(`${entry.name} cannot be downloaded: ${entry.problem}`);
  const directory = options.output ?? DIRECTORY;
  const { database, document } = manifest.objects;
  const plain = options.plain === true;
  const names = [fileName(database, plain), fileName(document, plain), manifestKey('', entry.name)];
  for (const file of names) requireOutputPlace(session, '-o', join(directory, file));
  await makeDirectory(directory);
  const bar = progress(invocation, database.bytes + document.bytes);
  const files: string[] = [];
  for (const object of [database, document])
    files.push(
      await invocation.stoppable((signal) =>
        fetchObject(invocation, manifest, object, { directory, plain, bar, signal }),
      ),
    );
  if (!plain) {
    const path = join(directory, manifestKey('', entry.name));
    const writer = await createFileWriter(path, { headLength: 0, replace: invocation.yes });
    await writer.close(serializeManifest(manifest));
    files.push(path);
  }
  const damage = damageOf(manifest);
  const notes = [...passedOver, ...(damage === undefined ? [] : [damage])];
  terminal.answer({ ok: true, name: entry.name, files, notes });
  for (const file of files) terminal.say(file);
  const bytes = formatBytes(database.bytes + document.bytes);
  terminal.say(terminal.colors.green(`${entry.name}: ${bytes} downloaded, every byte as in the manifest`));
  if (damage !== undefined) terminal.warn(damage);
  return 0;
}

/** A `.db`, plain: nothing like it is stored. */
async function downloadMoment(
  invocation: Invocation,
  at: string,
  { output = DIRECTORY, ...wish }: Options,
): Promise<ExitCode> {
  const { terminal, session, yes } = invocation;
  const named = output === DIRECTORY ? undefined : output;
  return writeMoment(
    invocation,
    { ...wish, command: 'download', at, output: named },
    async (point, fetch): Promise<ExitCode> => {
      const path = join(output, momentFileName(point.time));
      requireOutputPlace(session, '-o', path);
      await makeDirectory(output);
      const source = await fetch();
      const writer = await createFileWriter(path, { headLength: 0, replace: yes });
      try {
        for await (const chunk of createReadStream(source.path)) await writer.write(chunk);
        await writer.close(new Uint8Array(0));
      } catch (error) {
        await writer.abort(error);
        throw error;
      }
      terminal.answer({ ok: true, files: [path], point: pointJson(point), notes: source.notes });
      terminal.say(path);
      terminal.say(terminal.colors.green(pointLine(invocation, point)));
      terminal.warn(...source.notes);
      return 0;
    },
  );
}

interface Fetch {
  readonly directory: string;
  readonly plain: boolean;
  readonly bar: (bytes: number) => void;
  readonly signal: AbortSignal;
}

/** The file appears only when all of it is right. */
async function fetchObject(
  { session, yes }: Invocation,
  manifest: Manifest,
  object: ManifestObject,
  { directory, plain, bar, signal }: Fetch,
): Promise<string> {
  const path = join(directory, fileName(object, plain));
  const writer = await createFileWriter(path, { headLength: 0, replace: yes });
  const { bucket, keys } = session;
  try {
    if (plain && isSealedFor(keys, object)) throw new NotOpened(object.file);
    const { problems, isDamage, unopened } = await openObject(bucket, object, {
      keys,
      isPacked: !plain,
      async onStored(chunk) {
        signal.throwIfAborted();
        if (!plain) await writer.write(chunk);
        bar(chunk.byteLength);
      },
      onPlain: writer.write,
    });
    if (unopened !== undefined) throw new NotOpened(object.file, unopened);
    if (problems.length > 0) {
      const file = object === manifest.objects.database ? 'database' : 'document';
      const proofs = isDamage ? problems.map((finding) => ({ file, finding }) as const) : [];
      const unkept = await keepVerdict(bucket, manifest, 'download', proofs);
      const said = [...problems, ...(unkept === undefined ? [] : [unkept])];
      throw new Error(`${manifest.name} ${isDamage ? 'is damaged' : 'cannot be read'}: ${said.join('; ')}`);
    }
    await writer.close(new Uint8Array(0));
    return path;
  } catch (error) {
    await writer.abort(error);
    throw error;
  }
}

function fileName({ file }: ManifestObject, plain: boolean): string {
  return plain ? file.replace(/\.gz(\.age)?$/, '') : file;
}

function progress({ terminal }: Invocation, total: number): (bytes: number) => void {
  const bar = createProgressBar(terminal);
  let bytes = 0;
  return (more) => {
    bytes += more;
    bar({ label: 'fetching', bytes, total });
  };
}
