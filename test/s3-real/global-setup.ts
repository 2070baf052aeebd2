import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { TestProject } from 'vitest/node';
import { startSwift } from '../../sim/s3/swift.ts';
import type { S3Settings } from '../../src/settings/s3-endpoint.ts';

/** The server to test against: the one that S3_TEST_* names, else a Swift of our own. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  await installAge();
  const given = fromEnvironment(process.env);
  if (given !== undefined) {
    project.provide('s3', { settings: given, kind: 'given' });
    return async () => {};
  }
  const swift = await startSwift();
  project.provide('s3', { settings: swift.settings, kind: 'swift' });
  return () => swift.close();
}

/** Debian's `age`, as an admin would use it on a backup. */
async function installAge(): Promise<void> {
  const run = promisify(execFile);
  const found = await run('age', ['--version']).then(
    () => true,
    () => false,
  );
  if (found) return;
  const apt = ['env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get'];
  const command = process.getuid?.() === 0 ? apt : ['sudo', ...apt];
  for (const args of [
    ['update', '-qq'],
    ['install', '-y', '-qq', '--no-install-recommends', 'age'],
  ]) {
    const [program = '', ...rest] = [...command, ...args];
    await run(program, rest);
  }
}

function fromEnvironment(env: NodeJS.ProcessEnv): S3Settings | undefined {
  const endpoint = env['S3_TEST_ENDPOINT'];
  if (endpoint === undefined || endpoint === '') return undefined;
  const need = (name: string): string => {
    const value = env[name];
    if (value === undefined || value === '') throw new Error(`S3_TEST_ENDPOINT is set, ${name} is not`);
    return value;
  };
  return {
    endpoint,
    region: env['S3_TEST_REGION'] ?? 'us-east-1',
    bucket: need('S3_TEST_BUCKET'),
    accessKeyId: need('S3_TEST_ACCESS_KEY_ID'),
    secretAccessKey: need('S3_TEST_SECRET_ACCESS_KEY'),
    forcePathStyle: env['S3_TEST_PATH_STYLE'] !== 'false',
  };
}

declare module 'vitest' {
  interface ProvidedContext {
    s3: { settings: S3Settings; kind: 'given' | 'swift' };
  }
}
