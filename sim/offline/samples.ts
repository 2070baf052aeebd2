/** Three sample anime for a new world, added by messages to the bot. All of it is our own work. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Database, sql } from '../../src/db/database.ts';
import { textsFor } from '../../src/locales/index.ts';
import type { Person } from '../telegram/start-telegram.ts';
import type { Telegram } from '../telegram/telegram.ts';
import { drawPicture, type Scene } from './picture.ts';

/**
 * This person is an owner at the first start only, and has a separate chat. Nobody can be them on
 * the page, so {@link giveSamplesTo} takes them out of the people again.
 */
export const SAMPLE_OWNER_ID = 1000;

const PARTS = 12;
/** Telegram's limit of an album. */
const ALBUM = 10;

interface Sample {
  readonly title: string;
  readonly about: string;
  /** Below samples/: three seconds, H.264, by ffmpeg (`geq`) with `-profile:v baseline -crf 34`. */
  readonly video: string;
  readonly scene: Scene;
}

const SAMPLES: readonly Sample[] = [
  {
    title: 'Oy ortidagi bog‘',
    about: 'Zilola har kecha oyning orqa tomonidagi bog‘ni sug‘oradi. Bir kuni darvoza ochiq qoladi.',
    video: '1.mp4',
    scene: {
      sky: [
        [24, 18, 62],
        [112, 74, 150],
      ],
      disc: [246, 240, 214],
      at: [1.25, 0.3, 0.15],
      hills: [
        [74, 52, 118],
        [46, 34, 86],
        [24, 20, 52],
      ],
      hasStars: true,
    },
  },
  {
    title: 'Temir qaldirg‘och',
    about: 'Usta Sobir yasagan temir qush uchishni emas, qaytib kelishni o‘rganishi kerak.',
    video: '2.mp4',
    scene: {
      sky: [
        [92, 190, 214],
        [226, 240, 206],
      ],
      disc: [255, 246, 196],
      at: [0.45, 0.34, 0.11],
      hills: [
        [126, 182, 132],
        [74, 142, 104],
        [36, 96, 82],
      ],
      hasStars: false,
    },
  },
  {
    title: 'Choyxonadagi ajdaho',
    about: 'Qishloq choyxonasiga kelgan ajdaho choyni juda issiq ichadi, hikoyani esa juda uzun aytadi.',
    video: '3.mp4',
    scene: {
      sky: [
        [122, 32, 58],
        [250, 166, 86],
      ],
      disc: [255, 220, 120],
      at: [0.9, 0.56, 0.2],
      hills: [
        [172, 74, 62],
        [116, 44, 56],
        [62, 24, 44],
      ],
      hasStars: false,
    },
  },
];

/** Resolves when the bot has all of them, under the codes 1, 2 and 3. */
export async function addSamples(telegram: Telegram): Promise<void> {
  const owner = telegram.person({ id: SAMPLE_OWNER_ID, firstName: 'Namuna', languageCode: 'uz' });
  await telegram.polling();
  await owner.start();
  for (const [i, sample] of SAMPLES.entries()) await addSample(owner, sample, i + 1);
}

/** As if that admin had added them, and nobody had used the bot yet. */
export async function giveSamplesTo(adminId: number, db: Database): Promise<void> {
  await db.write([
    sql('DELETE FROM users WHERE user_id = ?', SAMPLE_OWNER_ID),
    sql('DELETE FROM counters'),
    sql('UPDATE audit_log SET user_id = ? WHERE user_id = ?', adminId, SAMPLE_OWNER_ID),
  ]);
}

async function addSample(owner: Person, { title, about, video, scene }: Sample, code: number): Promise<void> {
  const { draft, system } = textsFor('uz').admin;
  await owner.send('/admin');
  await press(owner, system.addAnime());
  await owner.send({
    photo: { bytes: drawPicture(scene), width: 640, height: 360, mime: 'image/png' },
    caption: `${title}\n${about}`,
  });
  const base = readFileSync(join(import.meta.dirname, 'samples', video));
  const parts = Array.from({ length: PARTS }, (_, i) => ({
    video: {
      name: `${video.replace('.mp4', '')}-${i + 1}.mp4`,
      bytes: Buffer.concat([base, mark(`part ${i + 1} of sample ${code}`)]),
      width: 160,
      height: 90,
      duration: 3,
    },
  }));
  await owner.sendAlbum(parts.slice(0, ALBUM));
  await owner.sendAlbum(parts.slice(ALBUM));
  // The bot counts the parts on the button a moment later.
  await press(owner, draft.finish(PARTS).replace(/\d.*/, ''));
  await press(owner, draft.takeCode(code));
  await press(owner, draft.goOn());
  await press(owner, draft.publish());
}

/** A box that players skip (ISO 14496-12, `free`), so that no two parts are the same file. */
function mark(text: string): Uint8Array {
  const size = Buffer.alloc(4);
  size.writeUInt32BE(8 + text.length);
  return Buffer.concat([size, Buffer.from(`free${text}`, 'latin1')]);
}

/** Longer than a bot on a busy machine needs to answer an album. */
const ANSWER_MS = 30_000;

/** Presses the newest button with this beginning. The bot answers an album a moment later. */
async function press(owner: Person, label: string): Promise<void> {
  for (const end = Date.now() + ANSWER_MS; ; await sleep(50)) {
    const buttons = owner
      .messages()
      .flatMap((message) => message.keyboard.flat().map(({ text }) => ({ message, text })));
    const found = buttons.findLast(({ text }) => text.startsWith(label));
    if (found !== undefined) return void (await owner.press(found.message, found.text));
    if (Date.now() > end)
      throw new Error(`the samples could not be added: the bot shows no button ${JSON.stringify(label)}`);
  }
}
