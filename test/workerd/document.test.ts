import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { readDocument } from '../../src/backup/document/reader.ts';
import { createDocumentSink } from '../../src/backup/document/writer.ts';
import { createDigestSink } from '../../src/backup/model/digest.ts';
import { FIXED, FIXED_DIGESTS, FIXED_DOCUMENT, FIXED_META } from '../backup/document/fixed.ts';
import { drive, memoryWriter } from '../backup/document/support.ts';

async function write(): Promise<Uint8Array<ArrayBuffer>> {
  const out = memoryWriter();
  await drive(createDocumentSink(out, FIXED_META), FIXED, 300);
  return new Uint8Array(out.bytes());
}

test('workerd makes the same bytes and digests as Node', async () => {
  expect(
    createHash('sha256')
      .update(await write())
      .digest('hex'),
  ).toBe(FIXED_DOCUMENT);
  const digests = createDigestSink();
  await drive(digests, FIXED, 300);
  expect(Object.fromEntries(digests.result().map((one) => [one.table, one.sha256]))).toEqual(FIXED_DIGESTS);
});

test('workerd reads the document back from a stream, to its end', async () => {
  const rows = new Map<string, number>();
  const strings: string[] = [];
  for await (const event of readDocument(new Response(await write()).body ?? new ReadableStream())) {
    if (event.kind === 'end') expect(event.counts).toEqual(rows);
    if (event.kind !== 'rows') continue;
    rows.set(event.table.name, (rows.get(event.table.name) ?? 0) + event.rows.length);
    if (event.table.name === 'o"dd')
      strings.push(...event.rows.map((row) => `${typeof row[1]} ${String(row[1])}`));
  }
  expect(rows).toEqual(new Map([...FIXED.rows].map(([name, list]) => [name, list.length])));
  expect(strings).toContain('bigint 9223372036854775807');
  expect(strings).toContain('number -Infinity');
  expect(strings).toContain('string Наруто — oʻlim 🎬');
});

test('workerd finds a flipped bit', async () => {
  const bytes = await write();
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
  const reading = (async () => {
    for await (const event of readDocument(new Response(bytes).body ?? new ReadableStream()))
      expect(event.kind).not.toBe('end');
  })();
  await expect(reading).rejects.toMatchObject({ name: 'DocumentError' });
});
