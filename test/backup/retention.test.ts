import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RetentionPolicy } from '../../src/backup/catalog/calendar-places.ts';
import { backupName } from '../../src/backup/catalog/names.ts';
import { EmptyPolicy, LEAST_VERIFIED, planRetention } from '../../src/backup/catalog/retention.ts';
import type { RetentionEntry } from '../../src/backup/catalog/retention-times.ts';

const DAY = 86_400_000;
const NOW = new Date('2026-06-15T03:00:00Z');

function daysAgo(days: number): Date {
  return new Date(NOW.getTime() - days * DAY);
}

function entry(days: number, change: Partial<RetentionEntry> = {}): RetentionEntry {
  const time = daysAgo(days);
  return { name: backupName(time), state: 'verified', time, modified: time, pinned: false, ...change };
}

/** The ages in days of what is kept, and why. */
function kept(
  entries: readonly RetentionEntry[],
  policy: RetentionPolicy = { days: 90 },
): Map<number, string> {
  const plan = planRetention(entries, policy, NOW);
  const ages = new Map<string, number>();
  for (const { name, time } of entries) ages.set(name, (NOW.getTime() - time.getTime()) / DAY);
  return new Map(
    plan.decisions.flatMap(({ name, action, reason }) =>
      action === 'keep' ? [[ages.get(name) ?? Number.NaN, reason] as const] : [],
    ),
  );
}

const daily = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => entry(from + i));

