import { Command } from 'commander';
import { shortId } from '../../backup/catalog/change-position.ts';
import { isUnsealed } from '../../backup/catalog/entry.ts';
import { listBackups } from '../../backup/catalog/list.ts';
import { isSameRow, keyColumns, type ShownRow } from '../../backup/changes/change-history.ts';
import { listChanges, orderedOf, ownFiles } from '../../backup/changes/list-changes.ts';
import { isSpoiltLog, type Living, readLiving } from '../../backup/changes/living.ts';
import type { Ordered } from '../../backup/changes/order.ts';
import { REASONS, timelinesOf } from '../../backup/changes/spans.ts';
import type { TableInfo } from '../../backup/model/model.ts';
import { branchesOf, branchText } from '../../backup/restore/branches.ts';
import { lineTo } from '../../backup/restore/living-line.ts';
import { rowSteps } from '../../backup/restore/row-steps.ts';
import { openSnapshotSource } from '../../hosts/node/node-parts.ts';
import { shellWord } from '../../lib/shell-word.ts';
import { unsealing } from '../../settings/unsealing.ts';
import { countOf } from '../../text/format.ts';
import { toTheSecond } from '../../text/moment.ts';
import { type Cli, type ExitCode, type Invocation, reading, UsageError } from '../command.ts';
import { type RowLine, tellRow } from '../row-line.ts';
import { type RowPlace, rowOfBackup, rowOfDatabase } from '../row-reading.ts';
import { askLiving, type Session } from '../session.ts';

interface Options {
  readonly timeline?: string;
  readonly all?: boolean;
}

export function historyCommand(cli: Cli): Command {
  const command = new Command('history')
    .description(
      'the stored versions of one row with their times, along the history of this database: from the oldest backup on, with every gap',
    )
    .argument('<table>', 'its table, like anime')
    .argument(
      '<primary-key>',
      'the value of its primary key, like 1; of several columns comma-separated (`export` shows them)',
    )
    .option('--timeline <id>', 'another history of the bucket (changes names them)')
    .option('--all', 'open every backup that may tell more, however many they are');
  return reading<Options>(cli, command, history);
}

async function history(
  invocation: Invocation,
  [name = '', text = '']: readonly string[],
  { timeline, all: isAll = false }: Options,
): Promise<ExitCode> {
  const { terminal, session, stoppable, now } = invocation;
  const { bucket, keys } = session;
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
  const place: RowPlace = { table: name, columns, key };
  const { entries } = await listBackups(bucket);
  const stored = ownFiles(bucket, entries, (await listChanges(bucket)).files);
  const ordered = orderedOf(bucket, entries, stored);
  // Behind the listing: what the database has stored by then is no less than the bucket has.
  const asked = await askDatabase(session, table, place);
  const show = (time: Date): string => time.toISOString();
  const id = lineMeant(ordered, { timeline, living: asked?.living, show });
  // Who names a history asks for all of it, and not up to where this database stands.
  const own = timeline === undefined ? asked : undefined;
  const line = lineTo(id, ordered, own?.living);
  const walked = await stoppable((signal) =>
    rowSteps(bucket, line, { keys, signal, table, key, living: own?.living, now: now() }),
  );
  const found = await tellRow(
    walked.steps,
    (base) => {
      terminal.draw(`fetching ${base.entry.name}`);
      return rowOfBackup(invocation, base, place);
    },
    { isAll },
  );
  const plain = entries.filter((entry) => isUnsealed(bucket, entry)).map((entry) => entry.name);
  // Passed over as the settings want it: nothing failed.
  const notes =
    plain.length === 0
      ? []
      : [
          `${plain.length === 1 ? 'backup' : 'backups'} ${plain.join(', ')}: not encrypted, although a key is set; if ${plain.length === 1 ? 'it is' : 'they are'} your bot’s own, to read ${plain.length === 1 ? 'it' : 'them'}: ${unsealing(session.config.backup)}npm run backup -- history ${name} ${shellWord(text)}${timeline === undefined ? '' : ` --timeline ${timeline}`}${isAll ? ' --all' : ''}`,
        ];
  const troubles = together([...walked.troubles, ...found.troubles]);
  const versions = found.told.flatMap((one) => (one.kind === 'version' ? [one] : []));
  const isSame = own === undefined || isSameRow(versions.at(-1)?.row, own.row);
  const others = line.others.map((one) => ({ timeline: one.id, text: branchText(one, show) }));
  terminal.answer({
    ok: troubles.length === 0,
    table: name,
    key,
    timeline: id === '' ? null : id,
    versions: versions.map(({ time, where, row, timeline: of, begins }) => ({
      ...{ time: time.toISOString(), where, timeline: of ?? null, begins: begins ?? null, row: row ?? null },
    })),
    gaps: found.told.flatMap((one) =>
      one.kind === 'gap'
        ? [{ from: one.from.toISOString(), to: one.to.toISOString(), reason: one.reason }]
        : [],
    ),
    living: own === undefined ? null : { same: isSame, row: own.row ?? null },
    others,
    backups: { opened: found.opened, unopened: found.unopened },
    notes,
    troubles,
  });
  for (const line of notes) terminal.warn(`not read: ${line}`);
  for (const trouble of troubles) terminal.warn(`not read: ${trouble}`);
  sayLine(invocation, found, { place, own, isSame, isWhole: notes.length + troubles.length === 0 });
  if (others.length > 0)
    terminal.say('Beside this line the bucket has other histories, which are not in it:');
  for (const other of others) terminal.say(`  ${other.text}: --timeline ${shortId(other.timeline)}`);
  if (troubles.length === 0) return 0;
  terminal.note(terminal.colors.red('not whole: what could not be read may hold other versions'));
  return 1;
}

