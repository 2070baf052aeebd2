/** A second copy beside the change log: what is remembered of either is no change itself. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { changeState } from '../../src/backup/catalog/change-state.ts';
import { ship } from '../../src/backup/changes/ship.ts';
import { catchUp } from '../../src/backup/copy/catch-up.ts';
import { openEmbeddedSnapshotSource } from '../../src/backup/snapshot/embedded.ts';
import { copyBackups } from '../../src/jobs/copy-backups.ts';
import type { JobContext } from '../../src/jobs/job.ts';
import { startTestBot, type TestBot } from '../support/bot.ts';
import { addAnime } from '../support/catalogue.ts';
import { createMemoryStore, type MemoryStore } from '../support/memory-store.ts';
import { beginLog, shippingOf } from '../support/shipping.ts';

let bot: TestBot;
let first: MemoryStore;
let copy: MemoryStore;

beforeEach(async () => {
  bot = await startTestBot();
  [first, copy] = [createMemoryStore(bot.now), createMemoryStore(bot.now)];
  await beginLog(bot.db, source());
});
afterEach(() => bot.close());

const source = () => openEmbeddedSnapshotSource({ path: bot.path });

function context(): JobContext {
  const buckets = { first: { store: first, prefix: 'b/' }, copy: { store: copy, prefix: 'b/' } };
  const made = bot.jobContext();
  const policy = { days: 90 };
  const second = {
    description: 'copy',
    catchUp: (...[memory, slice, due]: Parameters<NonNullable<JobContext['backups']['copy']>['catchUp']>) =>
      catchUp({ ...buckets, policy, clock: { now: bot.now }, ...due }, memory, slice),
  };
  return { ...made, backups: { ...made.backups, copy: second } };
}

/** What a minute of the host does. */
async function minute(): Promise<void> {
  bot.advance(60_000);
  for (;;) {
    const shipped = await ship(shippingOf({ db: bot.db, source: source(), store: first }, { prefix: 'b/' }));
    if (shipped.kind !== 'shipped' || shipped.isEnd) break;
  }
  await copyBackups(context(), `tick ${bot.now().getTime()}`);
}

const files = (store: MemoryStore) => [...store.objects.keys()].filter((key) => key.includes('changes/'));

test('an idle bot stores nothing and copies nothing, however many minutes go by', async () => {
  await addAnime(bot.db, { code: 1 });
  for (let i = 0; i < 5; i += 1) await minute();
  expect(files(first)).toHaveLength(1);
  expect(files(copy)).toEqual(files(first));
  const [state] = await bot.db.read([changeState]);
  expect(state?.waitingSince).toBeNull();
});
