/** The host's log: lines for people on a terminal, JSON for programs, LOG_FORMAT over both. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { peopleFormat } from '../../src/hosts/node/log-lines.ts';
import { createLog } from '../../src/lib/log.ts';
import { childEnv } from '../support/child-env.ts';

const SCRIPT = '/usr/bin/script';
const NOON = new Date('2026-01-02T07:00:05Z');

test('a line holds the time, what happened, and what of it', () => {
  const lines: string[] = [];
  const log = createLog(
    'info',
    (line) => lines.push(line),
    peopleFormat(() => NOON),
  );
  log.info('disk', { outcome: 'done', took_ms: 12, name: null, bytes: undefined });
  log.warn('webhook not set', { message: 'it is gone' });
  // As a person would say it: no names of fields.
  log.error('polling failed', { remedy: 'look at the network', error: 'HttpError: x', retry_in_ms: 8_000 });
  log.warn('second copy', { problem: 'it is full', left: 2 });
  log.error('behind', { until: 'noon', message: 'to bring it back: npm run backup -- restore latest' });
  log.error('bell\u0007 and\nbreak');
  log.debug('not told');
  log.info('stopped');
  expect(lines).toEqual([
    '12:00:05  disk: outcome done, took ms 12',
    '12:00:05  webhook not set: it is gone',
    '12:00:05  polling failed: look at the network, HttpError: x, tried again in 8 s',
    '12:00:05  second copy: it is full, 2 left',
    '12:00:05  behind: until noon, to bring it back: npm run backup -- restore latest',
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
    log.info('update', { update_id: 6, handler: 'start', outcome: 'handled', ms: 4 });
    log.info('update', { update_id: 7, handler: 'start', outcome: 'poison', ms: 5, error: 'refused' });
  }
  expect(lines.map((line) => line.slice(10))).toEqual([
    'update 7 cannot be answered; it is kept for the admins (/admin): refused (start, 5 ms)',
    'update 6 is answered (start, 4 ms)',
    'update 7 cannot be answered; it is kept for the admins (/admin): refused (start, 5 ms)',
  ]);
});

test('what every day has is told in words, and the start says whose times these are', () => {
  const lines: string[] = [];
  const zone = 'America/New_York';
  const log = createLog(
    'info',
    (line) => lines.push(line),
    peopleFormat(() => NOON, { zone }),
  );
  log.info('started', { bot: 'x_bot', address: 'http://127.0.0.1:8787', updates: 'polling' });
  log.info('migrated', { from: 'none', to: 10 });
  log.info('backup', { trigger: 'start', outcome: 'done', detail: '20260102_070005' });
  log.info('backup', { trigger: 'migration', outcome: 'held already', detail: '20260102_070005' });
  log.error('backup', { trigger: 'schedule', outcome: 'done', detail: '20260102_070005', damage: 'page 3' });
  log.error('backup', { trigger: 'command', outcome: 'failed', detail: 'the disk is full' });
  log.info('backup', { trigger: 'another', outcome: 'done', detail: 'x' });
  expect(lines).toEqual([
    '02:00:05  started: @x_bot, polling, http://127.0.0.1:8787/healthz tells how it is. Times are those of America/New_York (TIMEZONE).',
    '02:00:05  the database has all tables now (migrated from none to 10)',
    '02:00:05  backup 20260102_070005 is made and verified (at the start)',
    '02:00:05  backup 20260102_070005 holds all of it already: no other is made (before the migration)',
    '02:00:05  backup 20260102_070005 is made (by the schedule), of a damaged database: page 3',
    '02:00:05  the backup failed: the disk is full (asked for)',
    '02:00:05  backup: trigger another, outcome done, detail x',
  ]);
});

const PROGRAM = `
  const { createHostLog } = await import(${JSON.stringify(fileURLToPath(new URL('../../src/hosts/node/log-lines.ts', import.meta.url)))});
  const format = process.env.LOG_FORMAT;
  createHostLog({ logLevel: 'info', logFormat: format, timeZone: 'UTC' }).info('started', { bot: 'x' });`;
const ARGS = ['--input-type=module', '-e', PROGRAM];
const PEOPLE = /^\d\d:\d\d:\d\d {2}started: @x, .*Times are those of UTC \(TIMEZONE\)\.\s*$/;
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
