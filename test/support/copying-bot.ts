/** A test bot's backups and changes in a first bucket, and the job that copies them. */
import type { Bucket } from '../../src/backup/catalog/bucket.ts';
import { ship } from '../../src/backup/changes/ship.ts';
import { catchUp } from '../../src/backup/copy/catch-up.ts';
import { createBackupLedger } from '../../src/backup/run/backup-runs.ts';
import { runBackup } from '../../src/backup/run/run.ts';
import { openEmbeddedSnapshotSource } from '../../src/backup/snapshot/embedded.ts';
import type { JobContext } from '../../src/jobs/job.ts';
import { systemClock } from '../../src/lib/clock.ts';
import type { TestBot } from './bot.ts';
import { addAnime } from './catalogue.ts';
import { shippingOf } from './shipping.ts';

const sourceOf = (bot: TestBot) => openEmbeddedSnapshotSource({ path: bot.path });

/** The context of a job, with the second bucket as a host has it. */
export function copyingContext(
  bot: TestBot,
  buckets: { readonly first: Bucket; readonly copy: Bucket },
): JobContext {
  const made = bot.jobContext();
  const second = {
    description: 'copy',
    catchUp: (...[memory, slice, due]: Parameters<NonNullable<JobContext['backups']['copy']>['catchUp']>) =>
      catchUp({ ...buckets, policy: { days: 90 }, clock: { now: bot.now }, ...due }, memory, slice),
  };
  return { ...made, backups: { ...made.backups, copy: second } };
}

/** Its name. */
export async function backUpBot(bot: TestBot, { store, prefix }: Bucket): Promise<string> {
  const outcome = await runBackup(
    {
      source: sourceOf(bot),
      store,
      prefix,
      ledger: createBackupLedger(bot.db),
      clock: { ...systemClock, now: bot.now },
      random: Math.random,
      holder: 'test',
      appVersion: '0.1.0',
      libraries: {},
      encryption: undefined,
      keys: undefined,
      retention: { days: 90 },
      gzipLevel: 1,
      timeoutMs: 600_000,
      alert: async () => {},
    },
    { trigger: 'schedule', scheduledAt: bot.now() },
  );
  if (outcome.kind !== 'done') throw new Error(JSON.stringify(outcome));
  return outcome.name;
}

/** One change, and the key of its file. */
export async function changeBot(
  bot: TestBot,
  { store, prefix }: Bucket,
  code: number,
  isCopied = true,
): Promise<string> {
  await addAnime(bot.db, { code });
  const shipping = shippingOf({ db: bot.db, source: sourceOf(bot), store }, { prefix, isCopied });
  const outcome = await ship(shipping);
  if (outcome.kind !== 'shipped') throw new Error(outcome.kind);
  return prefix + outcome.file;
}
