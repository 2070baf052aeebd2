/** What an import did with the rows of a file, or would do. */
import { inEnglish } from '../../backup/document/reasons.ts';
import type { ImportReport } from '../../backup/import/import.ts';
import type { ImportMap } from '../../backup/import/map/format.ts';
import { countOf, formatCount } from '../../text/format.ts';
import type { ExitCode, Invocation } from '../command.ts';
import { type Column, formatTable } from '../table.ts';

/** No row of it could be taken. */
function isAllRefused({ tables }: ImportReport): boolean {
  const taken = tables.reduce(
    (sum, { added, changed, same, kept }) => sum + added + changed + same + kept,
    0,
  );
  return taken === 0 && tables.some(({ refused }) => refused > 0);
}

/** Of a guess: tables without a taken row, and tables it left out that may hold the anime. */
export function misread({ tables, leftAside }: ImportReport): string[] {
  const refused = tables.filter(
    ({ added, changed, same, kept, refused }) => refused > 0 && added + changed + same + kept === 0,
  );
  return [
    ...refused.map(({ table }) => `no row was taken of what was guessed to be ${table}`),
    ...leftAside
      .filter(({ isCatalogue }) => isCatalogue === true)
      .map(
        ({ table, rows }) => `${table} (${countOf(rows, 'row')}) may hold the anime and was not understood`,
      ),
  ];
}

const COLUMNS: readonly Column[] = [
  { title: 'TABLE' },
  { title: 'ADDED', align: 'right' },
  { title: 'CHANGED', align: 'right' },
  { title: 'SAME', align: 'right' },
  { title: 'KEPT', align: 'right' },
  { title: 'REFUSED', align: 'right' },
];

/** What happened to the file's rows, for each kind of refusal. */
const FATES = {
  row: 'row not taken',
  value: 'value not taken, its row is',
  mended: 'changed on the way',
} as const;

/** Refusals shown to a person; `--json` has more of them. */
const SHOWN = 20;
/** Tables left aside for one reason. */
const NAMED = 3;

/** What came of it; the exit code says whether the file was understood. */
export function tellImported(
  { terminal }: Invocation,
  report: ImportReport,
  doubts: readonly string[],
  end: { dryRun: boolean; safety: string | null; map: ImportMap | undefined } | undefined,
): ExitCode {
  const isOk = !isAllRefused(report) && doubts.length === 0;
  const { say, warn, colors } = terminal;
  if (end !== undefined)
    terminal.answer({
      ok: isOk,
      dry_run: end.dryRun,
      safety_backup: end.safety,
      tables: report.tables,
      refusals: report.refusals.map((refusal) => ({ ...refusal, reason: inEnglish(refusal) })),
      values: { mended: report.values.mended, left_out: report.values.leftOut },
      left_aside: report.leftAside,
      ...(end.map && { map: end.map }),
    });
  const number = (value: number): string => (value === 0 ? colors.dim('-') : formatCount(value));
  const rows = report.tables.map((table) => [
    table.table,
    ...[table.added, table.changed, table.same, table.kept, table.refused].map(number),
  ]);
  for (const line of formatTable(COLUMNS, rows)) say(line);
  if (report.tables.some(({ kept }) => kept > 0))
    say(colors.dim('  KEPT: the database’s row stays; --prefer file takes the file’s'));
  for (const { place, what, ...why } of report.refusals.slice(0, SHOWN))
    warn(`  ${FATES[what]}: ${place}: ${inEnglish(why)}`);
  if (report.refusals.length > SHOWN) warn(`  … and more; --json lists them`);
  const { mended, leftOut } = report.values;
  if (mended + leftOut > 0)
    warn(
      `  values of rows that are taken: ${formatCount(mended)} changed so that the bot can read them, ${formatCount(leftOut)} not taken`,
    );
  for (const [reason, of] of Map.groupBy(report.leftAside, (one) => one.reason)) {
    const names = of.slice(0, NAMED).map(({ table }) => table);
    const more = of.length > NAMED ? ` and ${of.length - NAMED} more` : '';
    const count = of.reduce((sum, one) => sum + one.rows, 0);
    say(colors.dim(`  left aside: ${names.join(', ')}${more} (${countOf(count, 'row')}): ${reason}`));
  }
  if (doubts.length > 0)
    warn(`  ${doubts.join('; ')}. Write a map (docs/formats.md, "Import map") and give it with --map.`);
  const code = isOk ? 0 : 1;
  if (end === undefined) return code;
  say('');
  if (end.safety !== null) {
    say(`${colors.green('imported.')} What was there before is backup ${colors.bold(end.safety)}`);
    say('No backup has what came in: npm run backup -- full');
  } else say(`Nothing was changed${whyNothing(report)}.`);
  return code;
}

function whyNothing(report: ImportReport): string {
  if (isAllRefused(report)) return ': none of its rows could be taken';
  const isThere = report.tables.every(({ added, changed }) => added + changed === 0);
  if (!isThere) return '';
  const isNewer = report.tables.some(({ kept }) => kept > 0);
  return `: the database has all of it already${isNewer ? ', or keeps its own' : ''}`;
}