describe('rules', () => {
  test('90 days: everything younger stays, everything older goes', () => {
    const reasons = kept(daily(0, 120));
    expect([...reasons.keys()]).toEqual(Array.from({ length: 90 }, (_, i) => i));
    expect(reasons.get(89)).toBe('younger than 90 days');
  });

  test('daily, weekly and monthly counts keep the newest of each', () => {
    const reasons = kept(daily(0, 60), { daily: 3, weekly: 2, monthly: 2 });
    // 15 June 2026 is a Monday: the last day of the week before is the 14th, of the month before 31
    // May.
    expect([...reasons]).toEqual([
      [0, 'the newest verified backup'],
      [1, 'newest of day 2026-06-14'],
      [2, 'newest of day 2026-06-13'],
      [15, 'newest of month 2026-05'],
    ]);
  });

  test('days without a backup use up no place', () => {
    expect([
      ...kept(
        [0, 30, 60, 90, 120, 150].map((days) => entry(days)),
        { daily: 4 },
      ).keys(),
    ]).toEqual([0, 30, 60, 90]);
  });

  test('a damaged one uses up no place', () => {
    const entries = [
      entry(0),
      entry(1, { state: 'damaged' }),
      entry(1.1),
      entry(2),
      entry(3),
      entry(4),
      entry(5),
    ];
    expect([...kept(entries, { daily: 4 }).keys()]).toEqual([0, 1.1, 2, 3]);
  });

  test('pinned, unreadable and unfinished ones stay', () => {
    const entries = [
      ...daily(0, 10),
      entry(200, { pinned: true }),
      entry(201, { state: 'unreadable' }),
      entry(202, { state: 'unfinished' }),
      entry(203),
    ];
    expect([...kept(entries).keys()].slice(-3)).toEqual([200, 201, 202]);
  });

  test('never below three verified, whatever their age', () => {
    const old = [entry(0), entry(301, { state: 'damaged' }), entry(302), entry(303), entry(304)];
    expect([...kept(old).keys()]).toEqual([0, 302, 303]);
    expect([...kept([entry(0), entry(300), entry(301), entry(302)]).keys()]).toEqual([0, 300, 301]);
  });

  test('the newest three verified ones stay, whatever the calendar says', () => {
    const monthly = kept(daily(0, 70), { monthly: 12 });
    expect([...monthly.keys()]).toEqual([0, 1, 2, 15, 46]);
    expect(monthly.get(2)).toBe('one of the newest 3 verified');
    const doubtful = entry(100, { modified: daysAgo(97) });
    expect([...kept([entry(0), doubtful, ...daily(200, 204)]).keys()]).toEqual([0, 100, 200, 201]);
    // A second backup of a day makes room for itself.
    expect([...kept([entry(0), entry(0.1), ...daily(2, 7)], { monthly: 1 }).keys()]).toEqual([0, 0.1, 2, 3]);
  });

  test('no verified one younger than 24 hours goes', () => {
    const young = Array.from({ length: 8 }, (_, i) => entry(i / 8));
    const reasons = kept([...young, ...daily(1, 9)], { monthly: 1 });
    expect([...reasons.keys()]).toEqual([...young.map((_, i) => i / 8), 1, 2]);
    expect(reasons.get(7 / 8)).toBe('younger than 24 hours');
    expect(kept([entry(0), entry(0.5, { state: 'damaged' }), ...daily(1, 9)], { monthly: 1 }).has(0.5)).toBe(
      false,
    );
  });

  test('a safety backup stays for 14 days, whatever the calendar says', () => {
    const safeties = [2.5, 13.9, 14.1].map((age) => entry(age, { isSafety: true }));
    const reasons = kept([...daily(0, 30), ...safeties], { days: 1, daily: 7 });
    expect(reasons.get(2.5)).toBe(
      'made before a restore, an import, a migration or a deploy: kept for 14 days',
    );
    expect(reasons.has(13.9)).toBe(true);
    expect(reasons.has(14.1)).toBe(false);
    expect(kept([...daily(0, 5), entry(9, { isSafety: true, state: 'damaged' })], { daily: 3 }).has(9)).toBe(
      true,
    );
  });

  test('a safety backup takes no place of the calendar from another', () => {
    const nightly = daily(1, 30);
    const policy = { daily: 7, weekly: 4, monthly: 6 };
    const without = [...kept(nightly, policy).keys()];
    const safeties = [0, 0.9, 1.95, 5.95, 40].map((age) => entry(age, { isSafety: true }));
    const reasons = kept([...nightly, ...safeties], policy);
    expect([...reasons.keys()]).toEqual(expect.arrayContaining(without));
    expect(reasons.get(1)).toBe('newest of day 2026-06-14');
    // Nor do they push the newest three nightly ones out.
    const crowd = [1.1, 1.2, 1.3].map((age) => entry(age, { isSafety: true }));
    expect([...kept([entry(0), ...crowd, ...daily(2, 9)], { monthly: 1 }).keys()]).toEqual([
      0, 1.1, 1.2, 1.3, 2, 3,
    ]);
  });

  test('nothing goes while no verified one exists, nor what is newer than the newest verified', () => {
    expect(kept([entry(300, { state: 'damaged' }), entry(301, { state: 'damaged' })]).size).toBe(2);
    const entries = [entry(0, { state: 'damaged' }), entry(299, { state: 'damaged' }), ...daily(300, 306)];
    expect(kept(entries).get(299)).toBe('no newer verified backup exists');
  });

  test('while the newest backup is damaged every good one stays', () => {
    const good = daily(1, 200);
    const reasons = kept([entry(0, { state: 'damaged' }), ...good]);
    expect([...reasons.keys()].filter((days) => days > 0)).toHaveLength(good.length);
    expect(reasons.get(150)).toBe('the newest backup is damaged: every good one stays');
    expect(kept([entry(0), entry(1, { state: 'damaged' }), ...daily(2, 200)]).has(150)).toBe(false);
  });

  test('a run that would delete more than half asks', () => {
    expect(planRetention([entry(0), ...daily(86, 95)], { days: 90 }, NOW).kind).toBe('plan');
    expect(planRetention([entry(0), ...daily(85, 97)], { days: 90 }, NOW)).toMatchObject({
      kind: 'ask',
      removing: 7,
      of: 13,
    });
    expect(planRetention([...daily(0, 3), entry(91), entry(92), entry(93)], { days: 90 }, NOW).kind).toBe(
      'plan',
    );
  });

  test.each<[RetentionPolicy]>([
    [{}],
    [{ days: 0 }],
    [{ daily: 0, weekly: 0, monthly: 0 }],
    [{ days: -1 }],
    [{ daily: 1.5 }],
  ])('an empty policy is refused: %j', (policy) => {
    expect(() => planRetention(daily(0, 5), policy, NOW)).toThrow(EmptyPolicy);
  });
});

