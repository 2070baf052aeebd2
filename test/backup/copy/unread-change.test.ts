/**
 * A change file that the second bucket took in wrongly, and did not give back when it was read: the
 * next slice finds two files of one length and no key to open either.
 */
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import type { Bucket } from '../../../src/backup/catalog/bucket.ts';
import { changeKey } from '../../../src/backup/changes/change-names.ts';
import { catchUp } from '../../../src/backup/copy/catch-up.ts';
import type { CopyContext } from '../../../src/backup/copy/context.ts';
import { NO_MEMORY } from '../../../src/backup/copy/memory.ts';
import { NO_LIMIT } from '../../../src/backup/copy/proven.ts';
import { testClock } from '../../support/backup-world.ts';
import { createMemoryStore } from '../../support/memory-store.ts';

const TIMELINE = '0'.repeat(32);
const BODY = new TextEncoder().encode('age-encryption.org/v1: whatever is in it');

async function twoFiles(remembers: boolean) {
  const clock = testClock();
  const [here, there] = [createMemoryStore(clock.now), createMemoryStore(clock.now)];
  const first: Bucket = { store: here, prefix: '', clock };
  const copy: Bucket = { store: there, prefix: '', clock };
  const file = changeKey('', {
    timeline: TIMELINE,
    first: 1,
    last: 2,
    time: clock.now(),
    mark: '00000000',
    encrypted: true,
  });
  await here.put(file, BODY);
  const sha256 = createHash('sha256').update(BODY).digest('hex');
  const context: CopyContext = {
    ...{ first, copy, clock, policy: { days: 90 }, shipped: { timeline: TIMELINE, seq: 2 } },
    ...(remembers && { stored: async () => new Map([[file, sha256]]) }),
  };
  const { create, get } = there;
  there.create = async (key, options) => {
    const writer = await create(key, options);
    return {
      ...writer,
      async close(head) {
        const written = await writer.close(head);
        there.rot(key, 0.5);
        there.get = () => Promise.reject(new Error('no answer in 120 s'));
        return written;
      },
    };
  };
  const cut = await catchUp(context, NO_MEMORY, NO_LIMIT);
  expect(cut.problem).toContain('no answer');
  Object.assign(there, { create, get });
  expect(there.objects.get(file)?.body).not.toEqual(BODY);
  const memory = await catchUp(context, cut, NO_LIMIT);
  return { memory, now: there.objects.get(file)?.body };
}

test('the database remembers what it has stored: the right one takes its place', async () => {
  const { memory, now } = await twoFiles(true);
  expect(memory).toMatchObject({ problem: null, left: 0 });
  expect(now).toEqual(BODY);
});

test('of an earlier version nobody remembers: it is told, and both stay', async () => {
  const { memory, now } = await twoFiles(false);
  expect(memory.problem).toContain('nothing tells which is right');
  expect(now).not.toEqual(BODY);
});
