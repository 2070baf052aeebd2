import { badRequest } from './api-errors.ts';

/** Pixels: width plus height of a photo (Bot API, sendPhoto). */
const SIDES_MAX = 10_000;
const RATIO_MAX = 20;

/** Refuses what is no image for Telegram; gives a PNG's size, a usual one for other formats. */
export function checkImage(bytes: Uint8Array): { width: number; height: number } {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const head = view.toString('latin1', 0, 12);
  if (head.startsWith('\x89PNG') && bytes.length >= 24) {
    const [width, height] = [view.readUInt32BE(16), view.readUInt32BE(20)];
    const ratio = Math.max(width, height) / Math.max(1, Math.min(width, height));
    if (width + height > SIDES_MAX || ratio > RATIO_MAX) throw badRequest('PHOTO_INVALID_DIMENSIONS');
    return { width, height };
  }
  const isKnown = head.startsWith('\xff\xd8\xff') || head.startsWith('GIF8') || /^RIFF....WEBP/s.test(head);
  if (!isKnown) throw badRequest('IMAGE_PROCESS_FAILED');
  return { width: 1280, height: 720 };
}
