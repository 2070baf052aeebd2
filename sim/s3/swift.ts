/**
 * A real S3 server for the real suite: OpenStack Swift with s3api from Debian's packages, which
 * checks signatures and keeps files. Installs what is missing (apt, as root or by sudo). Linux
 * only.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import type { S3Settings } from '../../src/settings/s3-endpoint.ts';
import { freePorts } from '../free-ports.ts';

const SCRIPT = fileURLToPath(new URL('./start-swift.sh', import.meta.url));
/** Installing takes a minute or two, starting half a minute. */
const START_MS = 300_000;
const STOP_MS = 15_000;

/** Starts Swift on free ports of 127.0.0.1 with one empty bucket; `close` removes its files too. */
export async function startSwift(): Promise<{ settings: S3Settings; close(): Promise<void> }> {
  const directory = await mkdtemp(join(tmpdir(), 'anime-bot-swift-'));
  const ports = await freePorts(5);
  // A process group of its own, so that stopping it reaches the servers and nobody else.
  const script = spawn(SCRIPT, [directory, ...ports.map(String)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  const close = async () => {
    await stop(script);
    await rm(directory, { recursive: true, force: true, maxRetries: 10 });
  };
  try {
    await ready(script);
    const settings: S3Settings = {
      endpoint: `http://127.0.0.1:${ports[0]}`,
      region: 'us-east-1',
      bucket: 'anime',
      accessKeyId: 'test:tester',
      secretAccessKey: 'testing',
      forcePathStyle: true,
    };
    await createBucket(settings);
    return { settings, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Resolves when the script says so; rejects when it ends before, or takes too long. */
async function ready(script: ChildProcess): Promise<void> {
  if (script.stdout === null) throw new Error('the script has no output');
  const lines = createInterface({ input: script.stdout });
  const outcome = new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('swift did not start in time')), START_MS);
    const finish = (action: () => void) => {
      clearTimeout(timer);
      action();
    };
    lines.on('line', (line) => {
      if (line === 'ready') finish(resolve);
    });
    script.once('error', (error) => finish(() => reject(error)));
    script.once('exit', (code) => finish(() => reject(new Error(`start-swift.sh ended with code ${code}`))));
  });
  await outcome;
}

async function stop(script: ChildProcess): Promise<void> {
  const { pid } = script;
  if (pid === undefined || script.exitCode !== null || script.signalCode !== null) return;
  const ended = once(script, 'exit');
  script.kill('SIGTERM');
  const timer = setTimeout(() => process.kill(-pid, 'SIGKILL'), STOP_MS);
  await ended;
  clearTimeout(timer);
}

/** Makes the bucket that `settings` name. */
async function createBucket(settings: S3Settings): Promise<void> {
  const client = new S3Client({
    endpoint: settings.endpoint,
    region: settings.region,
    credentials: { accessKeyId: settings.accessKeyId, secretAccessKey: settings.secretAccessKey },
    forcePathStyle: settings.forcePathStyle,
  });
  await client.send(new CreateBucketCommand({ Bucket: settings.bucket }));
  client.destroy();
}
