/** A comparison of two databases as lines for people. Pure. */
import type { TableDiff } from '../../backup/diff.ts';
import { type Column, formatCount, formatTable } from '../format.ts';
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
  const rows = tables.map((table) => [
    table.table,
    shown(table.added, '+', green),
    shown(table.removed, '-', red),
    shown(table.changed, '~', yellow),
    formatCount(table.same),
    table.note ?? '',
  ]);
  return formatTable(COLUMNS, rows);
}
