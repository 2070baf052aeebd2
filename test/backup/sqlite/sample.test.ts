import { expect, test } from 'vitest';
import { integrity, openBytes } from './oracle.ts';
import { SAMPLE_ROWS, SAMPLE_SHA256, writeSample } from './sample.ts';

test('the sample is a sound database, and the one workerd is compared with', async () => {
  const { bytes, sha256 } = await writeSample();
  using db = openBytes(bytes);
  expect(integrity(db)).toEqual(['ok']);
  expect(db.prepare('SELECT count(*) AS n FROM anime INDEXED BY anime_by_title').get()).toEqual({
    n: SAMPLE_ROWS,
  });
  expect(
    db.prepare("SELECT hits FROM words WHERE word = 'ўзбек 00003 наруто 😀 наруто 😀 наруто 😀 '").get(),
  ).toEqual({ hits: 3 });
  expect(sha256).toBe(SAMPLE_SHA256);
});
