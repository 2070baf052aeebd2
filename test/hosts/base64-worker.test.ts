/** What stands in the Worker's bundle for packages must do what they do. */
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Base64 } from '../../src/hosts/worker/base64.worker.ts';

const require = createRequire(import.meta.url);
const client = createRequire(require.resolve('@libsql/client'));
const real = client('js-base64') as { readonly Base64: typeof Base64 };

test('base64 as js-base64 has it, padded or not', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const text = Base64.fromUint8Array(bytes);
      expect(text).toBe(real.Base64.fromUint8Array(bytes));
      for (const sent of [text, text.replaceAll('=', '')]) expect(Base64.toUint8Array(sent)).toEqual(bytes);
    }),
  );
});

test('a view of a larger buffer is itself only', () => {
  expect(Base64.fromUint8Array(new Uint8Array([1, 2, 3, 4]).subarray(1, 3))).toBe('AgM=');
});

test('nothing else is asked of them', () => {
  const config = readFileSync(new URL('../../wrangler.toml', import.meta.url), 'utf8');
  expect(config).toContain('"js-base64" = "./src/hosts/worker/base64.worker.ts"');
  for (const name of ['json_encode', 'json_decode']) {
    const path = client.resolve('@libsql/hrana-client').replace(/index\.js$/, `shared/${name}.js`);
    const used = [...readFileSync(path, 'utf8').matchAll(/Base64\.(\w+)/g)].map(([, method]) => method);
    expect(Object.keys(Base64)).toEqual(expect.arrayContaining(used));
  }
});

test('no event stream is asked of the S3 client, whose own are left out', () => {
  const config = readFileSync(new URL('../../wrangler.toml', import.meta.url), 'utf8');
  expect(config).toContain('"@smithy/core/event-streams" = "./src/hosts/worker/no-event-streams.worker.ts"');
  const store = new URL('../../src/backup/store/', import.meta.url);
  const sources = readdirSync(store).map((name) => readFileSync(new URL(name, store), 'utf8'));
  const asked = [...sources.join('').matchAll(/\b(\w+)Command\(/g)].map(([, command]) => command);
  expect(asked).toContain('GetObject');
  expect(asked).not.toContain('SelectObjectContent');
});
