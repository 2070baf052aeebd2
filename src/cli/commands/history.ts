import { statSync } from 'node:fs';
import { Command } from 'commander';
import { isUnsealed } from '../../backup/catalog/entry.ts';
import { listBackups } from '../../backup/catalog/list.ts';
import { NotOpened } from '../../backup/catalog/not-opened.ts';
import { keyColumns, rowVersions } from '../../backup/changes/change-history.ts';
import { basesOf } from '../../backup/changes/list-changes.ts';
import { limitsFor, runInProcess } from '../../backup/foreign/process.ts';
import { BackupDamaged, fetchSource } from '../../backup/restore/source.ts';
import { openSnapshotSource } from '../../hosts/node/node-parts.ts';
import { explain } from '../../lib/clock.ts';
import { inScratch } from '../../lib/disk/scratch.ts';
import { copyMoment } from '../../text/moment.ts';
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
    .argument('<table>', 'its table, like anime')
    .argument(
      '<primary-key>',
      'the value of its primary key, like 1; of several columns comma-separated (`export` shows them)',
    );
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
  const first = await firstVersion(invocation, { table: name, columns, key }, troubles);
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
  terminal.answer({
    ok: troubles.length === 0,
    table: name,
    key,
    versions: versions.map(({ time, where, row }) => ({ time: time.toISOString(), where, row: row ?? null })),
    troubles,
  });
  for (const line of troubles) terminal.say(terminal.colors.yellow(`not read: ${line}`));
  show(invocation, versions, { columns, isWhole: troubles.length === 0 });
  return troubles.length === 0 ? 0 : 1;
}

/**
 * As the oldest backup that change files follow has it: what was there before the first change. The
 * table may be younger than the backup, and the backup of an older key.
 */
async function firstVersion(
  { session, terminal, stoppable }: Invocation,
  row: { readonly table: string; readonly columns: readonly string[]; readonly key: readonly string[] },
  troubles: string[],
): Promise<Version | undefined> {
  const { bucket, keys } = session;
  const { entries } = await listBackups(bucket);
  const plain = entries.filter((entry) => isUnsealed(bucket, entry));
  if (plain.length > 0)
    troubles.push(
      `${plain.length === 1 ? 'backup' : 'backups'} ${plain.map(({ name }) => name).join(', ')}: not encrypted, although your settings encrypt; without BACKUP_AGE_RECIPIENTS and BACKUP_PASSPHRASE for this command alone it is read`,
    );
  const bases = basesOf(bucket, entries).filter(
    ({ changes, entry }) =>
      changes !== undefined && entry.manifest?.tables.some(({ name }) => name === row.table) === true,
  );
  for (const base of bases) {
    terminal.draw(`fetching ${base.entry.name}`);
    try {
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
    } catch (error) {
      if (!(error instanceof NotOpened || error instanceof BackupDamaged)) throw error;
      troubles.push(explain(error));
    }
  }
  return undefined;
}

/** What is new in each version. */
function show(
  { terminal, session }: Invocation,
  versions: readonly Version[],
  { columns, isWhole }: { readonly columns: readonly string[]; readonly isWhole: boolean },
): void {
  const { say, colors } = terminal;
  if (versions.every(({ row }) => row === undefined))
    say(`no stored version of such a row${isWhole ? '' : ' in what could be read'}`);
  let before: Shown | undefined;
  for (const { time, where, row } of versions) {
    say(`${colors.bold(copyMoment(time, session.config.timeZone))}  ${colors.dim(where)}`);
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
