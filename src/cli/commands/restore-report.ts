/** What a restore did, or would do. */
import { previewRestore } from '../../backup/restore/restore.ts';
import type { RestoreParts, RestoreReport } from '../../backup/restore/restore-steps.ts';
import type { RestoreFrom } from '../../backup/restore/source.ts';
import type { DatabaseSettings } from '../../settings/config.ts';
import { formatCount, formatDuration } from '../../text/format.ts';
import type { ExitCode, Invocation } from '../command.ts';
import { pointJson } from '../moment.ts';
import { diffLines } from './diff-lines.ts';
import { sourceName } from './restore-source.ts';
import { describeTarget } from './restore-target.ts';

export function tellRestored(
  { terminal, session }: Invocation,
  target: DatabaseSettings,
  report: RestoreReport,
  {
    passedOver,
    from,
    ms,
    isOther,
  }: {
    readonly passedOver: readonly string[];
    readonly from: RestoreFrom;
    readonly ms: number;
    /** Not the bot's own database. */
    readonly isOther: boolean;
  },
): void {
  const { say, warn, answer, colors } = terminal;
  const rows = report.tables.reduce((sum, table) => sum + table.rows, 0);
  answer({
    ok: true,
    origin: report.origin,
    ...(from.kind === 'point' ? { point: pointJson(from.point) } : {}),
    target: describeTarget(target),
    tables: report.tables,
    rows,
    safety_backup: report.safety ?? null,
    kept: report.kept ?? null,
    notes: [...passedOver, ...report.notes],
    ms,
  });
  say(
    `${colors.green('restored:')} ${colors.bold(report.origin)} into ${describeTarget(target)}, ${formatCount(rows)} rows in ${formatDuration(ms)}`,
  );
  say(
    from.kind === 'point'
      ? '  the backup compared with its manifest, every change file with its hash'
      : '  every table compared with the backup by its digest',
  );
  if (report.safety !== undefined) say(`  what was there before is backup ${colors.bold(report.safety)}`);
  for (const note of report.notes) warn(`  ${note}`);
  if (report.kept !== undefined) say(`  the old file is ${report.kept}`);
  if (!isOther && session.config.changes.isOn)
    say(
      '  no backup has this state yet: the bot makes one as soon as it runs, and from then on any minute can be brought back',
    );
  if (report.isOlder) say(colors.dim('  the bot brings an older schema up to date when it starts'));
}

export async function dryRun(
  { terminal }: Invocation,
  parts: RestoreParts,
  {
    from,
    only,
    state,
    isBots,
    passedOver,
  }: {
    from: RestoreFrom;
    only: readonly string[] | undefined;
    state: string;
    isBots: boolean;
    passedOver: readonly string[];
  },
): Promise<ExitCode> {
  const isNew = state === 'absent';
  const { tables, notes } = await previewRestore(parts, { from, only, isBots, isNew });
  terminal.answer({
    ok: true,
    dry_run: true,
    ...(from.kind === 'point' ? { point: pointJson(from.point) } : {}),
    ...(isNew ? { target: 'absent' } : {}),
    tables: tables.map((table) => ({ ...table, note: table.note ?? null })),
    notes: [...passedOver, ...notes],
  });
  terminal.warn(...notes);
  if (isNew) {
    terminal.say(
      `${describeTarget(parts.target)} does not exist yet: all of ${sourceName(from)} would be new. Nothing was changed.`,
    );
    return 0;
  }
  for (const line of diffLines(terminal.colors, tables)) terminal.say(line);
  terminal.say('');
  terminal.say('From what is there to what would be. Nothing was changed.');
  return 0;
}
