/** A log that cannot be written ends no host: lines are dropped, counted, and the count is told. */
import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { createLogOutput, type LogStream } from '../../src/hosts/node/log-output.ts';
import { childEnv } from '../support/child-env.ts';

test('what cannot be written is dropped and counted, and the count told when there is room again', () => {
  const taken: string[] = [];
  let fail = (): void => {};
  let isFull = false;
  const stream: LogStream = {
    write: (line) => taken.push(line),
    onError: (listener) => {
      fail = listener;
    },
    writeNow(text) {
      if (isFull) throw Object.assign(new Error('full'), { code: 'ENOSPC' });
      taken.push(text);
    },
  };
  const log = createLogOutput(stream, (dropped) => `${dropped} dropped`);
  log('one');
  isFull = true;
  fail();
  log('two');
  log('three');
  isFull = false;
  log('four');
  log('five');
  expect(taken).toEqual(['one', '\n3 dropped\n', 'four\n', 'five\n']);
});

const url = (name: string): string => new URL(`../../src/hosts/node/${name}`, import.meta.url).href;
const PROGRAM = `
  const { createHostLog } = await import(${JSON.stringify(url('log-lines.ts'))});
  const { outliveOutputs } = await import(${JSON.stringify(url('log-output.ts'))});
  outliveOutputs();
  const log = createHostLog({ logLevel: 'info', timeZone: 'UTC' });
  const later = () => new Promise((resolve) => setTimeout(resolve, 5));
  for (let i = 0; i < 5; i += 1) { log.info('started'); console.log('x'); console.error('y'); await later(); }
  process.exitCode = 7;`;

test.skipIf(!existsSync('/dev/full'))('standard output and error on a full disk: the process goes on', () => {
  const full = openSync('/dev/full', 'w');
  const { status, signal } = spawnSync(process.execPath, ['--input-type=module', '-e', PROGRAM], {
    cwd: fileURLToPath(new URL('.', import.meta.url)),
    env: childEnv(),
    stdio: ['ignore', full, full],
  });
  closeSync(full);
  expect({ status, signal }).toEqual({ status: 7, signal: null });
});
