import { createReadStream, statSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { createDocumentSink } from '../../backup/document/writer.ts';
import type { RowSource } from '../../backup/model/model.ts';
import type { Point } from '../../backup/restore/point-in-time.ts';
import { writeLive } from '../../backup/snapshot/copy-live.ts';
import { openFileSnapshotSource } from '../../backup/snapshot/file.ts';
import { APP_VERSION } from '../../hosts/compose.ts';
import { inScratch } from '../../lib/disk/scratch.ts';
import { formatBytes, formatCount } from '../../text/format.ts';
import { type Cli, Deserted, type ExitCode, type Invocation, reading, UsageError } from '../command.ts';
import { pointJson, pointLine, writeMoment } from '../moment.ts';
import { type MomentWish, requireMoment, withMoment } from '../moment-options.ts';
import { requireOutputPlace } from '../output-place.ts';
import { createProgressBar } from '../progress-bar.ts';

export function exportCommand(cli: Cli): Command {
  const command = new Command('export')
    .description('all of the database as readable JSON, to a file or standard output')
    .option('-o, --output <file>', 'write there; an existing file is replaced only with --yes');
  return reading<Options>(cli, withMoment(command, 'as it was at a moment'), exportDocument);
}

interface Options extends MomentWish {
  readonly output?: string;
  readonly at?: string;
}

async function exportDocument(
  invocation: Invocation,
  _: readonly string[],
  { output, ...moment }: Options,
): Promise<ExitCode> {
  const { terminal } = invocation;
  if (moment.at === undefined) requireMoment(moment);
  if (moment.at === undefined && invocation.session.from !== undefined)
    throw new UsageError('--from goes with --at: without it the database itself is exported');
  if (output !== undefined) {
    requireOutputPlace(invocation.session, '-o', output);
    const { rows, point } = await writeDocument(invocation, output, { output, ...moment });
    const bytes = statSync(output).size;
    terminal.answer({ ok: true, file: output, rows, bytes, ...(point && { point: pointJson(point) }) });
    if (point !== undefined) terminal.say(pointLine(invocation, point));
    terminal.say(`${output}: ${formatCount(rows)} rows, ${formatBytes(bytes)}`);
    return 0;
  }
  if (terminal.json)
    throw new UsageError(
      'export --json needs -o: standard output cannot carry both the export and the answer',
    );
  // Goes through a file, so that standard output gets a whole document or nothing.
  await inScratch(undefined, async (directory) => {
    const path = join(directory, 'export.json');
    const { point } = await writeDocument(invocation, path, moment);
    if (point !== undefined) terminal.note(pointLine(invocation, point));
    terminal.clear();
    for await (const chunk of createReadStream(path)) {
      if (terminal.isDeserted) throw new Deserted();
      await terminal.send(chunk);
    }
    // The reader left before the end.
    if (terminal.isDeserted) throw new Deserted();
  });
  return 0;
}

interface Written {
  readonly rows: number;
  readonly point: Point | undefined;
}

async function writeDocument(
  invocation: Invocation,
  path: string,
  { at, output, ...wish }: Options,
): Promise<Written> {
  const { session, now } = invocation;
  if (at === undefined) {
    const { ledger } = await session.backup();
    const schemaVersion = await ledger.schemaVersion();
    const rows = await writeRows(invocation, path, {
      source: session.source,
      backupTime: now(),
      schemaVersion,
    });
    return { rows, point: undefined };
  }
  return writeMoment(invocation, { ...wish, command: 'export', at, output }, async (point, fetch) => {
    const { path: file, schemaVersion } = await fetch();
    const source = openFileSnapshotSource({ path: file });
    const rows = await writeRows(invocation, path, { source, backupTime: point.time, schemaVersion });
    return { rows, point };
  });
}

interface Document {
  readonly source: RowSource;
  readonly backupTime: Date;
  readonly schemaVersion: number | undefined;
}

/** Returns the number of rows. */
async function writeRows(
  { terminal, yes, stoppable }: Invocation,
  path: string,
  { source, backupTime, schemaVersion }: Document,
): Promise<number> {
  const meta = {
    backupTime,
    appVersion: APP_VERSION,
    ...(schemaVersion !== undefined && { schemaVersion }),
  };
  const bar = createProgressBar(terminal);
  let read = 0;
  await stoppable((signal) =>
    writeLive(source, {
      path,
      headLength: 0,
      replace: yes,
      sink: (out) => {
        const sink = createDocumentSink(out, meta);
        let isCounted = false;
        // From the start again when the snapshot broke off.
        read = 0;
        return {
          ...sink,
          beginScan(target) {
            isCounted =
              target.kind === 'nested' || (target.kind === 'table' && target.table.kind === 'table');
            return sink.beginScan(target);
          },
          rows(batch) {
            if (isCounted) read += batch.length;
            return sink.rows(batch);
          },
        };
      },
      onProgress: (rows, bytes) => {
        signal.throwIfAborted();
        bar({ label: 'exporting', rows, bytes, total: undefined });
      },
    }),
  );
  return read;
}
