/**
 * The host's log: lines for people on a terminal, JSON where a program reads it, and LOG_FORMAT
 * decides over both.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { peopleFormat } from '../../src/hosts/node/log-lines.ts';
import { createLog } from '../../src/lib/log.ts';
import { childEnv } from '../support/child-env.ts';

const SCRIPT = '/usr/bin/script';
const NOON = new Date(2026, 0, 2, 12, 0, 5);

test('a line holds the time, what happened, and what of it', () => {
  const lines: string[] = [];
  const log = createLog(
    'info',
    (line) => lines.push(line),
    peopleFormat(() => NOON),
  );
  log.info('backup', { outcome: 'done', took_ms: 12, name: null, bytes: undefined });
  log.warn('webhook not set', { message: 'it is gone' });
  log.error('bell\u0007 and\nbreak');
  log.debug('not told');
  log.info('stopped');
  expect(lines).toEqual([
    '12:00:05  backup: outcome done, took ms 12',
    '12:00:05  webhook not set: it is gone',
    expect.stringMatching(/^12:00:05 {2}bell\S+ and\S+break$/),
    '12:00:05  stopped',
  ]);
});

test('updates that went well are told only to whoever wants every detail; others always', () => {
  const lines: string[] = [];
  for (const isVerbose of [false, true]) {
    const log = createLog(
      'info',
      (line) => lines.push(line),
      peopleFormat(() => NOON, { isVerbose }),
    );
    log.info('update', { handler: 'start', outcome: 'handled' });
    log.info('update', { handler: 'start', outcome: 'poison' });
  }
  expect(lines.map((line) => line.slice(10))).toEqual([
    'update: handler start, outcome poison',
    'update: handler start, outcome handled',
    'update: handler start, outcome poison',
  ]);
});

const PROGRAM = `
  const { createHostLog } = await import(${JSON.stringify(fileURLToPath(new URL('../../src/hosts/node/log-lines.ts', import.meta.url)))});
  const format = process.env.LOG_FORMAT;
  createHostLog({ logLevel: 'info', logFormat: format }).info('started', { bot: 'x' });`;
const ARGS = ['--input-type=module', '-e', PROGRAM];
const PEOPLE = /^\d\d:\d\d:\d\d {2}started: bot x\s*$/;
const JSON_LINE = /^\{"level":"info","event":"started","bot":"x"\}\s*$/;

test.each<[Record<string, string>, RegExp]>([
  [{}, JSON_LINE],
  [{ LOG_FORMAT: 'people' }, PEOPLE],
  [{ LOG_FORMAT: 'json' }, JSON_LINE],
])('into a pipe with %j', (env, line) => {
  const { stdout } = spawnSync(process.execPath, ARGS, { env, encoding: 'utf8' });
  expect(stdout).toMatch(line);
});

test.skipIf(!existsSync(SCRIPT)).each<[Record<string, string>, RegExp]>([
  [{}, PEOPLE],
  [{ LOG_FORMAT: 'json' }, JSON_LINE],
])('on a terminal with %j', (env, line) => {
  const { stdout } = spawnSync(SCRIPT, ['-qec', '"$NODE" --input-type=module -e "$PROGRAM"', '/dev/null'], {
    env: { ...childEnv(), NO_COLOR: '1', NODE: process.execPath, PROGRAM, ...env },
    encoding: 'utf8',
  });
  expect(stdout).toMatch(line);
});
