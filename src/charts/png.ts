/**
 * A PNG of few colours: one byte a pixel, an index into a palette. Written by hand over node:zlib,
 * because a Worker has no canvas (PNG specification, third edition: 5 "Datastream structure", 11
 * "Chunk specifications").
 */
import { crc32, deflateSync } from 'node:zlib';

export type Colour = readonly [red: number, green: number, blue: number];

/** An image under construction; it ignores what lies outside. */
export class Canvas {
  readonly width: number;
  readonly height: number;
  readonly #pixels: Uint8Array;

  /** @param background index of the palette's colour that fills it */
  constructor(width: number, height: number, background: number) {
    this.width = width;
    this.height = height;
    this.#pixels = new Uint8Array(width * height).fill(background);
  }

  /** A filled rectangle; fractions are rounded to whole pixels. */
  fill(x: number, y: number, width: number, height: number, colour: number): void {
    const left = Math.max(0, Math.round(x));
    const right = Math.min(this.width, Math.round(x + width));
    const top = Math.max(0, Math.round(y));
    const bottom = Math.min(this.height, Math.round(y + height));
    for (let row = top; row < bottom; row++)
      if (right > left) this.#pixels.fill(colour, row * this.width + left, row * this.width + right);
  }

  /** @param palette at most 256 colours */
  toPng(palette: readonly Colour[]): Uint8Array {
    const header = Buffer.alloc(13);
    header.writeUInt32BE(this.width, 0);
    header.writeUInt32BE(this.height, 4);
    header.set([8, 3, 0, 0, 0], 8);
    const rows = Buffer.alloc((this.width + 1) * this.height);
    for (let row = 0; row < this.height; row++)
      // A row begins with its filter: none.
      rows.set(this.#pixels.subarray(row * this.width, (row + 1) * this.width), row * (this.width + 1) + 1);
    return Buffer.concat([
      Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
      chunk('IHDR', header),
      chunk('PLTE', Buffer.from(palette.flat())),
      chunk('IDAT', deflateSync(rows)),
      chunk('IEND', Buffer.alloc(0)),
    ]);
  }
}

function chunk(type: string, data: Buffer): Buffer {
  const framed = Buffer.alloc(data.length + 12);
  framed.writeUInt32BE(data.length, 0);
  framed.write(type, 4, 'latin1');
  framed.set(data, 8);
  framed.writeUInt32BE(crc32(framed.subarray(4, 8 + data.length)), 8 + data.length);
  return framed;
}
