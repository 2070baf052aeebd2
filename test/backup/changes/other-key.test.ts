/** A key that was changed: one key opens a backup and the changes behind it. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ensureTriggers } from '../../../src/backup/changes/ensure-triggers.ts';
import { ship } from '../../../src/backup/changes/ship.ts';
import { generateKey } from '../../../src/backup/envelope/keys.ts';
import type { Encryption } from '../../../src/backup/envelope/types.ts';
import type { BackupOutcome } from '../../../src/backup/run/outcome.ts';
import { runBackup } from '../../../src/backup/run/run.ts';
import { openEmbeddedSnapshotSource } from '../../../src/backup/snapshot/embedded.ts';
import { sql } from '../../../src/db/database.ts';
import { createWorld, type World } from '../../support/backup-world.ts';
import { createMemoryStore, type MemoryStore } from '../../support/memory-store.ts';
import { shippingOf, stateOf } from '../../support/shipping.ts';

let world: World;
let store: MemoryStore;
beforeEach(async () => {
  world = await createWorld();
  store = createMemoryStore(() => world.clock.now());
  await ensureTriggers(world.db, openEmbeddedSnapshotSource({ path: world.path }));
});
afterEach(() => world.close());

const words = (passphrase: string): Encryption => ({ kind: 'passphrase', passphrase });
const keysOf = (encryption: Encryption | undefined) =>
  encryption?.kind === 'passphrase' ? { identities: [], passphrases: [encryption.passphrase] } : undefined;

function run(encryption: Encryption | undefined, isStart = false): Promise<BackupOutcome> {
  const context = { ...world.context, store, encryption, keys: keysOf(encryption) };
  return runBackup(context, {
    trigger: isStart ? 'start' : 'command',
    scheduledAt: world.clock.now(),
    ...(isStart && { unlessYoungerThanMs: 600_000 }),
  });
}

/** What the timer of a host does that began with this key. */
async function shipped(encryption: Encryption | undefined): Promise<unknown> {
  const context = shippingOf(
    { db: world.db, source: openEmbeddedSnapshotSource({ path: world.path }), store },
    { prefix: world.context.prefix, encryption, keys: keysOf(encryption) },
  );
  await world.db.write([sql("UPDATE anime SET title = title || '.'")]);
  return ship(context);
}

const [first, second] = await Promise.all([generateKey(), generateKey()]);
const one: Encryption = { kind: 'recipients', recipients: [first.recipient] };
const two: Encryption = { kind: 'recipients', recipients: [second.recipient] };

test.each<[string, Encryption | undefined, Encryption | undefined]>([
  ['another passphrase', words('correct horse battery'), words('staple correct horse')],
  ['other recipients', one, two],
  ['switched on', undefined, words('correct horse battery')],
  ['switched off', words('correct horse battery'), undefined],
  ['recipients after a passphrase', words('correct horse battery'), one],
])('%s: a start makes its backup, and changes wait for it', async (_, before, after) => {
  await run(before);
  world.clock.advance(60_000);
  expect(await run(before, true)).toMatchObject({ kind: 'skipped', reason: 'recent' });
  expect(await shipped(before)).toMatchObject({ kind: 'shipped' });
  expect(await shipped(after)).toEqual({ kind: 'needs-base', reason: 'sealed', isNew: true });
  expect((await stateOf(world.db)).needsBase).toBe('sealed');
  expect(await run(after, true)).toMatchObject({ kind: 'done' });
  expect((await stateOf(world.db)).needsBase).toBeNull();
  expect(await shipped(after)).toMatchObject({ kind: 'shipped' });
  world.clock.advance(60_000);
  expect(await run(after, true)).toMatchObject({ kind: 'skipped', reason: 'recent' });
});