describe('clocks', () => {
  test('a clock a year ahead makes no backup the newest for a year', () => {
    const ahead = entry(-365, { modified: daysAgo(120) });
    const reasons = kept([ahead, ...daily(0, 95)]);
    expect(reasons.get(0)).toBe('the newest verified backup');
    expect(reasons.has(-365)).toBe(false);
  });

  test('a clock stuck in the past deletes no young backup', () => {
    const stuck = entry(20_000, { modified: daysAgo(1) });
    expect(kept([stuck, ...daily(2, 60)]).has(20_000)).toBe(true);
    expect(kept([stuck, ...daily(2, 60)], { daily: 40 }).has(20_000)).toBe(true);
  });

  test('a bucket copied yesterday keeps its calendar and loses nothing', () => {
    const copied = daily(0, 200).map((one) => ({ ...one, modified: daysAgo(0) }));
    expect(kept(copied).size).toBe(200);
    expect(kept(copied, { daily: 7, monthly: 12 }).size).toBe(200);
  });

  test.each([3, 30, 3650])('a host whose clock is %i days ahead deletes nothing early', (days) => {
    const plan = planRetention(daily(0, 90), { days: 90 }, new Date(NOW.getTime() + days * DAY));
    expect(plan.decisions.filter(({ action }) => action === 'remove')).toEqual([]);
  });

  test('a copy that gave every object an old time costs no young backup', () => {
    const copied = daily(0, 60).map((one) => ({ ...one, modified: new Date('1999-09-04T00:00:00Z') }));
    for (const policy of [{ days: 90 }, { daily: 2 }, { days: 10, monthly: 1 }]) {
      const plan = planRetention([entry(-0.001), ...copied], policy, NOW);
      const removed = plan.decisions.filter(({ action }) => action === 'remove').map(({ name }) => name);
      const young = (policy.days ?? 90) - 1;
      expect(removed.filter((name) => daily(0, young).some((one) => one.name === name))).toEqual([]);
    }
  });

  test('a backup whose manifest and object are of a clock that is ahead leans on nothing, and nothing on it', () => {
    const ahead = entry(-365);
    const reasons = kept([ahead, entry(100), entry(101), entry(102), entry(103)], { daily: 1 });
    expect(reasons.get(-365)).toBe('dated in the future by a wrong clock: kept until then');
    expect(reasons.get(100)).toBe('the newest verified backup');
    expect([...reasons.keys()]).toEqual([-365, 100, 101, 102]);
  });

  test('a host whose clock is behind deletes nothing', () => {
    const plan = planRetention(daily(0, 120), { days: 90 }, daysAgo(100));
    expect(plan.decisions.filter(({ action }) => action === 'remove')).toEqual([]);
  });
});

const entries = fc.array(
  fc.record({
    age: fc.double({ min: -400, max: 400, noNaN: true }),
    skew: fc.oneof(
      { weight: 5, arbitrary: fc.constant(0) },
      fc.double({ min: -1000, max: 1000, noNaN: true }),
    ),
    state: fc.constantFrom<RetentionEntry['state']>(
      'verified',
      'verified',
      'verified',
      'damaged',
      'unreadable',
      'unfinished',
    ),
    pinned: fc.boolean(),
    isSafety: fc.boolean(),
  }),
  { maxLength: 60 },
);
const policies = fc
  .record({
    days: fc.option(fc.nat(400), { nil: undefined }),
    daily: fc.option(fc.nat(30), { nil: undefined }),
    weekly: fc.option(fc.nat(10), { nil: undefined }),
    monthly: fc.option(fc.nat(10), { nil: undefined }),
  })
  .filter((policy) => Object.values(policy).some((rule) => (rule ?? 0) > 0));

test('whatever the bucket holds: one decision each, and the promises hold', () => {
  fc.assert(
    fc.property(entries, policies, (specs, policy) => {
      const made = specs.map(({ age, skew, state, pinned, isSafety }, i): RetentionEntry => {
        const modified = daysAgo(age);
        return {
          name: `n${i}`,
          state,
          pinned,
          isSafety,
          modified,
          time: new Date(modified.getTime() + skew * DAY),
        };
      });
      const plan = planRetention(made, policy, NOW);
      expect(plan.decisions.map(({ name }) => name).toSorted()).toEqual(
        made.map(({ name }) => name).toSorted(),
      );
      const action = new Map(plan.decisions.map((decision) => [decision.name, decision.action]));
      const removed = made.filter(({ name }) => action.get(name) === 'remove');
      const verified = made.filter(({ state }) => state === 'verified');
      const stay = verified.filter(({ name }) => action.get(name) === 'keep');
      expect(stay.length).toBeGreaterThanOrEqual(Math.min(LEAST_VERIFIED, verified.length));
      const youngest = ({ time, modified }: RetentionEntry): number =>
        time <= NOW ? Math.max(time.getTime(), modified.getTime()) : modified.getTime();
      for (const one of removed) {
        const age = NOW.getTime() - youngest(one);
        if (one.state === 'verified') expect(age).toBeGreaterThanOrEqual(DAY);
        if (one.isSafety === true) expect(age).toBeGreaterThanOrEqual(14 * DAY);
        expect(one.pinned).toBe(false);
        expect(['verified', 'damaged']).toContain(one.state);
        // Older than the rule by the store's own clock, too: no skew of ours deletes a young
        // backup.
        if (policy.days !== undefined)
          expect(NOW.getTime() - one.modified.getTime()).toBeGreaterThanOrEqual((policy.days - 2) * DAY);
        // Nor one that its manifest calls young: times of files do not survive every copy.
        if (policy.days !== undefined && one.time <= NOW)
          expect(NOW.getTime() - one.time.getTime()).toBeGreaterThanOrEqual((policy.days - 2) * DAY);
        // Some verified backup that the store received no earlier stays (two days being the lag
        // allowed).
        expect(stay.some(({ modified }) => modified.getTime() >= one.modified.getTime() - 2 * DAY)).toBe(
          true,
        );
      }
      if (removed.length * 2 > made.filter(({ state }) => state !== 'unfinished').length)
        expect(plan.kind).toBe('ask');
      // The order of the listing decides nothing.
      expect(
        new Map(planRetention(made.toReversed(), policy, NOW).decisions.map((d) => [d.name, d.action])),
      ).toEqual(action);
    }),
    { numRuns: 2000 },
  );
});

