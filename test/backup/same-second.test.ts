/**
 * Two runs of one second with databases, and so leases, of their own in one bucket: the loser
 * removes nothing of the winner's.
 */
import { expect, test } from 'vitest';
import { noLedger } from '../../src/backup/catalog/ledger.ts';
import { findBackup } from '../../src/backup/catalog/list.ts';
import { generateKey } from '../../src/backup/envelope/keys.ts';
import type { BackupContext } from '../../src/backup/run/context.ts';
import { runBackup } from '../../src/backup/run/run.ts';
import { StoreError } from '../../src/backup/store/types.ts';
import { verifyByHash } from '../../src/backup/verify/prove-objects.ts';
import { createWorld } from '../support/backup-world.ts';
import { createMemoryStore } from '../support/memory-store.ts';

test.each(['leases of their own', 'no lease at all', 'one encrypts'] as const)('%s', async (kind) => {
  const [one, two] = [await createWorld({}, 'small'), await createWorld({}, 'small')];
  const { recipient } = await generateKey();
  try {
    for (const store of [one.context.store, createMemoryStore(() => one.clock.now())]) {
      const ledger: Partial<BackupContext> = kind === 'no lease at all' ? { ledger: noLedger } : {};
      const sealed: Partial<BackupContext> =
        kind === 'one encrypts' ? { encryption: { kind: 'recipients', recipients: [recipient] } } : {};
      const options = { trigger: 'schedule', scheduledAt: one.clock.now() } as const;
      const first = Promise.withResolvers<void>();
      const begun = Promise.withResolvers<void>();
      // Both have chosen their name before either has an object; the second closes its own when the
      // first has published.
      const late: BackupContext['source'] = {
        async read(use) {
          begun.resolve();
          await first.promise;
          return two.context.source.read(use);
        },
      };
      const losing = runBackup({ ...two.context, ...ledger, ...sealed, store, source: late }, options);
      const early: BackupContext['source'] = {
        async read(use) {
          await begun.promise;
          return one.context.source.read(use);
        },
      };
      const done = await runBackup({ ...one.context, ...ledger, store, source: early }, options);
      first.resolve();
      expect(await losing).toMatchObject({ kind: 'failed', left: [] });
      if (done.kind !== 'done') throw new Error(JSON.stringify(done));
      const bucket = { store, prefix: one.context.prefix };
      expect(await findBackup(bucket, done.name)).toMatchObject({ state: 'verified' });
      expect((await verifyByHash(bucket, done.manifest, { keys: undefined })).ok).toBe(true);
      expect(await store.list('')).toHaveLength(3);
    }
  } finally {
    one.close();
    two.close();
  }
});

test.each(['no lease at all', 'a lease of its own'])(
  'objects swept as those of a dead run of the same second, %s: nothing is said to be done',
  async (kind) => {
    const world = await createWorld({}, 'small');
    try {
      const store = createMemoryStore(() => world.clock.now());
      const swept: BackupContext['store'] = {
        ...store,
        async put(key, body, options) {
          // The other deployment's sweep comes first: it knows the name as that of a run of its own
          // that died.
          await store.delete((await store.list('')).map((object) => object.key));
          return store.put(key, body, options);
        },
      };
      const outcome = await runBackup(
        { ...world.context, ...(kind === 'no lease at all' && { ledger: noLedger }), store: swept },
        { trigger: 'schedule', scheduledAt: world.clock.now() },
      );
      expect(outcome).toMatchObject({ kind: 'failed', left: [] });
      expect(await store.list('')).toEqual([]);
    } finally {
      world.close();
    }
  },
);

test('a run that begins again leaves alone what another deployment has finished of the same second meanwhile', async () => {
  const [one, two] = [await createWorld({}, 'small'), await createWorld({}, 'small')];
  try {
    const store = createMemoryStore(() => one.clock.now());
    const options = { trigger: 'schedule', scheduledAt: one.clock.now() } as const;
    let other: Awaited<ReturnType<typeof runBackup>> | undefined;
    let hasFailed = false;
    const failsOnce: BackupContext['store'] = {
      ...store,
      async create(key, how) {
        const writer = await store.create(key, how);
        const isFirst = key.includes('anime_backup_') && !hasFailed;
        if (!isFirst) return writer;
        return {
          ...writer,
          // By now the `.db` is whole in the bucket.
          async close() {
            await until(() => store.objects.size > 0);
            hasFailed = true;
            throw new StoreError('trouble', { retryable: true });
          },
        };
      },
    };
    const clock: BackupContext['clock'] = {
      ...one.clock,
      async sleep(milliseconds, signal) {
        // Between the two attempts.
        if (hasFailed) other ??= await runBackup({ ...two.context, store }, options);
        return one.clock.sleep(milliseconds, signal);
      },
    };
    const losing = await runBackup({ ...one.context, clock, store: failsOnce }, options);
    expect(losing).toMatchObject({ kind: 'failed', left: [] });
    if (other?.kind !== 'done') throw new Error(JSON.stringify(other));
    const bucket = { store, prefix: one.context.prefix };
    expect(await findBackup(bucket, other.name)).toMatchObject({ state: 'verified' });
    expect((await verifyByHash(bucket, other.manifest, { keys: undefined })).ok).toBe(true);
  } finally {
    one.close();
    two.close();
  }
});

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise(setImmediate);
}
