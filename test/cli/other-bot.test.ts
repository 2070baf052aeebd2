/** A token that no backup names: a new one after a ban, or the wrong bucket. A person must tell. */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ownDatabase } from './own-database.ts';
import { type CliResult, runCli } from './spawn-cli.ts';

const own = ownDatabase('other-bot');
const database = (): string => join(own.directory, 'bot.db');

function cliAs(bot: number | undefined, ...args: readonly string[]): Promise<CliResult> {
  const token = bot === undefined ? {} : { BOT_TOKEN: `${bot}:${'A'.repeat(35)}` };
  return runCli(own.directory, { DATABASE_URL: 'file:bot.db', BACKUP_DIR: 'bucket', ...token }, ...args);
}

function belongTo(bot: number, before?: number): void {
  own.run(
    `INSERT OR REPLACE INTO bot_identity (id, bot_id, username, moved_from)
     VALUES (1, ${bot}, 'bot${bot}_bot', ${before === undefined ? 'NULL' : `'bot${before}_bot'`})`,
  );
}

async function add(code: number): Promise<void> {
  own.run(`INSERT INTO anime (code, title) VALUES (${code}, 'Bleach')`);
  await own.cli('changes', 'ship');
}

const codes = (): unknown[] =>
  own.rows('SELECT code FROM anime ORDER BY code').map((row) => Object.values(row)[0]);

test('another bot’s catalogue is named, is no safety, and becomes nobody’s own without a yes', async () => {
  await own.migrate();
  belongTo(511);
  await own.cli('changes', 'ship');
  await own.full();
  await add(1);
  // The database knows what it was: a token that has just come in is no stranger’s.
  belongTo(611, 511);
  expect((await cliAs(611, 'list', '--check')).code).toBe(0);
  expect((await cliAs(611, 'verify')).code).toBe(0);
  const whose = /\d{8}_\d{6} is of the bot @bot511_bot \(511\), and BOT_TOKEN is of another one/;
  for (const command of [['list'], ['verify'], ['kit', '-o', 'own.tar', '--yes']]) {
    const { code, stdout } = await cliAs(611, ...command);
    expect([code, stdout.match(new RegExp(whose, 'g'))?.length], stdout).toEqual([0, 1]);
  }
  rmSync(database());

  const listed = await cliAs(611, 'list');
  expect(listed.stdout).toMatch(/^Not safe: no backup in directory .* is of the bot whose BOT_TOKEN is set/);
  expect(listed.stdout).toContain('@bot511_bot (511)');
  const checked = await cliAs(611, 'list', '--check', '--json');
  expect([checked.code, checked.json()['ok'], checked.json()['of_bot']]).toEqual([
    3,
    false,
    '@bot511_bot (511)',
  ]);
  const swapped = { BACKUP_DIR: 'empty', COPY_DIR: 'bucket', BOT_TOKEN: `611:${'A'.repeat(35)}` };
  const inCopy = await runCli(own.directory, { DATABASE_URL: 'file:bot.db', ...swapped }, 'list');
  expect(inCopy.stdout).toMatch(/^Not safe: .*the other bucket has \S+, of the bot @bot511_bot \(511\)/);
  for (const command of [['verify', 'latest'], ['verify'], ['kit', '-o', 'kit.tar', '--yes']]) {
    const said = await cliAs(611, ...command);
    expect([said.code, command]).toEqual([3, command]);
    expect(said.stdout).toMatch(whose);
    expect(said.stderr).toMatch(/^Not safe: no backup in directory .*is of @bot511_bot \(511\)\./);
    const told = await cliAs(611, ...command, '--json');
    expect([told.code, told.json()['ok']]).toEqual([3, false]);
    expect(told.json()['error']).toContain('is of @bot511_bot (511)');
    // Who names it knows whose it is; its own bot, and one without a token, have nothing to hear.
    for (const bot of [511, undefined]) expect((await cliAs(bot, ...command)).code).toBe(0);
  }
  expect((await cliAs(611, 'verify', String(checked.json()['newest_verified']))).code).toBe(0);
  for (const source of [['--at', '0m'], ['latest']]) {
    const refused = await cliAs(611, 'restore', ...source);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/of the bot @bot511_bot \(511\).*nothing was changed.*with --yes/s);
    expect(existsSync(database())).toBe(false);
  }
  const done = await cliAs(611, 'restore', '--at', '0m', '--yes');
  expect(done.code, done.stderr).toBe(0);
  expect(done.stdout).toContain('of the bot @bot511_bot (511), and BOT_TOKEN is of another one');
  expect(codes()).toEqual([1]);
  rmSync(database());
  // Its own token asks nothing; without one nobody is another.
  for (const bot of [511, undefined]) {
    const restored = await cliAs(bot, 'restore', '--at', '0m');
    expect(restored.code, restored.stderr).toBe(0);
    expect(codes()).toEqual([1]);
    rmSync(database());
  }
}, 240_000);

test('of two databases each is named with the command that brings its changes, too', async () => {
  await own.migrate();
  belongTo(511);
  await own.cli('changes', 'ship');
  await own.full();
  await add(1);
  rmSync(database());
  await own.migrate();
  belongTo(711);
  await own.cli('changes', 'ship');
  await own.full();
  await add(7);
  rmSync(database());
  for (const bot of [611, undefined]) {
    const refused = await cliAs(bot, 'restore', '--at', '0m');
    expect(refused.code).toBe(1);
    const ways = [...refused.stderr.matchAll(/`restore (--at 0m --timeline \w{8})` for @bot(\d+)_bot/g)];
    expect(ways.map(([, , of]) => of).toSorted()).toEqual(['511', '711']);
    expect((await cliAs(bot, 'restore', 'latest')).stderr).toContain('--timeline');
    for (const [, way = '', of] of ways) {
      const done = await cliAs(bot, 'restore', ...way.split(' '), '--yes');
      expect(done.code, done.stderr).toBe(0);
      expect(codes()).toEqual([of === '511' ? 1 : 7]);
      rmSync(database());
    }
  }
}, 240_000);
