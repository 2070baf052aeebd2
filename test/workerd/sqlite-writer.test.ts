import { expect, test } from 'vitest';
import { SAMPLE_SHA256, writeSample } from '../backup/sqlite/sample.ts';

test('workerd writes the same SQLite file as Node, byte for byte', async () => {
  expect(navigator.userAgent).toBe('Cloudflare-Workers');
  const { sha256 } = await writeSample();
  expect(sha256).toBe(SAMPLE_SHA256);
});
