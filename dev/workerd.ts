/**
 * The deployed bundle in bare workerd, without wrangler's proxies: measures what the Worker itself
 * costs. It fires no crons; `worker-runtime.ts` is for everything else.
 */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { freePort } from '../sim/free-ports.ts';
import { uncounted } from '../src/cli/uncounted.ts';

export interface BareWorkerd {
  readonly url: string;
  readonly pid: number;
  close(): Promise<void>;
}

/**
 * Bundles the Worker into `directory` and serves it with the given settings.
 * @param options.entry another program than the Worker
 * @param options.inspectorPort lets a profiler in; the bundle keeps its names then
 */
export async function startBareWorkerd(
  directory: string,
  settings: Readonly<Record<string, string>>,
  { entry, inspectorPort }: { readonly entry?: string; readonly inspectorPort?: number } = {},
): Promise<BareWorkerd> {
  const built = spawnSync(
    'wrangler',
    [
      'deploy',
      ...(entry === undefined ? [] : [entry]),
      ...['--dry-run', '--outdir', directory],
      ...(inspectorPort === undefined ? [] : ['--minify', 'false']),
    ],
    { encoding: 'utf8', env: uncounted() },
  );
  if (built.status !== 0) throw new Error(`wrangler deploy --dry-run failed: ${built.stderr}`);
  const port = await freePort();
  writeFileSync(join(directory, 'config.capnp'), config(settings, port));
  const inspected = inspectorPort === undefined ? [] : [`--inspector-addr=127.0.0.1:${inspectorPort}`];
  const child: ChildProcess = spawn(binary(), ['serve', 'config.capnp', ...inspected], {
    cwd: directory,
    stdio: 'inherit',
  });
  const url = `http://127.0.0.1:${port}`;
  await until(async () => (await fetch(`${url}/nowhere`)).status === 404);
  return {
    url,
    pid: child.pid ?? 0,
    async close() {
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}

/**
 * Its package brings a script that starts the binary; ending the script leaves the binary at
 * work, and would measure the script.
 */
function binary(): string {
  const machine = `${process.platform}-${process.arch === 'x64' ? '64' : process.arch}`;
  const path = fileURLToPath(
    new URL(`../node_modules/@cloudflare/workerd-${machine}/bin/workerd`, import.meta.url),
  );
  return existsSync(path) ? path : 'workerd';
}

function config(settings: Readonly<Record<string, string>>, port: number): string {
  const toml = readFileSync(new URL('../wrangler.toml', import.meta.url), 'utf8');
  const date = /compatibility_date = "([^"]+)"/.exec(toml)?.[1] ?? '';
  const bindings = Object.entries(settings).map(
    ([name, value]) => `(name = "${name}", text = ${JSON.stringify(value)})`,
  );
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .main),
    (name = "internet", network = (allow = ["public", "private"], tlsOptions = (trustBrowserCas = true))),
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);
const main :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "worker.js")],
  compatibilityDate = "${date}",
  compatibilityFlags = ["nodejs_compat"],
  bindings = [${bindings.join(', ')}],
);
`;
}

async function until(check: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt += 1) {
    if (await check().catch(() => false)) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('workerd did not answer within a minute');
}
