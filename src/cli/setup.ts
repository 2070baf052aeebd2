/**
 * `npm run setup`: asks for the settings (known ones are the default), proves that each part
 * answers and writes `.env`. On request it makes a key for encrypted backups and puts the Worker's
 * secrets. Node only.
 */
import { spawnSync } from 'node:child_process';
import process from 'node:process';
import { systemClock } from '../lib/clock.ts';
import { endOnSurprise } from '../lib/surprise.ts';
import { script } from './script.ts';
import { terminalPrompts } from './setup/prompts.ts';
import { runSetup } from './setup/run-setup.ts';
import { uncounted } from './uncounted.ts';

// People's data: new files are for this user alone (0600, directories 0700).
process.umask(0o077);
endOnSurprise();

const command = script('setup', 'Asks for the settings, proves that each part answers, and writes .env.')
  .option('-y, --yes', 'ask nothing: every answer comes from the environment or .env')
  .option('--key', 'make a key for encrypted backups and prove it')
  .option('--worker', "put the Worker's secrets (wrangler secret bulk)")
  .parse();
const { yes, key, worker } = command.opts<{ yes?: true; key?: true; worker?: true }>();

const hasTerminal = process.stdin.isTTY === true;
if (!hasTerminal && yes !== true)
  terminalPrompts.say(
    'note',
    'There is no terminal to ask at, so every answer comes from the environment and .env, as with --yes.',
  );

process.exitCode = await runSetup({
  file: '.env',
  env: process.env,
  isAsking: hasTerminal && yes !== true,
  wantsKey: key === true,
  wantsWorker: worker === true,
  prompts: terminalPrompts,
  clock: systemClock,
  putSecrets: (json) =>
    spawnSync('wrangler', ['secret', 'bulk'], {
      input: json,
      stdio: ['pipe', 'inherit', 'inherit'],
      env: uncounted(),
    }).status === 0,
});
