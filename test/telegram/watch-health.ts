/**
 * `/healthz` at all times: 503 while updates cannot arrive or the last backup is too old, 200
 * otherwise, as soon as it can be known.
 */
import type { MemoryStore } from '../support/memory-store.ts';
import { type Ground, WEBHOOK } from './hour-hosts.ts';
import type { Run } from './hour-simulation.ts';
import type { Weather } from './weather.ts';

const LOOK_MS = 20_000;
/**
 * Until trouble must show, and until its end must: two ticks, a retry pause of Telegram's, and the
 * answer's own life.
 */
const NOTICE_MS = { webhook: 5 * 60_000, polling: 160_000 };
const MAX_AGE_MS = 3_600_000;
/** How long an answer is kept, and a run may take. */
const EDGE_MS = 60_000;

export function watchHealth(run: Run, ground: Ground, weather: Weather): void {
  const { time, mode, store, telegram } = ground;
  const isPolling = mode === 'node polling';
  const notice = isPolling ? NOTICE_MS.polling : NOTICE_MS.webhook;
  /**
   * Since when updates arrive, or do not; and since when nothing else is in the way of finding out.
   */
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
      const age = now - newestBackup(store);
      const isKnowable = now - since > notice;
      const isStale = age >= MAX_AGE_MS;
      const isAtTheEdge = Math.abs(age - MAX_AGE_MS) < EDGE_MS;
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

/** When the data was read that the newest backup with a manifest holds, ms since 1970. */
function newestBackup({ objects }: MemoryStore): number {
  const times = [...objects].flatMap(([key, { body, modified }]) => {
    if (!key.endsWith('.manifest.json')) return [];
    const { started_at: at } = JSON.parse(Buffer.from(body).toString()) as { started_at: string };
    // It is not believed to be later than its file.
    return Math.min(Date.parse(at), modified.getTime());
  });
  return Math.max(0, ...times);
}
