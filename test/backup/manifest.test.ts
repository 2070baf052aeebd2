import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  createManifest,
  type ManifestDraft,
  ManifestError,
  parseManifest,
  serializeManifest,
} from '../../src/backup/catalog/manifest.ts';

const HASH = 'ab'.repeat(32);

function object(file: string) {
  return {
    file,
    bytes: 30,
    sha256: HASH,
    encoding: ['gzip' as const],
    recipients: [],
    parts: [
      { bytes: 20, sha256: HASH },
      { bytes: 10, sha256: HASH },
    ],
    contents: { bytes: 100, head_bytes: 0, head_sha256: HASH, rest_sha256: HASH },
  };
}

const draft: ManifestDraft = {
  name: '20240101_120000',
  app_version: '0.1.0',
  schema_version: 2,
  trigger: 'schedule',
  scheduled_at: '2024-01-01T12:00:00.000Z',
  started_at: '2024-01-01T12:00:01.000Z',
  finished_at: '2024-01-01T12:00:05.000Z',
  objects: {
    database: object('anime_bot_20240101_120000.db.gz'),
    document: object('anime_backup_20240101_120000.json.gz'),
  },
  schema_sha256: HASH,
  tables: [{ name: 'anime', kind: 'table', rows: 3, sha256: HASH }],
  libraries: { node: '24.0.0', __proto__x: '1' },
  verified_at: '2024-01-01T12:00:05.000Z',
  proof: ['read back'],
};

const bytes = serializeManifest(createManifest(draft));

test('comes back as it was written', () => {
  const manifest = parseManifest(bytes);
  expect(manifest).toEqual(createManifest(draft));
  expect(Buffer.from(serializeManifest(manifest))).toEqual(Buffer.from(bytes));
});

const changes: NonNullable<ManifestDraft['changes']> = {
  timeline: '0123456789abcdef0123456789abcdef',
  seq: 12,
  previous: { base: '20231231_120000' },
  since: '2023-12-31T12:00:00.000Z',
  parent: null,
  reason: 'new',
  schema_sha256: HASH,
};

test('one that names its place in the change log is of version 2, and comes back', () => {
  const manifest = createManifest({ ...draft, changes });
  expect(manifest).toMatchObject({ version: 2, changes });
  expect(parseManifest(serializeManifest(manifest))).toEqual(manifest);
  expect(createManifest(draft).version).toBe(1);
  const forged = { ...createManifest(draft), changes };
  expect(() => parseManifest(serializeManifest(forged))).toThrow(/manifest version: 2 is of one/);
});

test('one that names its bot is of version 3, with its place in the change log or without', () => {
  const bot = { id: 7, username: 'a_bot', before: 'old_bot' };
  for (const more of [{}, { changes }]) {
    const manifest = createManifest({ ...draft, ...more, bot });
    expect(manifest).toMatchObject({ version: 3, bot });
    expect(parseManifest(serializeManifest(manifest))).toEqual(manifest);
  }
  const forged = { ...createManifest({ ...draft, changes }), bot };
  expect(() => parseManifest(serializeManifest(forged))).toThrow(
    /manifest version: 3 is of one that names its bot/,
  );
});

test('is readable JSON for anybody', () => {
  const file = JSON.parse(Buffer.from(bytes).toString('utf8'));
  expect(file).toMatchObject({
    format: 'anime-bot-backup',
    version: 1,
    state: 'verified',
    tables: [{ rows: 3 }],
  });
});

test('a flipped bit anywhere is found', () => {
  for (let bit = 0; bit < bytes.byteLength * 8; bit += 1) {
    const flipped = Uint8Array.from(bytes);
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    expect(() => parseManifest(flipped), `bit ${bit}`).toThrow(ManifestError);
  }
});

test('one in which a name stands twice is refused, though its hash agrees', () => {
  const [text = ''] = Buffer.from(serializeManifest(createManifest(draft)))
    .toString()
    .split(',\n  "sha256": "');
  const body = text.replace('{', '{\n  "name": "20990101_120000",');
  const seal = createHash('sha256').update(body).digest('hex');
  const bytes = Buffer.from(`${body},\n  "sha256": "${seal}"\n}\n`);
  expect(() => parseManifest(bytes)).toThrow('a name may stand in it twice');
});

test('a cut or a longer one is refused', () => {
  for (let length = 0; length < bytes.byteLength; length += 1)
    expect(() => parseManifest(bytes.subarray(0, length)), `length ${length}`).toThrow(ManifestError);
  for (const extra of ['\n', ' ', '{}', '\0']) {
    expect(() => parseManifest(Buffer.concat([bytes, Buffer.from(extra)]))).toThrow(ManifestError);
    expect(() => parseManifest(Buffer.concat([Buffer.from(extra), bytes]))).toThrow(ManifestError);
  }
});

test('any bytes are a manifest or a ManifestError', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (noise) => {
      expect(() => parseManifest(noise)).toThrow(ManifestError);
    }),
  );
});

describe('says what is wrong', () => {
  test.each<[string, Partial<Record<keyof ManifestDraft, unknown>>, RegExp]>([
    ['a hash', { schema_sha256: 'x' }, /schema_sha256: is not a hex SHA-256/],
    [
      'a table',
      { tables: [{ name: 'a', kind: 'table', rows: -1, sha256: HASH }] },
      /tables\.0\.rows: is negative/,
    ],
    ['a time', { started_at: 'yesterday' }, /started_at: is not a time/],
    ['a name', { name: '20240231_000000' }, /name: is not a backup name/],
    ['no proof', { proof: [] }, /proof: is empty/],
    [
      'parts that do not add up',
      { objects: { ...draft.objects, database: { ...draft.objects.database, bytes: 31 } } },
      /objects.database: parts do not add up/,
    ],
    [
      'a file of another backup',
      { objects: { ...draft.objects, document: object('anime_backup_20240101_120001.json.gz') } },
      /objects.document: file .* does not belong/,
    ],
    [
      'a file out of the bucket',
      { objects: { ...draft.objects, document: object('../../etc/passwd') } },
      /objects.document: file .* does not belong/,
    ],
  ])('%s', (_, change, message) => {
    expect(() => createManifest({ ...draft, ...change } as ManifestDraft)).toThrow(message);
  });

  test('a newer program', () => {
    const newer = { ...createManifest(draft), version: 4 } as unknown;
    expect(() => parseManifest(serializeManifest(newer as ReturnType<typeof createManifest>))).toThrow(
      /version 4 is newer than this program/,
    );
  });

  test('something else altogether', () => {
    expect(() => parseManifest(Buffer.from('{"anime":[]}'))).toThrow('not a manifest');
  });
});

test('what it quotes of a forged manifest is short', () => {
  const text = Buffer.from(serializeManifest(createManifest(draft))).toString();
  for (const [from, to] of [
    ['"schedule"', JSON.stringify('a'.repeat(100_000))],
    ['"trigger"', JSON.stringify('k'.repeat(100_000))],
  ] as const) {
    const value = JSON.parse(text.replace(from, to)) as object;
    const forged = serializeManifest(value as ReturnType<typeof createManifest>);
    let said = '';
    try {
      parseManifest(forged);
    } catch (error) {
      said = String(error);
    }
    expect(said).toContain('manifest');
    expect(said.length).toBeLessThan(500);
  }
});
