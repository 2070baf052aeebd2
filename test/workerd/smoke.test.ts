import { createHash } from 'node:crypto';
import zlib from 'node:zlib';
import { expect, test } from 'vitest';

test('workerd has what we need', () => {
  expect(createHash('sha256').update('a').digest('hex')).toHaveLength(64);
  expect(typeof zlib.crc32).toBe('function');
  expect(zlib.gunzipSync(zlib.gzipSync(Buffer.from('abc'), { level: 1 })).toString()).toBe('abc');
  expect(navigator.userAgent).toBe('Cloudflare-Workers');
});
