/** The manifest of the newest backup is another user's: a question of rights, and no loss. */
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { copyLive } from '../../src/backup/snapshot/copy-live.ts';
import { openEmbeddedSnapshotSource } from '../../src/backup/snapshot/embedded.ts';
import { createWorld } from '../support/backup-world.ts';
import { childEnv } from '../support/child-env.ts';

const NOBODY = 65_534;
const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

test.runIf(process.getuid?.() === 0)(
  'a newest backup that this user may not read is not lost, and `restore latest` does not step over it',
  async () => {
    const directory = mkdtempSync(join(tmpdir(), 'unreadable-'));
    onTestFinished(() => rmSync(directory, { recursive: true, force: true, maxRetries: 10 }));
    const world = await createWorld({}, 'small');
    await copyLive(openEmbeddedSnapshotSource({ path: world.path }), join(directory, 'bot.db'));
    world.close();
    for (const entry of ['', ...readdirSync(directory)]) chownSync(join(directory, entry), NOBODY, NOBODY);
    const cli = (...args: readonly string[]) => {
      const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
        cwd: directory,
        env: {
          ...childEnv(),
          NODE_NO_WARNINGS: '1',
          DATABASE_URL: 'file:bot.db',
          BACKUP_DIR: 'bucket',
        },
        uid: NOBODY,
        gid: NOBODY,
        encoding: 'utf8',
      });
      return { code: status, stdout, stderr };
    };
    const full = (): string => String(JSON.parse(cli('full', '--json').stdout)['name']);
    const older = full();
    const newest = full();
    const manifest = join(directory, 'bucket', `anime_backup_${newest}.manifest.json`);
    chownSync(manifest, 0, 0);
    chmodSync(manifest, 0o600);

    const refused = cli('restore', 'latest', '--replace', '--yes');
    expect(refused).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        new RegExp(
          `${newest} is newer .* the right to .*${newest}\\.manifest\\.json \\(chown.*restore ${older}`,
          's',
        ),
      ),
    });
    const said = cli('list', '--check');
    expect(said.code).toBe(3);
    expect(said.stderr).toMatch(
      new RegExp(`Not safe: the newest backup, ${newest}, cannot be read: .*${newest}.* \\(chown`),
    );
    expect(said.stderr).not.toContain('lost');
    expect(cli('drill')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`${newest} is newer and cannot be used`),
    });
    const verified = cli('verify');
    expect(verified.stdout).toContain(`Not read: ${newest}`);
    expect(verified.stdout).not.toMatch(/BAD|Not good/);
    expect(verified.code).toBe(1);
    expect(cli('restore', older, '--replace', '--yes')).toMatchObject({ code: 0 });
  },
);
