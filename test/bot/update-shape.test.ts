import { expect, test } from 'vitest';
import { isUpdate } from '../../src/bot/update-shape.ts';

const message = (more: object): unknown => ({
  update_id: 1,
  message: { message_id: 1, date: 1, chat: { id: 1, type: 'private' }, from: { id: 1 }, ...more },
});
const file = { file_id: 'x', file_unique_id: 'y' };

// https://core.telegram.org/bots/api#video: both are of every file, whatever kind.
test.each(['video', 'document', 'animation', 'audio', 'voice', 'video_note'])(
  'a %s has both ids of a file',
  (kind) => {
    expect(isUpdate(message({ [kind]: file }))).toBe(true);
    for (const lacking of ['file_id', 'file_unique_id'])
      expect(isUpdate(message({ [kind]: { ...file, [lacking]: undefined } })), lacking).toBe(false);
  },
);

test('so does every size of a photo', () => {
  expect(isUpdate(message({ photo: [file, file] }))).toBe(true);
  expect(isUpdate(message({ photo: [file, { file_id: 'x' }] }))).toBe(false);
});
