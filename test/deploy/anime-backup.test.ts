/**
 * The backup commands of an installed bot: deploy/anime-backup beside the unit, the image's
 * command, and a wrong directory.
 */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { copyLive } from '../../src/backup/snapshot/copy-live.ts';
import { openEmbeddedSnapshotSource } from '../../src/backup/snapshot/embedded.ts';
import { createWorld } from '../support/backup-world.ts';
import { childEnv } from '../support/child-env.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
const isRoot = process.getuid?.() === 0;
const hasSetpriv = spawnSync('setpriv', ['--version']).status === 0;
/** Root's tests change to a user that every machine has; others stay themselves. */
const user = isRoot ? 'nobody' : userInfo().username;
const idOf = (flag: string): number => Number(spawnSync('id', [flag, user], { encoding: 'utf8' }).stdout);

let scratch: string;
let template: string;
beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'installed-'));
  chmodSync(scratch, 0o755);
  template = join(scratch, 'template.db');
  const world = await createWorld();
  await copyLive(openEmbeddedSnapshotSource({ path: world.path }), template);
  world.close();
});
afterAll(() => rmSync(scratch, { recursive: true, force: true, maxRetries: 10 }));

function give(path: string): void {
  chownSync(path, idOf('-u'), idOf('-g'));
}

/** What the unit's first lines make, below a directory of its own. */
class Machine {
  readonly root = mkdtempSync(join(scratch, 'machine-'));
  readonly data = join(this.root, 'var-lib');
  readonly settings = join(this.root, 'anime-bot.env');
  readonly command = join(this.root, 'anime-backup');

  constructor() {
    chmodSync(this.root, 0o755);
    mkdirSync(join(this.data, 'data'), { recursive: true });
    cpSync(template, this.database);
    for (const path of [this.data, join(this.data, 'data'), this.database]) give(path);
    chmodSync(this.data, 0o700);
    // What `npm run setup` writes, and systemd would read in another way: a remark behind a value.
    writeFileSync(this.settings, 'BOT_INFO=\'{"id":1}\'\nBACKUP_PREFIX=nightly/ # by us\n', { mode: 0o640 });
    chownSync(this.settings, process.getuid?.() ?? 0, idOf('-g'));
    const script = Object.entries({
      program: ROOT,
      data: this.data,
      settings: this.settings,
      user,
    }).reduce(
      (text, [name, value]) => text.replace(new RegExp(`^${name}=.*$`, 'm'), `${name}=${value}`),
      readFileSync(join(ROOT, 'deploy/anime-backup'), 'utf8'),
    );
    writeFileSync(this.command, script, { mode: 0o755 });
  }

  get database(): string {
    return join(this.data, 'data/anime_bot.db');
  }

  /** From a directory that has nothing to do with the bot. */
  run(...args: readonly string[]) {
    const { status, stdout, stderr } = spawnSync(this.command, args, {
      cwd: '/',
      encoding: 'utf8',
      env: { ...childEnv(), PATH: `${dirname(process.execPath)}${delimiter}/usr/bin:/bin:/usr/sbin:/sbin` },
    });
    return { status, said: stdout + stderr };
  }
}

const canRun = !isRoot || hasSetpriv;

