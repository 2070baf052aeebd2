/** `npm run pictures`: a newcomer's `npm start`, played in a browser to its end. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, inject, test } from 'vitest';

const script = fileURLToPath(new URL('../../dev/pictures/take-pictures.ts', import.meta.url));

test.skipIf(inject('chromium') === '')(
  'the pictures of the front pages are made anew',
  { timeout: 300_000 },
  async () => {
    const directory = mkdtempSync(join(tmpdir(), 'anime-pictures-test-'));
    try {
      const child = spawn(process.execPath, [script, '--to', directory], {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let errors = '';
      child.stderr.on('data', (chunk: Buffer) => {
        errors += chunk.toString();
      });
      const [code] = await once(child, 'close');
      expect({ code, errors }).toEqual({ code: 0, errors: '' });
      // `bench` has the plots of docs/performance.md.
      const pictures = readdirSync(new URL('../../docs/pictures', import.meta.url));
      const committed = pictures.filter((name) => name !== 'bench');
      expect(readdirSync(directory).sort()).toEqual(committed.sort());
      const digests = new Set(committed.map((name) => readFileSync(join(directory, name), 'base64')));
      expect(digests.size).toBe(committed.length);
    } finally {
      rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
    }
  },
);
