import { Command } from 'commander';
import { readGroups } from '../../backup/catalog/list.ts';
import { NotHere } from '../../backup/catalog/not-here.ts';
import { type PruneOptions, type PruneReport, prune } from '../../backup/catalog/prune.ts';
import { type ChangePruneReport, pruneChanges } from '../../backup/changes/prune-changes.ts';
import { KEEPS_DELETED } from '../../backup/run/probe.ts';
import { countOf, formatBytes, formatCount } from '../../text/format.ts';
import { type Cli, type ExitCode, framed, type Invocation } from '../command.ts';
import { formatTable } from '../table.ts';
import { absence } from '../target.ts';

export function pruneCommand(cli: Cli): Command {
  const command = new Command('prune')
    .description('retention now, with the reason for each decision')
    .option('--dry-run', 'decide only, delete nothing');
  return framed(cli, command, pruneNow);
}

async function pruneNow(
  invocation: Invocation,
  _: readonly string[],
  { dryRun = false }: { dryRun?: boolean },
): Promise<ExitCode> {
  const { terminal, session, now, yes } = invocation;
  const absent = absence(session.bucket);
  if (absent !== undefined) {
    // One that the bot knows says itself what it lacks.
    await readGroups(session.bucket);
    throw new NotHere(`there is no backup in ${session.bucket.store.description}, ${absent}`);
  }
  const {
    retentionDays: days,
    keepDaily: daily,
    keepWeekly: weekly,
    keepMonthly: monthly,
  } = session.config.backup;
  const options: PruneOptions = { policy: { days, daily, weekly, monthly }, now: now(), confirmed: yes };
  const preview = await prune(session.bucket, { ...options, dryRun: true });
  showDecisions(invocation, preview);
  const ofChanges = { days: session.config.changes.retentionDays, now: options.now };
  const going = await pruneChanges(session.bucket, { ...ofChanges, dryRun: true });
  showChanges(invocation, going);
  const { plan } = preview;
  if (dryRun) return finish(invocation, preview, going, { dryRun, refused: false });
  let confirmed = yes;
  if (plan.kind === 'ask' && !confirmed) {
    const question = terminal.colors.yellow(
      `This deletes ${plan.removing} of ${plan.of} backups: more than half.`,
    );
    confirmed = await terminal.confirm(question, 'delete');
    if (!confirmed) return finish(invocation, preview, going, { dryRun, refused: true });
  }
  const pruned = await prune(session.bucket, { ...options, confirmed });
  const changes = await pruneChanges(session.bucket, ofChanges);
  return finish(invocation, pruned, changes, { dryRun, refused: false });
}

/** Files that are named; a first retention may delete thousands. */
const NAMED = 5;

function showChanges({ terminal: { say } }: Invocation, { plan, kept }: ChangePruneReport): void {
  if (plan.length === 0) return;
  say(`Change files: ${countOf(plan.length, 'file')} to delete, ${formatCount(kept)} kept`);
  for (const { file, reason } of plan.slice(0, NAMED)) say(`  ${file.file}: ${reason}`);
  if (plan.length > NAMED) say(`  and ${formatCount(plan.length - NAMED)} more`);
  say('');
}

function showDecisions({ terminal }: Invocation, { plan }: PruneReport): void {
  const { colors } = terminal;
  const rows = plan.decisions.map(({ name, action, reason }) => [
    name,
    action === 'keep' ? colors.green('keep') : colors.red('delete'),
    reason,
  ]);
  if (rows.length === 0) return;
  const [title = '', ...lines] = formatTable(
    [{ title: 'NAME' }, { title: 'ACTION' }, { title: 'WHY' }],
    rows,
  );
  terminal.say(colors.dim(title));
  for (const line of lines) terminal.say(line);
  terminal.say('');
}

function finish(
  { terminal }: Invocation,
  report: PruneReport,
  changes: ChangePruneReport,
  { dryRun, refused }: { dryRun: boolean; refused: boolean },
): ExitCode {
  const { plan, removed, hiddenBytes } = report;
  const problems = [...report.problems, ...changes.problems];
  const ok = problems.length === 0 && !refused;
  terminal.answer({
    ok,
    dry_run: dryRun,
    needs_yes: plan.kind === 'ask' && (dryRun || refused),
    decisions: plan.decisions,
    removed,
    hidden_bytes: hiddenBytes,
    changes: {
      decisions: changes.plan.map(({ file, reason }) => ({ file: file.file, reason })),
      kept: changes.kept,
      removed: changes.removed,
    },
    problems,
  });
  const wanted = plan.decisions.filter(({ action }) => action === 'remove').length;
  if (dryRun)
    terminal.say(`${wanted} would be deleted, ${plan.decisions.length - wanted} kept; nothing was touched`);
  else if (refused) terminal.warn(`nothing was deleted: deleting more than half needs a yes (prune --yes)`);
  else terminal.say(`${removed.length} deleted, ${plan.decisions.length - removed.length} kept`);
  if (changes.removed.length > 0) terminal.say(`${countOf(changes.removed.length, 'change file')} deleted`);
  if (hiddenBytes > 0) terminal.warn(`${formatBytes(hiddenBytes)} of them are still there: ${KEEPS_DELETED}`);
  for (const problem of problems) terminal.say(terminal.colors.red(`  ${problem}`));
  return ok ? 0 : 1;
}
