/** The chart is drawn in the Worker, which has no canvas. */
import { inflateSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { barChart } from '../../src/charts/bar-chart.ts';

test('a chart is drawn in workerd', () => {
  const png = Buffer.from(
    barChart([
      { label: '22.11', value: 5 },
      { label: '23.11', value: 1_234_567 },
    ]),
  );
  expect(png.toString('latin1', 1, 4)).toBe('PNG');
  const palette = png.indexOf('PLTE');
  const data = png.indexOf('IDAT');
  expect(palette).toBeGreaterThan(0);
  const pixels = inflateSync(png.subarray(data + 4, data + 4 + png.readUInt32BE(data - 4)));
  expect(pixels.length).toBe((1080 + 1) * 560);
});