describe.skipIf(!canRun)('deploy/anime-backup', () => {
  test('the settings, the data and the user of the bot that systemd runs', () => {
    const machine = new Machine();
    expect(machine.run('list', '--check')).toMatchObject({
      status: 3,
      said: expect.stringContaining('make one: sudo anime-backup full'),
    });
    expect(machine.run('full')).toMatchObject({ status: 0 });
    const files = join(machine.data, 'data/backups/nightly');
    expect(readdirSync(files).filter((name) => name.endsWith('.manifest.json'))).toHaveLength(1);
    for (const entry of readdirSync(machine.data, { recursive: true, encoding: 'utf8' })) {
      const { uid, mode } = lstatSync(join(machine.data, entry));
      expect({ entry, uid }).toEqual({ entry, uid: idOf('-u') });
      if (entry.includes('backups')) expect({ entry, others: mode & 0o077 }).toEqual({ entry, others: 0 });
    }
    rmSync(machine.database);
    expect(machine.run('restore', 'latest', '--yes')).toMatchObject({ status: 0 });
    expect(lstatSync(machine.database).uid).toBe(idOf('-u'));
    expect(machine.run('diff', 'live', 'latest').said).toContain('No difference.');
    expect(machine.run('list', '--check')).toMatchObject({ status: 0 });
  });

  test.skipIf(!isRoot)('settings that the bot’s user cannot read: the command that mends it', () => {
    const machine = new Machine();
    chmodSync(machine.settings, 0o600);
    const group = spawnSync('id', ['-gn', user], { encoding: 'utf8' }).stdout.trim();
    const { status, said } = machine.run('list');
    expect(status).toBe(2);
    expect(said).toBe(
      `anime-backup: ${user} cannot read ${machine.settings}: sudo install -m 640 -g ${group} .env ${machine.settings}\n`,
    );
  });

  test('no data yet: what to start', () => {
    const machine = new Machine();
    rmSync(machine.data, { recursive: true });
    const { status, said } = machine.run('list');
    expect(status).toBe(2);
    expect(said).toMatch(/^anime-backup: \S+ is not there: start the bot once \(sudo systemctl start/);
  });

  test('its places and its user are the unit’s', () => {
    const script = readFileSync(join(ROOT, 'deploy/anime-backup'), 'utf8');
    const unit = readFileSync(join(ROOT, 'deploy/anime-bot.service'), 'utf8');
    const of = (name: string): string => new RegExp(`^${name}=(.*)$`, 'm').exec(script)?.[1] ?? '?';
    expect(unit).toContain(`\nWorkingDirectory=${of('data')}\n`);
    expect(unit).toMatch(
      new RegExp(` --env-file=${of('settings')} (.*)-r ${of('program')}/src/node-version.cjs `),
    );
    expect(unit).toContain(`\nUser=${of('user')}\n`);
    expect(lstatSync(join(ROOT, 'deploy/anime-backup')).mode & 0o111).toBe(0o111);
  });
});

/** What the Dockerfile copies, and the packages. */
function image(): string {
  const app = mkdtempSync(join(scratch, 'app-'));
  for (const name of ['package.json', 'src']) cpSync(join(ROOT, name), join(app, name), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(app, 'node_modules'));
  return app;
}

test.each([
  { args: [], settings: {}, said: /^BOT_TOKEN is missing: set it .*\.env beside compose\.yml/ },
  // Nothing of production is set up: elsewhere offline mode would begin.
  { args: [], settings: { HOST: '127.0.0.1' }, said: /^BOT_TOKEN is missing: set it/ },
  { args: [], settings: { ADMIN_IDS: '7' }, said: /^BOT_TOKEN is missing: .*\n {2}- ADMIN_IDS is set$/m },
  {
    args: ['--offline'],
    settings: {},
    said: /^offline mode is not part of this installation .*set BOT_TOKEN/,
  },
])('the image without a token, $args $settings: what to set, and no offline mode', (start) => {
  const app = image();
  const { status, stdout, stderr } = spawnSync(process.execPath, ['src/node.ts', ...start.args], {
    cwd: app,
    env: { ...childEnv(), HOST: '0.0.0.0', ...start.settings },
    encoding: 'utf8',
    timeout: 100_000,
  });
  expect(stdout + stderr).toMatch(start.said);
  expect(stdout + stderr).not.toMatch(/npm start -- --offline|Cannot find module|npm run setup/);
  expect(status).toBe(1);
});

test('the image’s command: a link to the program, in the working directory with the data', () => {
  const dockerfile = readFileSync(join(ROOT, 'Dockerfile'), 'utf8');
  const [, target = '', link = ''] = /ln -s (\S+) (\S+)/.exec(dockerfile) ?? [];
  expect(target).toBe('/app/src/cli/main.ts');
  expect(dockerfile).toContain(`chmod 755 ${target.slice('/app/'.length)} `);
  const app = image();
  chmodSync(join(app, 'src/cli/main.ts'), 0o755);
  const command = join(app, link.slice(link.lastIndexOf('/') + 1));
  symlinkSync(target.replace('/app', app), command);
  mkdirSync(join(app, 'data'));
  cpSync(template, join(app, 'data/anime_bot.db'));
  const [, called = ''] = /^ENV ANIME_BACKUP_COMMAND="(.*)"$/m.exec(dockerfile) ?? [];
  const env = {
    PATH: `${dirname(process.execPath)}:/usr/bin:/bin`,
    ANIME_BACKUP_COMMAND: called,
    BACKUP_DIR: 'data/kept',
  };
  const run = (...args: string[]) => spawnSync(command, args, { cwd: app, env, encoding: 'utf8' });
  expect(run('list').stdout).toContain('make one: docker compose exec bot anime-backup full');
  expect(run('full')).toMatchObject({ status: 0 });
  expect(existsSync(join(app, 'data/kept'))).toBe(true);
});

describe('a directory that has no bot, on a machine that has one', () => {
  /** As `npm run backup --` from `here`, on a machine whose installed bot stands in `places`. */
  function runFrom(
    here: string,
    places: { settings: string; data: string },
    ...args: readonly string[]
  ): { status: number | null; said: string } {
    const program = JSON.stringify(join(ROOT, 'src/cli/program.ts'));
    const script = `const { runCli } = await import(${program}); process.exitCode = await runCli(${JSON.stringify(args)}, process.env, ${JSON.stringify(places)});`;
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      cwd: here,
      env: { ...childEnv() },
      encoding: 'utf8',
    });
    return { status, said: stdout + stderr };
  }
  const empty = (): string => mkdtempSync(join(scratch, 'program-'));

  test.each([
    { args: ['full'], status: 1 },
    { args: ['export'], status: 1 },
    { args: ['list'], status: 0 },
    { args: ['list', '--check'], status: 3 },
    { args: ['verify', 'latest'], status: 1 },
    { args: ['restore', 'latest', '--yes'], status: 2 },
    { args: ['restore', 'latest', '--dry-run'], status: 2 },
  ])('$args: where it looked, and the right command, once', ({ args, status }) => {
    const here = empty();
    const { settings, data } = new Machine();
    const result = runFrom(here, { settings, data }, ...args);
    expect(result.status).toBe(status);
    expect(result.said.split('use `sudo anime-backup` in place of').length - 1, result.said).toBe(1);
    expect(result.said).toContain(`${here}/data/anime_bot.db is not there`);
    expect(result.said).toContain(`${settings}, ${data}`);
    expect(existsSync(join(here, 'data/anime_bot.db'))).toBe(false);
  });

  test('a place that is named is taken at its word; without an installed bot nothing is said of one', () => {
    const { settings, data, database } = new Machine();
    const other = join(empty(), 'other.db');
    const taken = runFrom(empty(), { settings, data }, 'restore', database, '--to', `file:${other}`, '--yes');
    expect(taken).toMatchObject({ status: 0 });
    expect(existsSync(other)).toBe(true);
    const none = runFrom(empty(), { settings: '/nowhere/a', data: '/nowhere/b' }, 'full');
    expect(none.said).toMatch(/^error: database file .* does not exist: start the bot once/);
    expect(none.said).not.toContain('sudo');
  });

  test('the data’s own directory is no wrong one: a deleted database is restored there', () => {
    const machine = new Machine();
    cpSync(machine.database, join(machine.root, 'kept.db'));
    rmSync(machine.database);
    const { status } = runFrom(machine.data, machine, 'restore', join(machine.root, 'kept.db'), '--yes');
    expect(status).toBe(0);
    expect(existsSync(machine.database)).toBe(true);
  });
});
