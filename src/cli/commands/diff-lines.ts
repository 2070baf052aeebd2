/** A comparison of two databases as lines for people: what differs, and how much does not. Pure. */
import type { TableDiff } from '../../backup/verify/database-diff.ts';
import { formatCount } from '../../text/format.ts';
import { type Column, formatTable } from '../table.ts';
import type { Colors } from '../terminal.ts';

const COLUMNS: readonly Column[] = [
  { title: 'TABLE' },
  { title: 'ADDED', align: 'right' },
  { title: 'REMOVED', align: 'right' },
  { title: 'CHANGED', align: 'right' },
  { title: 'SAME', align: 'right' },
  { title: '' },
];

export function diffLines({ green, red, yellow, dim }: Colors, tables: readonly TableDiff[]): string[] {
  const shown = (value: number, sign: string, color: (text: string) => string): string =>
    value === 0 ? dim('-') : color(`${sign}${formatCount(value)}`);
  const isSame = ({ added, removed, changed, note }: TableDiff): boolean =>
    added + removed + changed === 0 && note === undefined;
  const others = tables.filter(isSame);
  const rows = tables
    .filter((table) => !isSame(table))
    .map((table) => [
      table.table,
      shown(table.added, '+', green),
      shown(table.removed, '-', red),
      shown(table.changed, '~', yellow),
      formatCount(table.same),
      table.note ?? '',
    ]);
  const alike = others.reduce((sum, { same }) => sum + same, 0);
  const which = `${formatCount(others.length)}${rows.length === 0 ? '' : ' other'} table${others.length === 1 ? '' : 's'}`;
  return [
    ...(rows.length === 0 ? [] : formatTable(COLUMNS, rows)),
    ...(others.length === 0 ? [] : [dim(`the same: ${which}, ${formatCount(alike)} rows`)]),
  ];
}
