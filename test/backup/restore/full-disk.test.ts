/** A scratch disk that fills up: told as what it is, at once, and never taken for damage of the backup. */
import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { explain } from '../../../src/backup/clock.ts';
import { fetchSource } from '../../../src/backup/restore/source.ts';
import { createWorld, type World } from '../../support/backup-world.ts';
import { backUp, newest } from './support.ts';

/** Linux: takes no byte and says ENOSPC. */
const FULL = '/dev/full';
let world: World;
beforeEach(async () => {
  world = await createWorld();
});
afterEach(() => world.close());

test.runIf(existsSync(FULL))(
  'unpacking onto a full disk fails at once, says what is needed, and does not blame the backup',
  async () => {
    const name = await backUp(world);
    const directory = join(world.directory, 'full');
    mkdirSync(directory);
    symlinkSync(FULL, join(directory, 'source.db'));
    const failure: unknown = await fetchSource(await newest(world), {
      bucket: world.context,
      keys: undefined,
      directory,
    }).catch((error: unknown) => error);
    expect(explain(failure)).toMatch(
      new RegExp(`^anime_bot_${name}\\.db\\.gz takes \\d+ bytes unpacked: can not write .*: ENOSPC`),
    );
    expect(explain(failure)).not.toMatch(/can not be used|does not open/);
  },
);
