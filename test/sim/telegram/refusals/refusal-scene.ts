import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Person, type Room, startTelegram } from '../../../../sim/telegram/start-telegram.ts';
import type { Telegram } from '../../../../sim/telegram/telegram.ts';
import { type Answer, call, manualClock, messageId } from '../call.ts';

/** What a case may use. Every case gets fresh people and chats, so that none depends on another. */
export interface Scene {
  telegram: Telegram;
  viewer: Person;
  channel: Room;
  advance: (seconds: number) => void;
  call: (method: string, params: object) => Promise<Answer>;
  /** Sends a text to the viewer and gives its id. */
  text: (params?: object) => Promise<number>;
  /** Sends a photo to the viewer and gives its id. */
  photo: (params?: object) => Promise<number>;
  fileId: (kind: 'photo' | 'video' | 'document' | 'animation') => Promise<string>;
}

/** A name, the description Telegram answers with, the call, and the status where it is not 400. */
export type Case = [
  name: string,
  description: string | RegExp,
  act: (scene: Scene) => Promise<Answer>,
  status?: number,
];

/** Runs every case on a scene of its own, on one stand-in. */
export function describeRefusals(subject: string, cases: Case[]): void {
  describe(`refuses in Telegram’s words: ${subject}`, () => {
    const clock = manualClock();
    let telegram: Telegram;
    beforeAll(async () => {
      telegram = await startTelegram({ clock: clock.now });
    });
    afterAll(async () => {
      await telegram.close();
    });
    it.each(cases)('%s', async (_name, description, act, status = 400) => {
      expect(await act(await openScene(telegram, clock.advance))).toMatchObject({
        status,
        ok: false,
        error_code: status,
        description: typeof description === 'string' ? description : expect.stringMatching(description),
      });
    });
  });
}

async function openScene(telegram: Telegram, advance: (seconds: number) => void): Promise<Scene> {
  const viewer = telegram.person();
  await viewer.start();
  const doCall = (method: string, params: object): Promise<Answer> => call(telegram, method, params);
  const fileId: Scene['fileId'] = async (kind) => {
    const sent =
      kind === 'photo'
        ? await viewer.send({ photo: true })
        : kind === 'video'
          ? await viewer.send({ video: true })
          : kind === 'document'
            ? await viewer.send({ document: true })
            : await viewer.send({ animation: true });
    return sent.file?.fileId ?? '';
  };
  return {
    telegram,
    viewer,
    channel: telegram.channel(),
    advance,
    call: doCall,
    fileId,
    text: async (params = {}) =>
      messageId(await doCall('sendMessage', { chat_id: viewer.id, text: 'x', ...params })),
    photo: async (params = {}) =>
      messageId(await doCall('sendPhoto', { chat_id: viewer.id, photo: await fileId('photo'), ...params })),
  };
}

/** sendMessage to the viewer. */
export const send =
  (text: unknown, params: object = {}) =>
  ({ call: doCall, viewer }: Scene): Promise<Answer> =>
    doCall('sendMessage', { chat_id: viewer.id, text, ...params });
export const html = (text: string) => send(text, { parse_mode: 'HTML' });
export const keyboard = (...buttons: object[]) => send('x', { reply_markup: { inline_keyboard: [buttons] } });
export const photoWith =
  (caption: string) =>
  async ({ call: doCall, viewer, fileId }: Scene): Promise<Answer> =>
    doCall('sendPhoto', { chat_id: viewer.id, photo: await fileId('photo'), caption, parse_mode: 'HTML' });
