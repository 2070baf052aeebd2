/**
 * A bar chart of one number a day, as a PNG picture. The caption has the title, in the reader's
 * language.
 */
import { drawText, shortNumber, textHeight, textWidth } from './digits.ts';
import { Canvas, type Colour } from './png.ts';

export interface Bar {
  /** Written below the bar: digits and dots. */
  readonly label: string;
  readonly value: number;
}

/** Pixels; twice what a phone shows, so that it is sharp. */
const SIZE = { width: 1080, height: 560 } as const;
const MARGIN = { left: 100, right: 30, top: 60, bottom: 70 } as const;
const TEXT = 3;
const LINES = 4;

const PALETTE: readonly Colour[] = [
  [255, 255, 255],
  [228, 232, 238],
  [110, 120, 135],
  [64, 142, 214],
  [21, 82, 148],
];
const [WHITE, GRID, INK, FILL, LAST] = [0, 1, 2, 3, 4];

/** The last bar (today, not over yet) is darker. Values are whole and not negative. */
export function barChart(bars: readonly Bar[]): Uint8Array {
  const canvas = new Canvas(SIZE.width, SIZE.height, WHITE);
  const top = niceTop(bars.reduce((most, { value }) => Math.max(most, value), 1));
  const plot = {
    x: MARGIN.left,
    y: MARGIN.top,
    width: SIZE.width - MARGIN.left - MARGIN.right,
    height: SIZE.height - MARGIN.top - MARGIN.bottom,
  };
  const heightOf = (value: number): number => (value / top) * plot.height;
  drawGrid(canvas, plot, top);
  const step = plot.width / Math.max(1, bars.length);
  const gap = Math.max(1, step * 0.2);
  const every = labelEvery(bars, step);
  for (const [i, bar] of bars.entries()) {
    const x = plot.x + i * step;
    const height = heightOf(bar.value);
    const isLast = i === bars.length - 1;
    canvas.fill(x + gap / 2, plot.y + plot.height - height, step - gap, height, isLast ? LAST : FILL);
    // Counted from the end, so that today always has its date.
    if ((bars.length - 1 - i) % every === 0)
      drawCentred(canvas, bar.label, x + step / 2, plot.y + plot.height + 14);
    if (step >= textWidth('9999', 2) + 4 && bar.value > 0)
      drawCentred(canvas, shortNumber(bar.value), x + step / 2, plot.y + plot.height - height - 20, 2);
  }
  canvas.fill(plot.x, plot.y + plot.height, plot.width, 2, INK);
  return canvas.toPng(PALETTE);
}

function drawGrid(
  canvas: Canvas,
  plot: { x: number; y: number; width: number; height: number },
  top: number,
): void {
  for (let i = 0; i <= LINES; i++) {
    const y = plot.y + plot.height - (plot.height * i) / LINES;
    canvas.fill(plot.x, y, plot.width, 1, GRID);
    const text = shortNumber((top * i) / LINES);
    const at = { x: plot.x - 12 - textWidth(text, TEXT), y: y - textHeight(TEXT) / 2 };
    drawText(canvas, text, at, { scale: TEXT, colour: INK });
  }
}

function drawCentred(canvas: Canvas, text: string, x: number, y: number, scale = TEXT): void {
  drawText(canvas, text, { x: x - textWidth(text, scale) / 2, y }, { scale, colour: INK });
}

/** The number of bars between two labels. */
function labelEvery(bars: readonly Bar[], step: number): number {
  const widest = bars.reduce((most, { label }) => Math.max(most, textWidth(label, TEXT)), 0);
  return Math.max(1, Math.ceil((widest + 12) / step));
}

/** The next number that four lines divide well: 4, 8, 12, 20, 40, 80 … */
export function niceTop(value: number): number {
  let magnitude = 1;
  for (;;) {
    for (const factor of [4, 8, 12, 20, 28]) if (factor * magnitude >= value) return factor * magnitude;
    magnitude *= 10;
  }
}
