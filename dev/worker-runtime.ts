/** The Worker of wrangler.toml in real workerd, with given settings, on loopback. */
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { createTestHarness } from 'wrangler';

export interface WorkerRuntime {
  readonly url: string;
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** Fires a cron as Cloudflare would; rejects when the Worker's handler failed. */
  scheduled(cron: string, at: Date): Promise<void>;
  /** What the Worker printed. */
  logs(): readonly string[];
  close(): Promise<void>;
}

/**
 * Wrangler's runtime would ask Cloudflare for its place, complain with a stack trace when it
 * cannot, and count us.
 */
export function askNobody(): void {
  process.env['CLOUDFLARE_CF_FETCH_ENABLED'] = 'false';
  process.env['WRANGLER_SEND_METRICS'] = 'false';
}

/**
 * `settings` are vars and secrets alike (docs/spec/interface.md). Bundles the Worker first, as a
 * deploy would.
 */
export async function startWorkerRuntime(settings: Readonly<Record<string, string>>): Promise<WorkerRuntime> {
  askNobody();
  // Or the Worker would get what the owner's `.env` has for the real bot, a second copy among it.
  process.env['CLOUDFLARE_LOAD_DEV_VARS_FROM_DOT_ENV'] = 'false';
  const harness = createTestHarness({
    root: fileURLToPath(new URL('..', import.meta.url)),
    workers: [{ configPath: './wrangler.toml', secrets: { ...settings } }],
  });
  const { url } = await harness.listen();
  const worker = harness.getWorker();
  return {
    url: url.href.replace(/\/$/, ''),
    fetch: async (path, init) => fetch(new URL(path, url), init),
    async scheduled(cron, at) {
      const { outcome } = await worker.scheduled({ cron, scheduledTime: at });
      if (outcome !== 'ok') throw new Error(`scheduled event ended with ${outcome}`);
    },
    logs: () => harness.getLogs().map((line) => line.message),
    close: () => harness.close(),
  };
}
