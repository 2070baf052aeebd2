import { expect, test } from 'vitest';
import { createColors, inked } from '../../src/cli/ink.ts';
import { createProgressBar, progressLine } from '../../src/cli/progress-bar.ts';
import { formatTable } from '../../src/cli/table.ts';
import type { Terminal } from '../../src/cli/terminal.ts';
import { formatBytes, formatCount, formatDuration } from '../../src/text/format.ts';

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.0 KB'],
  [9949, '9.9 KB'],
  [9950, '10 KB'],
  [999_499, '999 KB'],
  [999_500, '1.0 MB'],
  [1_234_567_890, '1.2 GB'],
  [5e15, '5000 TB'],
])('%d bytes are %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

test.each([
  [-5000, '0 s'],
  [0, '0 s'],
  [119_400, '119 s'],
  [120_000, '2 min'],
  [119.4 * 60_000, '119 min'],
  [3 * 3_600_000, '3 h'],
  [47.4 * 3_600_000, '47 h'],
  [90 * 86_400_000, '90 d'],
])('%d ms are %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

test('columns align, and colours take no room', () => {
  const red = createColors(true).red('red');
  expect(inked(red)).toBe('\u001b[31mred\u001b[39m');
  expect(
    formatTable(
      [{ title: 'A' }, { title: 'NUMBER', align: 'right' }, { title: '' }],
      [
        ['x', '1', ''],
        [red, '1234567', 'end'],
      ],
    ),
  ).toEqual(['A     NUMBER', 'x          1', `${red}  1234567  end`]);
  expect(formatCount(1234567)).toBe('1,234,567');
});

test('a progress line tells share, rate and time left once they are known', () => {
  expect(progressLine({ label: 'saving', bytes: 0, total: undefined }, 0)).toBe('saving');
  expect(progressLine({ label: 'saving', bytes: 25e6, total: 100e6, rows: 1200 }, 5000)).toBe(
    'saving      ████░░░░░░░░░░░░   25%  25 MB  1,200 rows  5.0 MB/s  15 s left',
  );
  // An estimate that was too low.
  expect(progressLine({ label: 'saving', bytes: 120, total: 100 }, 2000)).toContain('100%');
});

test('the bar is drawn now and then, and only for somebody who watches', () => {
  const drawn: string[] = [];
  let time = 0;
  const terminal = { watched: true, draw: (line: string) => void drawn.push(line) };
  const bar = createProgressBar(terminal as Terminal, () => time);
  for (time = 0; time < 1000; time += 10) bar({ label: 'reading', bytes: time, total: 1000 });
  expect(drawn).toHaveLength(10);
  const silent = createProgressBar({ ...terminal, watched: false } as Terminal, () => 0);
  silent({ label: 'reading', bytes: 1, total: 1 });
  expect(drawn).toHaveLength(10);
});
