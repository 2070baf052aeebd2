/**
 * Checks a schedule before anything is opened or changed. Node only (the Worker's version:
 * cron-pattern.worker.ts).
 */
import { Cron } from 'croner';

const FIELDS = 'must be a schedule of five fields, like 0 2 * * * (every night at two, UTC)';
const RANGES = 'is no schedule: minute 0-59, hour 0-23, day 1-31, month 1-12, weekday 0-7, like 0 2 * * *';

/** What is wrong with a schedule, to stand behind its name; undefined if valid and it fires. */
export function cronProblem(pattern: string): string | undefined {
  if (!/^\S+(\s+\S+){4,5}$/.test(pattern)) return FIELDS;
  let cron: Cron;
  try {
    cron = new Cron(pattern, { timezone: 'UTC', paused: true });
  } catch {
    // Its message quotes the input.
    return RANGES;
  }
  const next = cron.nextRun();
  cron.stop();
  return next === null
    ? 'never fires: there is no such day; 0 2 * * * is every night at two, UTC'
    : undefined;
}
