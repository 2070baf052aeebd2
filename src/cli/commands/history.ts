import { statSync } from 'node:fs';
import { Command } from 'commander';
import { listBackups } from '../../backup/catalog/list.ts';
import { keyColumns, rowVersions } from '../../backup/changes/change-history.ts';
import { basesOf } from '../../backup/changes/list-changes.ts';
import { limitsFor, runInProcess } from '../../backup/foreign/process.ts';
import { fetchSource } from '../../backup/restore/source.ts';
import { openSnapshotSource } from '../../hosts/node/node-parts.ts';
import { explain } from '../../lib/clock.ts';
import { inScratch } from '../../lib/disk/scratch.ts';
import { showMoment } from '../../text/moment.ts';
import { type Cli, type ExitCode, type Invocation, reading, UsageError } from '../command.ts';

type Shown = Readonly<Record<string, unknown>>;

interface Version {
  readonly time: Date;
  readonly where: string;
  readonly row: Shown | undefined;
}

export function historyCommand(cli: Cli): Command {
  const command = new Command('history')
    .description('every stored version of one row, with its time: from the oldest backup with changes on')
    .argument('<table>', 'its table')
    .argument('<key>', 'its primary key; a key of several columns comma-separated');
  return reading(cli, command, history);
}

async function history(invocation: Invocation, [name = '', text = '']: readonly string[]): Promise<ExitCode> {
  const { terminal, session, stoppable } = invocation;
  const { tables } = await openSnapshotSource(session.config.database).schema();
  const table = tables.find((one) => one.name === name && one.kind === 'table');
  if (table === undefined)
    throw new UsageError(
      `there is no table ${name}; there are ${tables.flatMap((one) => (one.kind === 'table' ? [one.name] : [])).join(', ')}`,
    );
  const columns = keyColumns(table);
  const key = columns.length === 1 ? [text] : text.split(',');
  if (key.length !== columns.length)
    throw new UsageError(`a row of ${name} is known by ${columns.join(', ')}: give them comma-separated`);
  const troubles: string[] = [];
  const first = await firstVersion(invocation, { table: name, columns, key });
  const versions: Version[] = first === undefined ? [] : [first];
  await stoppable(async (signal) => {
    const options = {
      keys: session.keys,
      table,
      key,
      signal,
      onTrouble: (problem: unknown) => {
        troubles.push(explain(problem));
      },
    };
    for await (const { time, file, row } of rowVersions(session.bucket, options))
      versions.push({ time, where: file, row });
  });
  versions.sort((a, b) => a.time.getTime() - b.time.getTime());
  terminal.answer({
    ok: true,
    table: name,
    key,
    versions: versions.map(({ time, where, row }) => ({ time: time.toISOString(), where, row: row ?? null })),
    troubles,
  });
  show(invocation, versions, columns);
  for (const line of troubles) terminal.say(terminal.colors.yellow(`not read: ${line}`));
  return 0;
}

/** As the oldest backup that change files follow has it: what was there before the first change. */
async function firstVersion(
  { session, terminal, stoppable }: Invocation,
  row: { readonly table: string; readonly columns: readonly string[]; readonly key: readonly string[] },
): Promise<Version | undefined> {
  const { bucket, keys } = session;
  const base = basesOf(bucket, (await listBackups(bucket)).entries).find(
    ({ changes }) => changes !== undefined,
  );
  if (base === undefined) return undefined;
  terminal.draw(`fetching ${base.entry.name}`);
  const found = await inScratch(undefined, (directory) =>
    stoppable(async (signal) => {
      const { path } = await fetchSource(
        { kind: 'backup', entry: base.entry },
        { bucket, keys, directory, signal },
      );
      return runInProcess('row', { path, ...row }, { limits: limitsFor(statSync(path).size), signal });
    }),
  );
  return { time: base.time, where: `backup ${base.entry.name}`, row: found };
}

/** What is new in each version. */
function show(
  { terminal, session }: Invocation,
  versions: readonly Version[],
  columns: readonly string[],
): void {
  const { say, colors } = terminal;
  if (versions.every(({ row }) => row === undefined)) say('no stored version of such a row');
  let before: Shown | undefined;
  for (const { time, where, row } of versions) {
    say(`${colors.bold(showMoment(time, session.config.timeZone))}  ${colors.dim(where)}`);
    if (row === undefined) say(before === undefined ? '  not there' : '  gone');
    for (const [name, value] of Object.entries(row ?? {}))
      if (
        before === undefined
          ? value !== null || columns.includes(name)
          : JSON.stringify(before[name]) !== JSON.stringify(value)
      )
        say(
          `  ${name}: ${before === undefined || before[name] === undefined ? '' : `${JSON.stringify(before[name])} → `}${JSON.stringify(value)}`,
        );
    before = row;
  }
}
