import { once } from 'node:events';
import { Command } from 'commander';
import { createDocumentSink } from '../../backup/document/writer.ts';
import { feed } from '../../backup/fan-out.ts';
import { createFileWriter } from '../../backup/file-writer.ts';
import type { HeadLastWriter } from '../../backup/model.ts';
import { type Cli, type ExitCode, framed, type Invocation, UsageError } from '../command.ts';
import { formatBytes, formatCount } from '../format.ts';
import { createProgressBar } from '../progress-bar.ts';

export function exportCommand(cli: Cli): Command {
  const command = new Command('export')
    .description('the document alone, as plain JSON, to a file or standard output')
    .option('-o, --output <file>', 'write there; an existing file is replaced only with --yes');
  return framed(cli, command, exportDocument);
}

async function exportDocument(
  { terminal, session, now, yes }: Invocation,
  _: readonly string[],
  { output }: { output?: string },
): Promise<ExitCode> {
  if (output === undefined && terminal.json)
    throw new UsageError(
      'export --json needs -o: standard output can not carry both the document and the answer',
    );
  const context = await session.backup();
  const schemaVersion = await context.ledger.schemaVersion();
  const writer = counted(
    output === undefined ? standardOutput() : await createFileWriter(output, { headLength: 0, replace: yes }),
  );
  const bar = createProgressBar(terminal, () => performance.now());
  let rows = 0;
  try {
    const sink = createDocumentSink(writer, {
      backupTime: now(),
      appVersion: context.appVersion,
      ...(schemaVersion === undefined ? {} : { schemaVersion }),
    });
    await session.source.read((snapshot) =>
      feed(snapshot, { ordered: sink, others: [] }, async (count) => {
        rows += count;
        bar({ label: 'exporting', rows, bytes: writer.bytes, total: undefined });
      }),
    );
    await sink.finish();
  } catch (error) {
    await writer.abort(error);
    throw error;
  }
  terminal.answer({ ok: true, file: output, rows, bytes: writer.bytes });
  if (output !== undefined)
    terminal.say(`${output}: ${formatCount(rows)} rows, ${formatBytes(writer.bytes)}`);
  return 0;
}

function counted(inner: HeadLastWriter): HeadLastWriter & { readonly bytes: number } {
  let bytes = 0;
  return {
    get bytes() {
      return bytes;
    },
    async write(chunk) {
      bytes += chunk.byteLength;
      await inner.write(chunk);
    },
    close: (head) => inner.close(head),
    abort: (reason) => inner.abort(reason),
  };
}

/** Standard output has no way to take bytes back: a broken export ends without its closing lines, and its reader refuses it. */
function standardOutput(): HeadLastWriter {
  return {
    async write(chunk) {
      if (!process.stdout.write(chunk.slice())) await once(process.stdout, 'drain');
    },
    async close() {},
    async abort() {},
  };
}
