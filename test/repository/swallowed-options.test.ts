/**
 * Options without `--` before them, as people forget it, through the real npm: it keeps them, and
 * the command may not do the real thing without them.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Cli } from '../../src/cli/command.ts';
import { childEnv } from '../support/child-env.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const OURS = ['package.json', 'src', 'sim', 'dev', 'bench'];
let home: string;

/** The program in a directory without a bot. */
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'swallowed-'));
  cpSync(join(root, 'package.json'), join(home, 'package.json'));
  for (const name of OURS.slice(1)) symlinkSync(join(root, name), join(home, name));
});
afterAll(() => rmSync(home, { recursive: true }));

function npm(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { status, stdout, stderr } = spawnSync('npm', args, {
    cwd: home,
    encoding: 'utf8',
    timeout: 60_000,
    env: {
      ...childEnv(),
      ...env,
      HOME: home,
      PATH: `${dirname(process.execPath)}${delimiter}${process.env['PATH']}`,
    },
  });
  return { status, said: stdout + stderr };
}

/** Nothing but what the test itself put there. */
const touched = (): string[] =>
  readdirSync(home).filter((name) => !OURS.includes(name) && !name.startsWith('.'));

describe('an option that npm took', () => {
  test.each([
    [['run', 'backup', 'prune', '--dry-run'], 'npm run backup -- prune --dry-run'],
    [['run', 'backup', 'prune', '--dryrun'], 'npm run backup -- prune --dry-run'],
    [['run', 'backup', 'list', '--check'], 'npm run backup -- list --check'],
    [['run', 'backup', 'list', '--json'], 'npm run backup -- list --json'],
    [['run', 'backup', 'kit', '-o', 'kit.tar'], 'npm run backup -- kit --output <file>'],
    [['run', 'backup', 'restore', '--at', '1m'], 'npm run backup -- restore --at <time>'],
    [['run', 'backup', 'restore', 'latest', '--replace'], 'npm run backup -- restore latest --replace'],
    [
      ['run', 'backup', 'restore', 'latest', '--replace', '--yes'],
      'npm run backup -- restore latest --replace',
    ],
    [['run', 'backup', 'key', 'new', '--hybrid'], 'npm run backup -- key new --hybrid'],
    [['run', 'relink', '--json'], 'npm run relink -- --json'],
    [['run', 'deploy', '--dry-run'], 'npm run deploy -- --dry-run'],
    [['run', 'deploy', '--new-database'], 'npm run deploy -- --new-database'],
    [['run', 'setup', '--worker'], 'npm run setup -- --worker'],
    [['run', 'demo', '--disaster'], 'npm run demo -- --disaster'],
    [['run', 'pictures', '--to', 'here'], 'npm run pictures -- --to <directory>'],
    [['run', 'mutate', '--named'], 'npm run mutate -- --named'],
    [['run', 'bench', 'writers', '--quick'], 'npm run bench -- writers --quick'],
    [['start', '--offline'], 'npm start -- --offline'],
    [['start', '--new-database'], 'npm start -- --new-database'],
  ])('%j ends with 2 and says what to write', (line, right) => {
    const { status, said } = npm(line);
    expect(said).toContain('for itself, so nothing was done: write -- before the options: ');
    expect(said).toContain(`options: ${right}`);
    expect(status).toBe(2);
    expect(touched()).toEqual([]);
  });

  test('every option of every backup command is missed, but for three', async () => {
    const names = new Set<string>();
    const flagsOf = (command: Command): void => {
      for (const { long } of command.options) if (long !== undefined && long !== null) names.add(long);
      command.commands.forEach(flagsOf);
    };
    const commands = join(root, 'src/cli/commands');
    for (const file of readdirSync(commands)) {
      const made: Readonly<Record<string, unknown>> = await import(join(commands, file));
      for (const [name, make] of Object.entries(made))
        if (name.endsWith('Command'))
          flagsOf((make as (cli: Cli) => Command)({ env: {}, installed: undefined, exitCode: 0 }));
    }
    expect(names.size).toBeGreaterThan(20);
    // Without --yes a command asks. npm hands on neither --only, an old option of its own, nor
    // --map, which it reads as three short ones; the line that is left has a word too many.
    const missed = [...names].filter((name) => !['--yes', '--only', '--map'].includes(name));
    const { said, status } = npm([
      'run',
      'backup',
      '--loglevel=error',
      ...missed.flatMap((name) => [name, 'x']),
    ]);
    expect(status).toBe(2);
    for (const name of missed) expect(said).toMatch(new RegExp(`npm took .*${name}\\b.* for itself`));
  });
});

describe('no alarm', () => {
  test('where the option also stands behind the --', () => {
    const { status, said } = npm(['run', 'backup', '--', 'prune', '--dry-run'], {
      npm_config_dry_run: 'true',
    });
    expect(said).toContain('there is no backup in ');
    expect(status).toBe(1);
  });

  test.each(['npm_config_yes', 'npm_config_offline', 'npm_config_all', 'npm_config_force'])(
    'where %s is set for npm and the command has no such option, or asks by itself',
    (name) => {
      const { said } = npm(['run', 'backup', '--', 'prune'], { [name]: 'true' });
      expect(said).not.toContain('npm took');
    },
  );

  test('where npm’s own setting is said not to count', () => {
    const dry = { npm_config_dry_run: 'true' };
    expect(npm(['run', 'backup', '--', 'prune'], dry).said).toContain(
      '(if npm itself is set so, `npm config get dry-run`: npm run backup --no-dry-run -- prune)',
    );
    const { said } = npm(['run', 'backup', '--no-dry-run', '--', 'prune'], dry);
    expect(said).toContain('there is no backup in ');
  });

  test('in what a script of another name started', () => {
    const { said } = npm(['run', 'backup', '--', 'prune'], { npm_config_disaster: 'true' });
    expect(said).not.toContain('npm took');
  });
});
