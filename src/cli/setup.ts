/**
 * `npm run setup`: asks for what is missing, proves that each part answers, writes `.env` and, when asked to, makes a key for encrypted
 * backups and puts the Worker's secrets. `--yes` asks nothing, `--key` and `--worker` answer those two. Node only.
 */
import { spawnSync } from 'node:child_process';
import process from 'node:process';
import { outputs } from './output.ts';
import { terminalPrompts } from './setup/prompts.ts';
import { runSetup } from './setup/run-setup.ts';

outputs();
process.exitCode = await runSetup({
  file: '.env',
  env: process.env,
  isAsking: process.stdin.isTTY === true && !process.argv.includes('--yes'),
  wantsKey: process.argv.includes('--key'),
  wantsWorker: process.argv.includes('--worker'),
  prompts: terminalPrompts,
  putSecrets: (json) =>
    spawnSync('wrangler', ['secret', 'bulk'], { input: json, stdio: ['pipe', 'inherit', 'inherit'] })
      .status === 0,
});
