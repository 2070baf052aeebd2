/**
 * A bot whose backups were plain, then encrypted, then encrypted for another key: what does not
 * open is closed. Nobody calls it gone, lost or damaged, and no moment behind the same door is
 * offered.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { generateKey } from '../../src/backup/envelope/keys.ts';
import { runAdvised } from './advised.ts';
import { ownDatabase } from './own-database.ts';
import { type CliResult, runCli } from './spawn-cli.ts';

const own = ownDatabase('closed');
const PLAIN = { DATABASE_URL: 'file:bot.db', BACKUP_DIR: 'bucket' };
type Env = Readonly<Record<string, string>>;

const run = (env: Env, ...args: readonly string[]): Promise<CliResult> =>
  runCli(own.directory, { ...PLAIN, ...env }, ...args);
const good = async (env: Env, ...args: readonly string[]): Promise<void> => {
  const done = await run(env, ...args);
  expect(done.code, `${args.join(' ')}: ${done.stdout}${done.stderr}`).toBe(0);
};
const all = ({ stdout, stderr }: CliResult): string => `${stdout}${stderr}`;
const FALSE = /\bgone\b|\blost\b(?!:)|damaged|in no file|wrong {2}|cannot be brought back/;

async function stage(env: Env, code: number): Promise<void> {
  await good(env, 'full');
  own.run(`INSERT INTO anime (code, title) VALUES (${code}, 'One')`);
  await good(env, 'changes', 'ship');
}

test('what no key opens is closed, and what opens can be had', async () => {
  const [first, second] = await Promise.all([generateKey('x25519'), generateKey('x25519')]);
  await own.migrate();
  await run({}, 'changes', 'ship');
  await stage({}, 1);
  await stage({ BACKUP_AGE_RECIPIENTS: first.recipient }, 2);
  const today = { BACKUP_AGE_RECIPIENTS: second.recipient };
  await stage(today, 3);
  const states: Readonly<Record<string, Env>> = {
    none: today,
    before: { ...today, BACKUP_AGE_IDENTITY: first.identity },
    newest: { ...today, BACKUP_AGE_IDENTITY: second.identity },
  };

  for (const [which, env] of Object.entries(states)) {
    const verified = await run(env, 'verify', '--changes');
    expect(all(verified), `verify: ${which}`).not.toMatch(FALSE);
    expect(verified.stdout).toMatch(/\d of 3 change files not opened \(encrypted; set BACKUP_AGE_IDENTITY/);
    expect(verified.code).toBe(1);
    const history = await run(env, 'history', 'anime', '1');
    expect(all(history), `history: ${which}`).not.toMatch(/\bgone\b|\blost\b|damaged/);
    expect(all(history)).toMatch(/BACKUP_AGE_IDENTITY/);
    // One missing key is one line.
    expect(all(history).match(/^not read: .* encrypted: set/gm)?.length ?? 1, all(history)).toBe(1);
    const listed = await run(env, 'list');
    expect(all(listed), `list: ${which}`).toMatch(/closed with what is set: a restore needs the BACKUP_AGE/);
    expect((await run(env, 'changes')).stdout).toContain('closed with what is set');
    expect(existsSync(join(own.directory, 'bucket', 'bad-changes.json')), which).toBe(false);
  }

  const none = await run(states['none'] ?? {}, 'restore', '--at', '0m', '--dry-run');
  expect(none.code).toBe(1);
  expect(none.stderr).toMatch(/is closed with what is set, and not lost: .*set BACKUP_AGE_IDENTITY/);
  expect(none.stderr).not.toMatch(/The last moment before/);
  const before = states['before'] ?? {};
  const refused = await run(before, 'restore', '--at', '0m', '--dry-run');
  const moment = /The last moment before it that opens with what is set is (\S+): ask/.exec(
    refused.stderr,
  )?.[1];
  expect(moment, refused.stderr).toBeDefined();
  await good(before, 'restore', '--at', moment ?? '', '--to', 'file:before.db');
  const newest = states['newest'] ?? {};
  await good(newest, 'restore', '--at', '0m', '--dry-run');

  // Both keys: whole, and the plain ones are told with the command that opens them.
  const both = { ...today, BACKUP_AGE_IDENTITY: 'both.txt' };
  writeFileSync(join(own.directory, 'both.txt'), `${first.identity}\n${second.identity}\n`);
  const whole = await run(both, 'verify', '--changes');
  expect(whole.code, all(whole)).toBe(0);
  expect(all(whole)).not.toMatch(FALSE);
  expect(whole.stdout).toMatch(/note {2}1 change file from before encryption counts for nothing/);
  const taken = await runAdvised(own.directory, { ...PLAIN, ...both }, whole.stdout, /^restore --at/);
  expect(taken.code, all(taken)).toBe(0);
  const history = await run(both, 'history', 'anime', '1');
  expect(history.stdout).toMatch(/^not read: backup .*: not encrypted, although a key is set/);
  expect(history.code, all(history)).toBe(0);
  expect(all(await run(both, 'list'))).not.toContain('closed with what is set');
}, 400_000);

test('the key is missing, not the bucket: nobody is sent to the other one, and what is not copied yet is not gone', async () => {
  const { recipient, identity } = await generateKey('x25519');
  const sealed = { BACKUP_AGE_RECIPIENTS: recipient, COPY_DIR: 'copy' };
  const open = { ...sealed, BACKUP_AGE_IDENTITY: identity };
  await own.migrate();
  await run(sealed, 'changes', 'ship');
  await good(sealed, 'full');
  own.run(`INSERT INTO anime (code, title) VALUES (1, 'One')`);
  // The bot copies change files a moment later: here nobody has.
  await good(sealed, 'changes', 'ship');

  for (const from of [[], ['--from', 'copy']]) {
    const closed = await run(sealed, 'restore', '--at', '0m', ...from, '--dry-run');
    expect(closed.code).toBe(1);
    expect(closed.stderr).toMatch(/is closed with what is set.*set BACKUP_AGE_IDENTITY/);
    expect(closed.stderr).not.toMatch(/restore --at|\bgone\b|altered/);
  }

  const behind = await run(open, 'restore', '--at', '0m', '--from', 'copy', '--dry-run');
  expect(behind.code).toBe(1);
  expect(behind.stderr).toMatch(/not copied yet/);
  expect(behind.stderr).not.toMatch(/\bgone\b|altered|damaged/);
  const first = await runAdvised(own.directory, { ...PLAIN, ...open }, behind.stderr, /^restore --at/);
  expect(first.code, all(first)).toBe(0);
  expect((await runAdvised(own.directory, { ...PLAIN, ...open }, behind.stderr, /^copy/)).code).toBe(0);
  await good(open, 'restore', '--at', '0m', '--from', 'copy', '--dry-run');
}, 400_000);
