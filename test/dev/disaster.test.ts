/** Nothing is left but a backup elsewhere, its key and the archive channel: all comes back. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { disaster } from '../../dev/disaster/disaster.ts';

test('bot, database and first bucket are gone: catalogue, users, history and every video come back', {
  timeout: 120_000,
}, async () => {
  const directory = mkdtempSync(join(tmpdir(), 'disaster-'));
  const said: string[] = [];
  const keep = (text: string): void => void said.push(text);
  try {
    await disaster({ directory, anime: 2, parts: 3, viewers: 2, heading: keep, done: keep });
  } finally {
    rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
  }
  expect(said.join('\n')).toContain('2 anime, 6 parts, 3 users');
  expect(said.join('\n')).toContain('all 6 videos play at once, as copies from the channel');
  expect(said.join('\n')).toContain('all 6 videos play, by file ids of the new bot');
});