/** What is wrong with many alike is one line: one missing key closes them all. */
function together(troubles: readonly string[]): string[] {
  const parted = troubles.map((text) => /^(\S+)( is encrypted: .*)$/.exec(text) ?? [text, text, '']);
  const groups = Map.groupBy(parted, ([, name, why]) => why || name);
  return [...groups.values()].map((all) => {
    const [[text = '', first = '', why = ''] = []] = all;
    return all.length < 2 || why === ''
      ? text
      : `${first} and ${countOf(all.length - 1, 'more')}${why.replace(/^ is/, ' are')}`;
  });
}

interface Asked {
  /** Undefined: it keeps no log, or nobody can tell where that stands. */
  readonly living: Living | undefined;
  readonly row: ShownRow;
}

/** Undefined: nobody can ask the database. */
function askDatabase(session: Session, table: TableInfo, place: RowPlace): Promise<Asked | undefined> {
  return askLiving(session, async (db) => {
    const found = await readLiving(db, openSnapshotSource(session.config.database));
    const names = table.columns.map(({ name }) => name);
    const row = await rowOfDatabase(db, place, names);
    return { living: isSpoiltLog(found) ? undefined : found, row };
  });
}

/** The timeline at the end of the line that is meant. */
function lineMeant(
  { bases, files }: Ordered,
  {
    timeline,
    living,
    show,
  }: {
    readonly timeline: string | undefined;
    readonly living: Living | undefined;
    readonly show: (time: Date) => string;
  },
): string {
  const known = timelinesOf(bases, files);
  if (timeline === undefined)
    return living?.state.timeline ?? branchesOf(bases, files).at(-1)?.id ?? known.at(-1)?.id ?? '';
  const [found, second] = known.filter(({ id }) => id.startsWith(timeline.toLowerCase()));
  if (found === undefined || second !== undefined)
    throw new UsageError(
      `--timeline ${timeline} names ${found === undefined ? 'no history' : 'several histories'} of the bucket, which has ${known.map((one) => branchText(one, show)).join('; ')}`,
    );
  return found.id;
}

/** What is new in each version. */
function sayLine(
  { terminal, session, now }: Invocation,
  { told, opened, unopened }: RowLine,
  {
    place,
    own,
    isSame,
    isWhole,
  }: {
    readonly place: RowPlace;
    readonly own: Asked | undefined;
    readonly isSame: boolean;
    readonly isWhole: boolean;
  },
): void {
  const { say, warn, colors } = terminal;
  const show = (time: Date): string => toTheSecond(time, session.config.timeZone);
  const { table, columns, key } = place;
  const isNever = told.every((one) => one.kind === 'gap' || one.row === undefined);
  const which = `${table} with ${columns.map((column, i) => `${column} ${key[i]}`).join(', ')}`;
  const inWhat = isWhole ? '' : ' in what could be read';
  if (isNever && own !== undefined && own.row === undefined)
    say(
      `no row of ${which}: the database has none, and no backup and no change file of its history has one${inWhat}. A row is known by its ${columns.join(', ')}, which export shows`,
    );
  else if (isNever) say(`no stored version of such a row${inWhat}`);
  const versions = told.filter((one) => one.kind === 'version' && one.row !== undefined);
  let before: ShownRow;
  const sayRow = (row: ShownRow): void => {
    if (row === undefined) say(before === undefined ? '  there was no such row yet' : '  gone');
    for (const line of newIn(row, before, columns)) say(`  ${line}`);
    before = row;
  };
  for (const one of told) {
    // Said above: a row that never was has no versions.
    if (isNever && one.kind === 'version') continue;
    if (one.kind === 'gap') {
      warn(`between ${show(one.from)} and ${show(one.to)} nothing is known: ${one.reason}`);
      continue;
    }
    say(`${colors.bold(show(one.time))}  ${colors.dim(one.where)}`);
    if (one.begins !== undefined) {
      say(`  ${REASONS[one.begins]}: the row was${one.row === undefined ? ' not there' : ''}`);
      before = undefined;
      if (one.row === undefined) continue;
    }
    sayRow(one.row);
  }
  if (own !== undefined && !isSame) {
    say(
      `${colors.bold(show(now()))}  ${colors.yellow('the database itself: this is in no file and in no backup that was read')}`,
    );
    sayRow(own.row);
  } else if (own?.row !== undefined && versions.length === 1)
    say('It has not changed since: the database has it so now.');
  else if (own?.row !== undefined) say(colors.dim('The database itself has it so now.'));
  else if (own !== undefined && !isNever) say(colors.dim('The database itself has no such row now.'));
  const more =
    unopened.length === 0 ? '' : `; ${`${unopened.length} more`} may tell something: --all opens them, too`;
  say(colors.dim(`${countOf(opened, 'full backup')} opened${more}`));
}

function newIn(row: ShownRow, before: ShownRow, columns: readonly string[]): string[] {
  return Object.entries(row ?? {}).flatMap(([name, value]) => {
    if (before === undefined)
      return value !== null || columns.includes(name) ? [`${name}: ${shown(value)}`] : [];
    const old = before[name];
    if (JSON.stringify(old) === JSON.stringify(value)) return [];
    return [`${name}: ${old === undefined ? '' : `${shown(old)} → `}${shown(value)}`];
  });
}

/** As it is stored: the times around it are of another zone. */
function shown(value: unknown): string {
  const isTime = typeof value === 'string' && /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(value);
  return `${JSON.stringify(value)}${isTime ? ' UTC' : ''}`;
}
