/** A cover for a sample anime, drawn by arithmetic. This file is its only author. */
import { crc32, deflateSync } from 'node:zlib';

type Colour = readonly [red: number, green: number, blue: number];

export interface Scene {
  readonly sky: readonly [top: Colour, bottom: Colour];
  readonly disc: Colour;
  /** The middle of the disc and its radius, as parts of the picture's height. */
  readonly at: readonly [x: number, y: number, radius: number];
  /** From far to near. */
  readonly hills: readonly Colour[];
  readonly hasStars: boolean;
}

const WIDTH = 640;
const HEIGHT = 360;

/** A PNG of 640 x 360. */
export function drawPicture(scene: Scene): Uint8Array {
  const rows = Array.from({ length: HEIGHT }, (_, y) => {
    const row = Buffer.alloc(1 + 3 * WIDTH);
    for (let x = 0; x < WIDTH; x += 1) row.set(colourAt(scene, x / HEIGHT, y / HEIGHT), 1 + 3 * x);
    return row;
  });
  const header = Buffer.alloc(13);
  header.writeUInt32BE(WIDTH, 0);
  header.writeUInt32BE(HEIGHT, 4);
  // Eight bits a channel, red green blue.
  header.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.concat(rows), { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** `x` from 0 to 16/9, `y` from 0 at the top to 1. */
function colourAt({ sky, disc, at, hills, hasStars }: Scene, x: number, y: number): Colour {
  for (const [i, hill] of [...hills].reverse().entries()) {
    const far = i + 1;
    const shape = Math.sin(x * (3 + far) + 5 * far * at[0]) + Math.sin(x * 11 + far) / 3;
    if (y > 1.02 - 0.12 * far - 0.04 * shape) return hill;
  }
  const distance = Math.hypot(x - at[0], y - at[1]) - at[2];
  if (distance < 0) return disc;
  if (hasStars && isStar(Math.floor(x * 180), Math.floor(y * 180))) return [255, 250, 225];
  const glow = Math.max(0, 1 - distance / 0.35) ** 2 / 2;
  return mix(mix(sky[0], sky[1], y), disc, glow);
}

function isStar(column: number, row: number): boolean {
  const noise = Math.sin(column * 127.1 + row * 311.7) * 43_758.5453;
  return noise - Math.floor(noise) > 0.9965;
}

function mix(a: Colour, b: Colour, part: number): Colour {
  const channel = (i: 0 | 1 | 2): number => Math.round(a[i] + (b[i] - a[i]) * part);
  return [channel(0), channel(1), channel(2)];
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
}
