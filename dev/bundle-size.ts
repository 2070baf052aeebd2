/** `npm run bundle`: bundles the Worker as a deploy does, and fails when it exceeds the budget. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { script } from '../src/cli/script.ts';
import { uncounted } from '../src/cli/uncounted.ts';

/**
 * Ours (docs/decisions.md, "The Worker's bundle"); Cloudflare itself allows 3 MiB (free) and 10 MiB
 * (paid).
 */
const BUDGET_KIB = 475;

script('bundle', 'Bundles the Worker and holds it to its budget; takes no options.').parse();
const directory = mkdtempSync(join(tmpdir(), 'anime-bundle-'));
try {
  const wrangler = spawnSync('wrangler', ['deploy', '--dry-run', '--outdir', directory], {
    encoding: 'utf8',
    env: { ...uncounted(), CI: 'true' },
  });
  if (wrangler.status !== 0) {
    process.stderr.write(`${wrangler.stdout}${wrangler.stderr}`);
    throw new Error('wrangler deploy --dry-run failed');
  }
  const scripts = readdirSync(directory).filter((name) => name.endsWith('.js'));
  const bytes = scripts.map((name) => readFileSync(join(directory, name)));
  const kib = bytes.reduce((sum, script) => sum + gzipSync(script, { level: 9 }).length, 0) / 1024;
  const raw = bytes.reduce((sum, script) => sum + script.length, 0) / 1024;
  console.log(
    `worker bundle: ${kib.toFixed(1)} KiB gzip (${raw.toFixed(0)} KiB raw), budget ${BUDGET_KIB} KiB gzip`,
  );
  if (kib > BUDGET_KIB) {
    console.error(`The bundle is ${(kib - BUDGET_KIB).toFixed(1)} KiB over its budget.`);
    process.exitCode = 1;
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}
