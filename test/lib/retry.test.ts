import { expect, test } from 'vitest';
import { StoreError } from '../../src/backup/store/types.ts';
import { DATABASE_READ, pauseAfter, retry, STORE_REQUEST, untilStopped } from '../../src/lib/retry.ts';

/** Fails so often with this error, and notes how long it was left alone in between. */
function trial(failures: number, error = new Error('broken off')) {
  const pauses: number[] = [];
  let tries = 0;
  return {
    pauses,
    tries: () => tries,
    sleep: async (ms: number) => void pauses.push(ms),
    random: () => 0.5,
    work: async () => {
      tries += 1;
      if (tries <= failures) throw error;
      return 'done';
    },
  };
}

test('work is tried again with doubled pauses, and its result is returned', async () => {
  const trials = trial(2);
  await expect(retry(DATABASE_READ, trials, trials.work)).resolves.toBe('done');
  expect(trials.pauses).toEqual([1_000, 2_000]);
});

test('the last error is thrown as it is when the attempts are used up', async () => {
  const error = new Error('still broken');
  const trials = trial(99, error);
  await expect(retry(DATABASE_READ, trials, trials.work)).rejects.toBe(error);
  expect(trials.tries()).toBe(3);
  expect(trials.pauses).toHaveLength(2);
});

test('an error that no try makes better is thrown at once', async () => {
  const refused = trial(99, new StoreError('403', { retryable: false }));
  await expect(retry(DATABASE_READ, refused, refused.work)).rejects.toThrow('403');
  expect(refused.tries()).toBe(1);
  const passing = trial(1, new StoreError('503', { retryable: true }));
  await expect(retry(DATABASE_READ, passing, passing.work)).resolves.toBe('done');
});

test('a server that is stuck is given up sooner than one that refuses', async () => {
  const stuck = trial(99, new StoreError('stuck', { retryable: true, isStall: true }));
  await expect(retry(STORE_REQUEST, stuck, stuck.work)).rejects.toThrow('stuck');
  expect(stuck.tries()).toBe(3);
  const busy = trial(99, new StoreError('503', { retryable: true }));
  await expect(retry(STORE_REQUEST, busy, busy.work)).rejects.toThrow('503');
  expect(busy.tries()).toBe(6);
});

test('a pause is never shorter than the other side asked for', async () => {
  const trials = trial(1);
  await retry(STORE_REQUEST, { ...trials, leastMs: () => 7_000 }, trials.work);
  expect(trials.pauses).toEqual([7_000]);
});

test('pauses grow to the longest one, spread by chance', () => {
  const pauses = [1, 2, 3, 9].map((failures) => pauseAfter(STORE_REQUEST, failures, 0.5));
  expect(pauses).toEqual([125, 250, 500, 10_000]);
  expect(pauseAfter(DATABASE_READ, 1, 0)).toBe(500);
  expect(pauseAfter(DATABASE_READ, 1, 1)).toBe(1_500);
});

test('an abort in a pause ends the tries with its reason; until stopped, with nothing', async () => {
  const stop = new AbortController();
  const reason = new Error('stopped');
  const sleep = async () => stop.abort(reason);
  const options = { sleep, signal: stop.signal };
  await expect(retry(DATABASE_READ, options, trial(99).work)).rejects.toBe(reason);
  await expect(untilStopped(options, trial(99).work)).resolves.toBeUndefined();
});

test('nothing is begun after the signal', async () => {
  const trials = trial(0);
  const signal = AbortSignal.abort();
  await expect(untilStopped({ sleep: trials.sleep, signal }, trials.work)).resolves.toBeUndefined();
  expect(trials.tries()).toBe(0);
});
