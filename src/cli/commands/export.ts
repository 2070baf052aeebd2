import { createReadStream, statSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { createDocumentSink } from '../../backup/document/writer.ts';
import { writeLive } from '../../backup/snapshot/copy-live.ts';
import { inScratch } from '../../lib/disk/scratch.ts';
import { formatBytes, formatCount } from '../../text/format.ts';
import { type Cli, Deserted, type ExitCode, framed, type Invocation, UsageError } from '../command.ts';
import { requireOutputPlace } from '../output-place.ts';
import { createProgressBar } from '../progress-bar.ts';

export function exportCommand(cli: Cli): Command {
  const command = new Command('export')
    .description('all of the database as readable JSON, to a file or standard output')
    .option('-o, --output <file>', 'write there; an existing file is replaced only with --yes');
  return framed(cli, command, exportDocument);
}

async function exportDocument(
  invocation: Invocation,
  _: readonly string[],
  { output }: { output?: string },
): Promise<ExitCode> {
  const { terminal } = invocation;
  if (output !== undefined) {
    requireOutputPlace(invocation.session, '-o', output);
    const rows = await writeDocument(invocation, output);
    const bytes = statSync(output).size;
    terminal.answer({ ok: true, file: output, rows, bytes });
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
    await writeDocument(invocation, path);
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

/** Returns the number of rows. */
async function writeDocument(invocation: Invocation, path: string): Promise<number> {
  const { terminal, session, now, yes, stoppable } = invocation;
  const context = await session.backup();
  const schemaVersion = await context.ledger.schemaVersion();
  const meta = {
    backupTime: now(),
    appVersion: context.appVersion,
    ...(schemaVersion !== undefined && { schemaVersion }),
  };
  const bar = createProgressBar(terminal, () => performance.now());
  let read = 0;
  await stoppable((signal) =>
    writeLive(session.source, {
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
