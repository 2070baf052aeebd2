/** The Worker of wrangler.toml in real workerd, with given settings, on loopback. */
import { devNull } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { unstable_startWorker as startWorker } from 'wrangler';

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

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/**
 * The owner's `.env` and `.dev.vars` beside wrangler.toml are those of the real bot, a second copy
 * among them: nothing that runs on stand-ins takes a setting from there.
 */
export const NO_FILES = [devNull];

/**
 * `settings` are vars and secrets alike (docs/spec/interface.md). Bundles the Worker first, as a
 * deploy would. `root`: where wrangler.toml is.
 */
export async function startWorkerRuntime(
  settings: Readonly<Record<string, string>>,
  root = ROOT,
): Promise<WorkerRuntime> {
  askNobody();
  const logs: string[] = [];
  const worker = await startWorker({
    config: join(root, 'wrangler.toml'),
    envFiles: NO_FILES,
    bindings: bindingsOf(settings),
    dev: {
      server: { hostname: '127.0.0.1', port: 0 },
      logLevel: 'none',
      watch: false,
      persist: false,
      inspector: false,
      structuredLogsHandler: ({ message }: { readonly message: string }) => logs.push(message),
    },
  });
  const url = await worker.url;
  return {
    url: url.href.replace(/\/$/, ''),
    fetch: async (path, init) => fetch(new URL(path, url), init),
    async scheduled(cron, at) {
      const wanted = new URLSearchParams({ cron, time: String(at.getTime()), format: 'json' });
      const answer = await fetch(new URL(`/cdn-cgi/local/scheduled?${wanted}`, url));
      const { outcome } = (await answer.json()) as { readonly outcome?: unknown };
      if (outcome !== 'ok') throw new Error(`scheduled event ended with ${String(outcome)}`);
    },
    logs: () => logs,
    close: () => worker.dispose(),
  };
}

/** Settings as wrangler takes them. */
export function bindingsOf(
  settings: Readonly<Record<string, string>>,
): Record<string, { readonly type: 'secret_text'; readonly value: string }> {
  return Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [name, { type: 'secret_text' as const, value }]),
  );
}
