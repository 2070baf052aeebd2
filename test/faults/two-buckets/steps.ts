/** What a process of the bot, or its owner, does with the two buckets. */
import { pin, unpin } from '../../../src/backup/catalog/pins.ts';
import { prune } from '../../../src/backup/catalog/prune.ts';
import { pruneChanges } from '../../../src/backup/changes/prune-changes.ts';
import { lookBackAtChanges } from '../../../src/backup/copy/look-back.ts';
import { NO_LIMIT } from '../../../src/backup/copy/proven.ts';
import { rememberedIn } from '../../../src/backup/copy/remembered.ts';
import type { Focus } from '../chaos.ts';
import type { World } from './world.ts';

type Step =
  | 'backup'
  | 'ship'
  | 'copy'
  | 'look'
  | 'watch'
  | 'prune'
  | 'pin'
  | 'verify'
  | 'suspect'
  | 'by hand';

/** Calls of an undisturbed step, about. */
const CALLS: Readonly<Record<Step, number>> = {
  ...{ backup: 45, ship: 20, copy: 40, look: 60, watch: 12, prune: 25 },
  ...{ pin: 5, verify: 12, suspect: 16, 'by hand': 50 },
};
const STEPS: readonly Step[] = [
  ...(['backup', 'backup', 'backup', 'ship', 'ship', 'ship'] as const),
  ...(['copy', 'copy', 'copy', 'copy', 'look', 'look', 'look'] as const),
  ...(['watch', 'prune', 'pin', 'verify', 'suspect', 'by hand'] as const),
];
const FOCUS: readonly Focus[] = [
  [/^(put|close|create) /, 0.25],
  [/^delete /, 0.5],
  [/^get /, 0.2],
  [/manifest/, 0.3],
  [/^list /, 0.3],
  [/^write /, 0.3],
  [/^(get|put|close) .*changes/, 0.3],
];
/** Of a Worker's tick, and of a Node host's. */
const REQUESTS = [30, 50, 120, 1_000, 10_000] as const;

export async function takeStep(world: World, number: number): Promise<void> {
  const { random, story } = world;
  const step = random.pick(STEPS);
  story.push(`${new Date(world.time.true).toISOString()} ${step}`);
  const run = (): Promise<unknown> => runStep(world, step);
  if (random.chance(0.35)) {
    // Of a bucket that is away.
    await run().catch((error: unknown) => story.push(`  ${String(error).slice(0, 160)}`));
    return;
  }
  const trouble = {
    name: String(number),
    calls: CALLS[step],
    troubles: 1 + random.int(2),
    focus: random.chance(0.5) ? random.pick(FOCUS) : undefined,
  };
  await world.disturbed(trouble, run, async () => {
    story.push('  another process takes over');
    const other = world.beside();
    const work = async (): Promise<unknown> => {
      if (step === 'backup') return world.backUp('schedule', other);
      return step === 'ship' ? world.ship(1, other) : world.copy(other);
    };
    await work().catch((error: unknown) => story.push(`  ${String(error).slice(0, 160)}`));
  });
}

async function runStep(world: World, step: Step): Promise<unknown> {
  const { random, host } = world;
  switch (step) {
    case 'backup':
      return world.backUp(random.chance(0.15) ? 'import' : 'schedule');
    case 'ship':
      return world.ship(1 + random.int(3));
    case 'copy':
      return world.copy(host, random.pick(REQUESTS));
    case 'look':
      return world.look();
    case 'watch':
      return world.watchChanges();
    case 'prune':
      return pruneNow(world);
    case 'pin':
      return turnPin(world);
    case 'verify':
      return verify(world);
    case 'suspect':
      return host.looks.suspect(
        random.pick([...world.truth.bytes.keys()]),
        'it is not what it was',
        host.jobs(),
      );
    default:
      return byHand(world);
  }
}

/** An owner says yes to what retention would do. */
async function pruneNow({ host: { context }, time }: World): Promise<void> {
  const { retention: policy, changeDays: days = 14, ledger } = context;
  const now = time.clock.now();
  await prune(context, { policy, now, confirmed: true, triggers: (names) => ledger.triggers(names) });
  await pruneChanges(context, { days, now });
}

/** The button in Telegram: who pressed it sees what was found. */
async function verify({ random, host, truth, said }: World): Promise<void> {
  const name = random.pick([...truth.backups.keys()]);
  const verdict = await host.engine.verify(name);
  if (verdict?.ok === false) said.push(`${name}: ${verdict.problems.join('; ')}`);
}

async function turnPin({ random, host, truth }: World): Promise<void> {
  const bucket = random.chance(0.6) ? host.context : host.copy;
  const name = random.pick([...truth.backups.keys()]);
  await (random.chance(0.7) ? pin(bucket, name) : unpin(bucket, name));
}

/** What `copy` does with change files. */
export async function byHand({ host, time, options, said, db }: World): Promise<void> {
  const { problems } = await lookBackAtChanges(
    {
      ...{ first: host.context, copy: host.copy, keys: host.keys, days: options.changeDays },
      ...{ now: time.clock.now(), isRead: true, slice: NO_LIMIT },
      ...(await rememberedIn(db)),
    },
    '',
  );
  said.push(...problems);
}
