import { Command } from 'commander';
import type { BackupHealth } from '../../backup/catalog/health.ts';
import { newestFit } from '../../backup/catalog/list.ts';
import { lostBackup, recordedRun } from '../../backup/catalog/lost-backup.ts';
import { drill } from '../../backup/restore/drill.ts';
import { systemClock } from '../../lib/clock.ts';
import { countOf, formatCount } from '../../text/format.ts';
import { type Cli, type ExitCode, type Invocation, reading } from '../command.ts';
import { createProgressBar } from '../progress-bar.ts';
import type { Session } from '../session.ts';
import { LATEST, resolveBackup } from '../target.ts';

export function drillCommand(cli: Cli): Command {
  const command = new Command('drill')
    .description('restore a backup into a scratch database, compare it, say how long it took')
    .argument('[backup]', `a backup, or ${LATEST}`, 'latest');
  return reading(cli, command, run);
}

async function run(
  { session, terminal }: Invocation,
  [name = 'latest']: readonly string[],
): Promise<ExitCode> {
  // A person who names a backup asks for that one alone.
  const lost = name === 'latest' && !session.readsCopy ? await findLost(session) : undefined;
  const { entry, passedOver } = await resolveBackup(session.bucket, name);
  terminal.warn(...passedOver);
  const bar = createProgressBar(terminal);
  const { record, recordFailed, notes, chain } = await drill(
    {
      bucket: session.bucket,
      keys: session.keys,
      clock: systemClock,
      lost,
      onProgress: ({ phase, done, total }) => bar({ label: phase, bytes: done, total }),
    },
    entry,
  );
  const { say, warn, answer, colors } = terminal;
  answer({
    ...record,
    changes: chain ?? null,
    record_failed: recordFailed ?? null,
    notes: [...passedOver, ...notes],
  });
  if (record.ok) {
    say(
      `${colors.green('drill passed:')} ${colors.bold(record.name)} restored into a scratch database in ${(record.ms / 1000).toFixed(1)} s, ${formatCount(record.rows)} rows, every table as in the manifest`,
    );
    if (chain !== undefined)
      say(
        `  backup ${chain.from} and ${countOf(chain.files, 'change file')} behind it make the same: ${countOf(chain.tables, 'table')} as in the manifest`,
      );
  } else if (record.opened === false)
    say(`${colors.yellow('drill not made:')} ${record.name} was not opened: ${record.problem}`);
  else say(`${colors.red('drill FAILED:')} ${record.name}: ${record.problem}`);
  for (const note of notes) warn(`  ${note}`);
  if (recordFailed !== undefined) warn(`  it could not be recorded: ${recordFailed}`);
  return record.ok ? 0 : 1;
}

async function findLost({ bucket, backup }: Session): Promise<BackupHealth['damaged']> {
  const { run: recorded } = await recordedRun(bucket, async () => (await backup()).ledger);
  const found = await lostBackup(bucket, recorded, await newestFit(bucket));
  return found?.isLost === true ? found : undefined;
}
