/**
 * What sealing costs: MB/s of plain database per gzip level, with and without age, in Node and in workerd; and opening again.
 * `node bench/envelope.ts [megabytes]` (default 64). The content is a real SQLite file of the bot's shape: Telegram file ids (random
 * base64), titles, timestamps, history rows. Workers freeze their clock, so workerd is timed from outside, a whole request at a time.
 */
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { unstable_startWorker } from 'wrangler';
import { generateKey } from '../src/backup/envelope/keys.ts';
import type { Encryption } from '../src/backup/envelope/types.ts';
import { openAgain, sealRepeated } from './envelope-task.ts';

const MB = 1e6;
const SAMPLE_MB = 8;
const megabytes = Number(process.argv[2] ?? 64);
const repeat = Math.ceil(megabytes / SAMPLE_MB);

/** The first megabytes of a database like the bot's. */
function sampleDatabase(): Uint8Array {
  const directory = mkdtempSync(join(tmpdir(), 'anime-bot-bench-'));
  const db = new DatabaseSync(join(directory, 'sample.db'));
  db.exec(`CREATE TABLE parts (id INTEGER PRIMARY KEY, code INTEGER, part INTEGER, file_id TEXT, caption TEXT, added TEXT);
    CREATE TABLE history (id INTEGER PRIMARY KEY, user_id INTEGER, code INTEGER, part INTEGER, viewed_at TEXT);
    CREATE INDEX history_user ON history (user_id, viewed_at)`);
  const part = db.prepare('INSERT INTO parts (code, part, file_id, caption, added) VALUES (?, ?, ?, ?, ?)');
  const seen = db.prepare('INSERT INTO history (user_id, code, part, viewed_at) VALUES (?, ?, ?, ?)');
  db.exec('BEGIN');
  for (let i = 0; i < 100_000; i++) {
    const time = new Date(1_704_067_200_000 + i * 61_000).toISOString().slice(0, 19).replace('T', ' ');
    const user = 1_000_000_000 + ((i * 7919) % 5_000_000);
    seen.run(user, i % 1000, i % 24, time);
    if (i % 10 !== 0) continue;
    const fileId = `BAACAgIAAxkBAAI${randomBytes(42).toString('base64url')}`;
    part.run(i % 1000, i % 24, fileId, `Наруто: ${i % 24}-qism`, time);
  }
  db.exec('COMMIT; VACUUM');
  db.close();
  const bytes = readFileSync(join(directory, 'sample.db'));
  rmSync(directory, { recursive: true });
  const sample = new Uint8Array(SAMPLE_MB * MB);
  for (let at = 0; at < sample.byteLength; at += bytes.byteLength)
    sample.set(bytes.subarray(0, sample.byteLength - at), at);
  return sample;
}

interface Runtime {
  readonly name: string;
  seal(level: number, encryption: Encryption | undefined): Promise<{ seconds: number; bytes: number }>;
}

function nodeRuntime(sample: Uint8Array): Runtime {
  return {
    name: 'node',
    async seal(level, encryption) {
      const start = performance.now();
      const { bytes } = await sealRepeated(sample, repeat, level, encryption);
      return { seconds: (performance.now() - start) / 1000, bytes };
    },
  };
}

async function workerdRuntime(sample: Uint8Array): Promise<Runtime & { close(): Promise<void> }> {
  const worker = await unstable_startWorker({
    name: 'bench-envelope',
    entrypoint: fileURLToPath(new URL('./envelope-task.ts', import.meta.url)),
    compatibilityDate: '2026-08-01',
    compatibilityFlags: ['nodejs_compat'],
    dev: { logLevel: 'error', server: { port: 0 }, inspector: false },
  });
  await worker.ready;
  return {
    name: 'workerd',
    async seal(level, encryption) {
      const task = encodeURIComponent(JSON.stringify({ repeat, level, encryption }));
      const start = performance.now();
      const response = await worker.fetch(`http://bench/?task=${task}`, { method: 'POST', body: sample });
      const answer = await response.text();
      const seconds = (performance.now() - start) / 1000;
      return { seconds, bytes: Number(answer) };
    },
    close: () => worker.dispose(),
  };
}

const sample = sampleDatabase();
const plainBytes = sample.byteLength * repeat;
const key = await generateKey();
const encryption: Encryption = { kind: 'recipients', recipients: [key.recipient] };
const workerd = await workerdRuntime(sample);

console.log(
  `${plainBytes / MB} MB of database (sha256 of the sample ${createHash('sha256').update(sample).digest('hex').slice(0, 12)})`,
);
console.log('runtime  level  age  MB/s   size');
for (const runtime of [nodeRuntime(sample), workerd]) {
  await runtime.seal(1, undefined);
  for (const level of [0, 1, 2, 3, 4, 5, 6, 7, 9]) {
    for (const age of [undefined, ...([1, 4, 6].includes(level) ? [encryption] : [])]) {
      const { seconds, bytes } = await runtime.seal(level, age);
      const speed = (plainBytes / MB / seconds).toFixed(1).padStart(6);
      const share = `${((bytes / plainBytes) * 100).toFixed(1)} %`.padStart(7);
      console.log(`${runtime.name.padEnd(8)} ${level}      ${age ? 'yes' : 'no '} ${speed} ${share}`);
    }
  }
}
await workerd.close();

for (const age of [undefined, encryption]) {
  const { chunks } = await sealRepeated(sample, repeat, 6, age, true);
  const start = performance.now();
  const opened = await openAgain(
    chunks,
    age === undefined ? undefined : { identities: [key.identity], passphrases: [] },
  );
  const speed = (plainBytes / MB / ((performance.now() - start) / 1000)).toFixed(1);
  if (opened !== plainBytes) throw new Error(`${opened} bytes came back, not ${plainBytes}`);
  console.log(`node     opening${age ? ', age' : ''}: ${speed} MB/s`);
}
