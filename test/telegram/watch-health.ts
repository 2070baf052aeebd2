/** `/healthz` at all times: 503 while updates cannot arrive or the last backup is too old, 200 otherwise, as soon as it can be known. */
import { timeOfName } from '../../src/backup/names.ts';
import { type Ground, WEBHOOK } from './hosts.ts';
import type { Run } from './simulation.ts';
import type { Weather } from './weather.ts';

const LOOK_MS = 20_000;
/** Until trouble must show, and until its end must: two ticks, a retry pause of Telegram's, and the answer's own life. */
const NOTICE_MS = { webhook: 5 * 60_000, polling: 160_000 };
const MAX_AGE_MS = 3_600_000;
/** How long an answer is kept, and a name's second. */
const CACHE_MS = 12_000;

export function watchHealth(run: Run, ground: Ground, weather: Weather): void {
  const { time, mode, store, telegram } = ground;
  const isPolling = mode === 'node polling';
  const notice = isPolling ? NOTICE_MS.polling : NOTICE_MS.webhook;
  /** Since when updates arrive, or do not; and since when nothing else is in the way of finding out. */
  let since = time.now().getTime();
  let wasDeaf = false;
  const watch = async (): Promise<void> => {
    for (;;) {
      await time.sleep(LOOK_MS);
      const { program } = run;
      const now = time.now().getTime();
      if (program === undefined) {
        since = now;
        continue;
      }
      const isDeaf = isPolling ? weather.isOutage : run.isUnreachable || telegram.webhookUrl !== WEBHOOK;
      if (isDeaf !== wasDeaf || (!weather.isCalm && !isDeaf) || (!isPolling && !weather.isCalm)) since = now;
      wasDeaf = isDeaf;
      const response = await Promise.race([
        program.host.app.request('/healthz'),
        program.process.death.then(() => undefined),
      ]);
      if (response === undefined) continue;
      const age = now - newestBackup([...store.objects.keys()]);
      const isKnowable = now - since > notice;
      const isStale = age >= MAX_AGE_MS;
      const isAtTheEdge = Math.abs(age - MAX_AGE_MS) < CACHE_MS;
      const told = `${response.status} ${await response.text()}`;
      if (isStale && !isAtTheEdge && response.status === 200)
        run.problems.push(`${at(now)}: the backup is too old, and /healthz says ${told}`);
      if (isKnowable && isDeaf && response.status === 200 && (isPolling || telegram.pending > 0))
        run.problems.push(`${at(now)}: updates cannot arrive, and /healthz says ${told}`);
      if (isKnowable && !isDeaf && !isStale && !isAtTheEdge && response.status !== 200)
        run.problems.push(`${at(now)}: all is well, and /healthz says ${told}`);
    }
  };
  void watch();
}

function at(now: number): string {
  return new Date(now).toISOString().slice(11, 19);
}

/** The newest backup that has a manifest, ms since 1970. */
function newestBackup(keys: readonly string[]): number {
  const times = keys.flatMap((key) => {
    const [, name = ''] = /(\d{8}_\d{6})\.manifest\.json$/.exec(key) ?? [];
    return timeOfName(name)?.getTime() ?? [];
  });
  return Math.max(0, ...times);
}
