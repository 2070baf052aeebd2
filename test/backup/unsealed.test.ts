/**
 * Settings that encrypt: a backup that is not encrypted may be anybody's, and counts for nothing
 * until a person names it.
 */
import { afterEach, expect, test } from 'vitest';
import { findBackup, newestVerified } from '../../src/backup/catalog/list.ts';
import { latestBackup, noLatest, passedOver } from '../../src/backup/catalog/newest.ts';
import { runBackup } from '../../src/backup/run/run.ts';
import { createWorld, type World } from '../support/backup-world.ts';

const SEALED = {
  encryption: { kind: 'passphrase', passphrase: 'correct horse battery staple' },
  keys: { identities: [], passphrases: ['correct horse battery staple'] },
} as const;

let world: World;
afterEach(() => world.close());

async function made(context: World['context']): Promise<string> {
  world.clock.advance(60_000);
  const outcome = await runBackup(context, { trigger: 'command', scheduledAt: world.clock.now() });
  if (outcome.kind !== 'done') throw new Error(JSON.stringify(outcome));
  return outcome.name;
}

test('latest is the newest encrypted one; a plain one that is newer is named, and can be named', async () => {
  world = await createWorld({ ...SEALED, isSealed: true }, 'small');
  const sealed = await made(world.context);
  const plain = await made({ ...world.context, encryption: undefined });
  expect((await newestVerified(world.context))?.name).toBe(sealed);
  const latest = await latestBackup(world.context);
  expect(latest.entry?.name).toBe(sealed);
  expect(passedOver(world.context, latest)).toEqual([
    expect.stringMatching(
      new RegExp(`^${plain} is newer and not encrypted, .*\`restore ${plain}\` takes it$`),
    ),
  ]);
  expect((await findBackup(world.context, plain))?.state).toBe('verified');
  // Without encryption in the settings it is as good as any.
  expect((await newestVerified({ ...world.context, isSealed: false }))?.name).toBe(plain);
});

test('only plain ones: none is latest, and the reason is told', async () => {
  world = await createWorld({ ...SEALED, isSealed: true }, 'small');
  const plain = await made({ ...world.context, encryption: undefined });
  const latest = await latestBackup(world.context);
  expect(latest.entry).toBeUndefined();
  expect(noLatest(world.context, latest)).toMatch(
    /no verified backup that is encrypted, although a key is set/,
  );
  expect(passedOver(world.context, latest)).toEqual([
    expect.stringContaining(`\`restore ${plain}\` takes it`),
  ]);
});