describe('forged ones', () => {
  const gone = (all: readonly RetentionEntry[], policy: RetentionPolicy): string[] =>
    planRetention(all, policy, NOW).decisions.flatMap(({ action, name }) =>
      action === 'remove' ? [name] : [],
    );

  test('dated into each of the last days, they take no genuine one’s place', () => {
    const genuine = daily(1, 120);
    const policy = { days: 1, daily: 7, weekly: 4, monthly: 6 };
    const forged = Array.from({ length: 119 }, (_, i) => {
      const time = new Date(daysAgo(i + 1).setUTCHours(23, 59, 59));
      return { ...entry(i + 1), name: backupName(time), time, modified: NOW };
    });
    const now = entry(0, { name: 'now' as never });
    const expected = gone([now, ...genuine], policy);
    expect(expected).not.toEqual([]);
    for (const one of gone([...forged, ...genuine], policy)) expect(expected).toContain(one);
  });

  test('they make up no half that stays: what would ask still asks', () => {
    const genuine = [entry(0), ...daily(100, 120)];
    const forged = Array.from({ length: 200 }, (_, i) =>
      entry(i + 3, { name: `f${i}` as never, modified: NOW }),
    );
    expect(planRetention([...genuine, ...forged], { days: 90 }, NOW)).toMatchObject({
      kind: 'ask',
      removing: 18,
      of: 21,
    });
  });

  const nightly = fc.uniqueArray(
    fc.record({
      age: fc.nat(400),
      state: fc.constantFrom<RetentionEntry['state']>('verified', 'verified', 'verified', 'damaged'),
      lag: fc.double({ min: 0, max: 0.04, noNaN: true }),
      isSafety: fc.boolean(),
    }),
    { selector: ({ age }) => age, maxLength: 60 },
  );
  const forgedWith = (min: number, max: number) =>
    fc.array(
      fc.record({
        age: fc.double({ min, max, noNaN: true }),
        state: fc.constantFrom<RetentionEntry['state']>('verified', 'damaged', 'unreadable', 'unfinished'),
        pinned: fc.boolean(),
        isSafety: fc.boolean(),
      }),
      { maxLength: 60 },
    );
  const genuineOf = (
    specs: readonly (Pick<RetentionEntry, 'state' | 'isSafety'> & { age: number; lag: number })[],
  ) =>
    specs.map(({ age, lag, ...rest }, i) => {
      const time = daysAgo(age + 0.1);
      return {
        ...entry(0),
        ...rest,
        name: `g${i}` as never,
        time,
        modified: new Date(time.getTime() + lag * DAY),
      };
    });
  const forgedOf = (
    specs: readonly (Pick<RetentionEntry, 'state' | 'pinned' | 'isSafety'> & { age: number })[],
  ) =>
    specs.map(({ age, ...rest }, i) => ({
      ...entry(0),
      ...rest,
      name: `f${i}` as never,
      time: daysAgo(age),
      modified: NOW,
    }));

  test('whatever is put there with another date than today’s, no genuine one goes for it', () => {
    fc.assert(
      fc.property(nightly, forgedWith(0.51, 500), policies, (specs, others, policy) => {
        const genuine = genuineOf(specs);
        const without = gone(genuine, policy);
        const removed = gone([...genuine, ...forgedOf(others)], policy).filter((name) =>
          name.startsWith('g'),
        );
        expect(removed.filter((name) => !without.includes(name))).toEqual([]);
      }),
      { numRuns: 2000 },
    );
  });

  test('whatever is put there, no more goes than for one genuine backup made now', () => {
    fc.assert(
      fc.property(nightly, forgedWith(0, 500), policies, (specs, others, policy) => {
        const genuine = genuineOf(specs);
        const without = [
          ...gone(genuine, policy),
          ...gone([...genuine, entry(0, { name: 'now' as never })], policy),
        ];
        const removed = gone([...genuine, ...forgedOf(others)], policy).filter((name) =>
          name.startsWith('g'),
        );
        expect(removed.filter((name) => !without.includes(name))).toEqual([]);
      }),
      { numRuns: 2000 },
    );
  });
});
