/** Numbers and dates in a picture: a 5 × 7 font of the few characters they need. */
import type { Canvas } from './png.ts';

/** Rows from the top, five bits each, the highest bit leftmost. */
const GLYPHS: Readonly<Record<string, readonly number[]>> = {
  '0': [14, 17, 19, 21, 25, 17, 14],
  '1': [4, 12, 4, 4, 4, 4, 14],
  '2': [14, 17, 1, 6, 8, 16, 31],
  '3': [30, 1, 1, 14, 1, 1, 30],
  '4': [2, 6, 10, 18, 31, 2, 2],
  '5': [31, 16, 30, 1, 1, 17, 14],
  '6': [6, 8, 16, 30, 17, 17, 14],
  '7': [31, 1, 2, 4, 8, 8, 8],
  '8': [14, 17, 17, 14, 17, 17, 14],
  '9': [14, 17, 17, 15, 1, 2, 12],
  '.': [0, 0, 0, 0, 0, 12, 12],
  '-': [0, 0, 0, 31, 0, 0, 0],
  k: [16, 16, 18, 20, 24, 20, 18],
  M: [17, 27, 21, 21, 17, 17, 17],
};
const WIDTH = 5;
const HEIGHT = 7;

export function textWidth(text: string, scale: number): number {
  return Math.max(0, text.length * (WIDTH + 1) - 1) * scale;
}

export function textHeight(scale: number): number {
  return HEIGHT * scale;
}

/** Draws from the left top corner; characters without a glyph leave a gap. */
export function drawText(
  canvas: Canvas,
  text: string,
  at: { readonly x: number; readonly y: number },
  style: { readonly scale: number; readonly colour: number },
): void {
  for (const [i, char] of [...text].entries())
    for (const [row, bits] of (GLYPHS[char] ?? []).entries())
      for (let column = 0; column < WIDTH; column++)
        if (((bits >> (WIDTH - 1 - column)) & 1) === 1)
          canvas.fill(
            at.x + (i * (WIDTH + 1) + column) * style.scale,
            at.y + row * style.scale,
            style.scale,
            style.scale,
            style.colour,
          );
}

/** 950, 1.2k, 35k, 1.2M: at most four characters. */
export function shortNumber(value: number): string {
  if (value < 1_000) return String(Math.round(value));
  const [unit, divisor] = value < 999_500 ? ['k', 1_000] : ['M', 1_000_000];
  const scaled = value / divisor;
  return `${scaled < 10 ? scaled.toFixed(1).replace(/\.0$/, '') : Math.round(scaled)}${unit}`;
}
