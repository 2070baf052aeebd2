/** Which browser the page's tests and pictures take. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findChromium, installFonts, NoBrowser } from '../../dev/chromium.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'browsers-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true, maxRetries: 10 }));

test('the one that CHROMIUM names, else the first in PATH that can be run', () => {
  const path = join(folder, 'google-chrome');
  writeFileSync(path, '', { mode: 0o755 });
  writeFileSync(join(folder, 'chromium'), '', { mode: 0o644 });
  const PATH = ['/nowhere', folder].join(delimiter);
  expect(findChromium({ PATH })).toBe(path);
  expect(findChromium({ PATH, CHROMIUM: '' })).toBe(path);
  expect(findChromium({ PATH, CHROMIUM: '/opt/mine' })).toBe('/opt/mine');
});

test('where none is and none can be installed, one sentence says what to do', () => {
  const find = (): unknown => findChromium({ PATH: folder });
  expect(find).toThrow(NoBrowser);
  expect(find).toThrow(
    /^Debian's chromium, .* cannot be installed \(.*\): install a Chromium, or name one in CHROMIUM$/,
  );
  expect(() => installFonts({ PATH: folder })).toThrow(NoBrowser);
});

test('what is missing is installed by apt-get, with its fonts', () => {
  const apt = join(folder, 'apt-get');
  writeFileSync(
    apt,
    `#!/bin/sh\n[ "$2" = install ] || exit 0\necho "$@" > ${folder}/said\n: > ${folder}/chromium\n/bin/chmod +x ${folder}/chromium\n`,
    { mode: 0o755 },
  );
  writeFileSync(join(folder, 'sudo'), '#!/bin/sh\nshift\nexec "$@"\n', { mode: 0o755 });
  expect(findChromium({ PATH: folder })).toBe(join(folder, 'chromium'));
});
