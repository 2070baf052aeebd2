/**
 * Speed and memory of the backup document and the digests. `node bench/document.ts [megabytes of JSON]` (default 100).
 * Rows are made once and repeated, so that making them is not measured; the baselines are what the runtime's own JSON does with
 * the same rows all at once. Memory is sampled while the document is piped from writer to reader without being held anywhere.
 */
import { createDigestSink } from '../src/backup/digest.ts';
import { readLegacyDocument } from '../src/backup/document/legacy.ts';
import { readDocument } from '../src/backup/document/reader.ts';
import { createDocumentSink } from '../src/backup/document/writer.ts';
import type { DatabaseSchema, HeadLastWriter, Row, SnapshotSink, TableInfo } from '../src/backup/model.ts';

const MB = 1e6;
const BATCH = 500;
const META = { backupTime: new Date('2024-01-01T12:00:00Z'), appVersion: 'bench' };

const names = ['id', 'user_id', 'anime_code', 'part_number', 'viewed_at', 'title', 'file_id'];
const history: TableInfo = {
  name: 'user_history',
  sql: null,
  kind: 'table',
  withoutRowid: false,
  strict: false,
  autoincrement: false,
  rowidAlias: 0,
  columns: names.map((name) => {
    return {
      name,
      declaredType: 'INTEGER',
      notNull: false,
      defaultValue: null,
      primaryKey: 0,
      generated: 'no',
    };
  }),
};
const schema: DatabaseSchema = {
  objects: [],
  tables: [history],
  indexes: [],
  userVersion: 1,
  applicationId: 0,
  schemaVersion: 1,
};
const batch = Array.from({ length: BATCH }, (_, i): Row => {
  const id = BigInt(1_000_000 + i);
  const file = `BAACAgIAAxkBAAIBY2XyZ${'k3Qz_9-a'.repeat(6)}${i}`;
  return [
    id,
    id,
    7_000_000_000n + id,
    BigInt(i % 1000),
    BigInt(i % 24),
    '2024-01-01 12:00:00',
    `Наруто ${i}`,
    file,
  ];
});

async function feed(sink: SnapshotSink, batches: number): Promise<void> {
  const [target] = sink.targets(schema);
  if (target === undefined) throw new Error('no scan');
  await sink.begin(schema);
  await sink.beginScan(target);
  for (let i = 0; i < batches; i += 1) await sink.rows(batch);
  await sink.endScan();
  await sink.finish();
}

/** A writer and the stream that it fills; a write resolves when the reader has taken it. */
function pipe(): { out: HeadLastWriter<void>; body: ReadableStream<Uint8Array> } {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  const out: HeadLastWriter<void> = {
    write: (chunk) => writer.write(chunk),
    close: () => writer.close(),
    abort: (reason) => writer.abort(reason),
  };
  return { out, body: readable };
}

function counter(keep: Uint8Array[] = []): HeadLastWriter<void> & { bytes: number } {
  return {
    bytes: 0,
    async write(chunk) {
      this.bytes += chunk.length;
      keep.push(chunk);
    },
    async close() {},
    async abort() {},
  };
}

async function timed(name: string, bytes: number, run: () => unknown, baseline?: number): Promise<number> {
  const start = performance.now();
  await run();
  const rate = bytes / MB / ((performance.now() - start) / 1000);
  const ratio = baseline === undefined ? '' : `  ${(rate / baseline).toFixed(2)} of the baseline`;
  console.log(`${name.padEnd(34)}${rate.toFixed(0).padStart(6)} MB/s${ratio}`);
  return rate;
}

async function drain(events: AsyncIterable<unknown>): Promise<void> {
  for await (const event of events) if (event === undefined) throw new Error('no event');
}

const chunks: Uint8Array[] = [];
const sample = counter(chunks);
await feed(createDocumentSink(sample, META), 100);
const megabytes = Number(process.argv[2] ?? 100);
const batches = Math.ceil((megabytes * MB * 100) / sample.bytes);
const total = Math.round((sample.bytes / 100) * batches);
console.log(`${(total / MB).toFixed(0)} MB of JSON, ${batches * BATCH} rows`);

const repeats = Math.max(1, Math.round(batches / 100));
const sampleTotal = sample.bytes * repeats;
const { stringify, parse } = await baselines();
const nowhere = (): HeadLastWriter<void> => ({
  write: async () => {},
  close: async () => {},
  abort: async () => {},
});
await timed('writer', total, () => feed(createDocumentSink(nowhere(), META), batches), stringify);
await timed('reader (exact)', sampleTotal, () => repeated(() => drain(readDocument(source()))), parse);
await timed('reader (legacy)', sampleTotal, () => repeated(() => drain(readLegacyDocument(source()))), parse);
await timed('digest (rate in bytes of JSON)', total, () => feed(createDigestSink(), batches));

// Timers would not fire between promises that are always ready: each write takes its own sample.
let peak = 0;
chunks.length = 0;
const { out, body } = pipe();
const sampled: HeadLastWriter<void> = {
  ...out,
  write(chunk) {
    const { heapUsed, external } = process.memoryUsage();
    peak = Math.max(peak, heapUsed + external);
    return out.write(chunk);
  },
};
await timed('writer into reader', total, () => {
  return Promise.all([feed(createDocumentSink(sampled, META), batches), drain(readDocument(body))]);
});
console.log(`peak of heap and buffers meanwhile  ${(peak / MB).toFixed(0)} MB`);

/** In a function of its own, so that what it holds is not counted below. */
async function baselines(): Promise<{ stringify: number; parse: number }> {
  const text = new TextDecoder().decode(Buffer.concat(chunks));
  const plain: unknown = JSON.parse(text);
  const stringify = await timed('baseline JSON.stringify', sampleTotal, () => {
    for (let i = 0; i < repeats; i += 1) Buffer.from(JSON.stringify(plain));
  });
  const parse = await timed('baseline JSON.parse', sampleTotal, () => {
    for (let i = 0; i < repeats; i += 1) JSON.parse(text);
  });
  return { stringify, parse };
}

async function* source(): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

async function repeated(run: () => Promise<void>): Promise<void> {
  for (let i = 0; i < repeats; i += 1) await run();
}
