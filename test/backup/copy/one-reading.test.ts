/** What is copied is read; one reading that was altered on its way proves nothing against it. */
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import type { Bucket } from '../../../src/backup/catalog/bucket.ts';
import { readGroups } from '../../../src/backup/catalog/list.ts';
import { manifestKey } from '../../../src/backup/catalog/names.ts';
import { changeKey } from '../../../src/backup/changes/change-names.ts';
import { lookAtChange } from '../../../src/backup/copy/change-proof.ts';
import { isRight, NO_LIMIT, type ProvenObject } from '../../../src/backup/copy/proven.ts';
import { provenObjects } from '../../../src/backup/copy/proven-backup.ts';
import type { Store } from '../../../src/backup/store/types.ts';
import { testClock } from '../../support/backup-world.ts';
import { createMemoryStore } from '../../support/memory-store.ts';
import { putBackup } from '../../support/sample-backup.ts';

const clock = testClock();
const store = createMemoryStore(clock.now);

/** The bucket, of which one answer (0: the first) comes altered. */
function altering(which: number): Bucket {
  let answers = 0;
  const once: Store = {
    ...store,
    async get(key) {
      const object = await store.get(key);
      answers += 1;
      if (object === undefined || answers !== which + 1) return object;
      await object.body.cancel();
      return { ...object, body: ReadableStream.from([new Uint8Array(object.bytes)]) };
    },
  };
  return { store: once, prefix: '', clock };
}

const sha256Of = (body: Uint8Array): string => createHash('sha256').update(body).digest('hex');

test('of a change file, and of any object', async () => {
  const file = changeKey('', {
    ...{ timeline: '0'.repeat(32), first: 1, last: 2, time: clock.now(), mark: '00000000' },
    encrypted: true,
  });
  const body = new TextEncoder().encode('age-encryption.org/v1: whatever is in it');
  await store.put(file, body);
  const object: ProvenObject = { file, bytes: body.byteLength, sha256: sha256Of(body) };
  const wish = { sha256: object.sha256, keys: undefined, slice: NO_LIMIT };
  expect(await lookAtChange(altering(0), file, wish)).toMatchObject({ kind: 'right', object });
  expect(await isRight(altering(0), object, NO_LIMIT)).toBe(true);
  store.rot(file, 0.5);
  expect(await lookAtChange(altering(0), file, wish)).toMatchObject({ kind: 'wrong' });
  expect(await isRight(altering(0), object, NO_LIMIT)).toBe(false);
});

test('of a manifest', async () => {
  const name = await putBackup(store, '', clock.now());
  const [group] = (await readGroups({ store, prefix: '', clock })).filter((one) => one.name === name);
  const manifest = store.objects.get(manifestKey('', name))?.body ?? new Uint8Array();
  if (group === undefined) throw new Error('no backup');
  const sha256 = sha256Of(manifest);
  expect(await provenObjects(altering(0), group, sha256)).toMatchObject({ kind: 'proven' });
});
