import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { generateKey } from '../../src/backup/envelope/keys.ts';
import { content, seal, unseal } from '../backup/envelope/suite.ts';
import { sha256 } from '../backup/store/helpers.ts';

const run = promisify(execFile);
const passphrase = 'otin sariq olma daraxti';
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'anime-bot-age-'));
});
afterAll(() => rm(directory, { recursive: true }));

/** Sizes around the chunk borders of age, with and without a head. */
const shapes = [
  [0, 0],
  [0, 10],
  [4096, 0],
  [4096, 100],
  [4096, 65_536 - 4111 - 8],
  [4096, 3_000_000],
  [0, 1_000_000],
] as const;

test.each(shapes)('stock age -d and gunzip open what we seal: head %i, rest %i', async (head, rest) => {
  const { identity, recipient } = await generateKey();
  const [key, file] = [join(directory, 'key.txt'), join(directory, 'sealed.gz.age')];
  await writeFile(key, `${identity}\n`);
  for (const gzipLevel of [0, 6]) {
    const plain = content(head + rest + 1, head, rest);
    await writeFile(file, await seal(plain, { kind: 'recipients', recipients: [recipient] }, { gzipLevel }));
    await run('sh', ['-c', 'age -d -i key.txt sealed.gz.age > sealed.gz && gunzip -c sealed.gz > plain'], {
      cwd: directory,
    });
    expect(sha256(await readFile(join(directory, 'plain')))).toBe(
      sha256(Buffer.concat([plain.head, plain.rest])),
    );
  }
});

test('stock age opens what a passphrase seals', async () => {
  const plain = content(5, 4096, 300_000);
  await writeFile(join(directory, 'p.gz.age'), await seal(plain, { kind: 'passphrase', passphrase }));
  // age asks on a terminal only; script gives it one.
  const age = spawn('sh', ['-c', 'script -qec "age -d -o p.gz p.gz.age" /dev/null'], {
    cwd: directory,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  age.stdout.on('data', (text: Buffer) => {
    if (text.toString().includes('Enter passphrase')) age.stdin.write(`${passphrase}\n`);
  });
  const code = await new Promise((resolve) => age.once('close', resolve));
  expect(code).toBe(0);
  await run('gunzip', ['p.gz'], { cwd: directory });
  expect(sha256(await readFile(join(directory, 'p')))).toBe(sha256(Buffer.concat([plain.head, plain.rest])));
});

test('we open what stock age and gzip make', async () => {
  const { identity, recipient } = await generateKey();
  const plain = content(6, 0, 700_000).rest;
  await writeFile(join(directory, 'theirs'), plain);
  await run('sh', ['-c', `gzip -c theirs | age -r ${recipient} > theirs.gz.age`], { cwd: directory });
  const sealed = await readFile(join(directory, 'theirs.gz.age'));
  expect(sha256(await unseal(sealed, { identities: [identity], passphrases: [] }))).toBe(sha256(plain));
});
