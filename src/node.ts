/** The Node host: the same app and jobs as the Worker's on one machine. `npm start`. Without BOT_TOKEN it runs offline. */
import { existsSync } from 'node:fs';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import { ConfigError, readConfig } from './config.ts';
import { DatabaseFileHeld } from './db/file-lock.ts';
import { DatabaseTooNew } from './db/migrate.ts';
import { hideSecrets } from './log.ts';
import { startNode } from './node-host.ts';

if (existsSync('.env')) process.loadEnvFile('.env');

try {
  const config = readConfig(process.env, 'node');
  const running =
    config.botToken === undefined
      ? await (await import('../dev/offline.ts')).startOffline(config)
      : await startNode(config);
  const stop = (): void => {
    console.log('stopping: finishing what is under way');
    // A hung connection must not keep the process for ever; everything acknowledged is committed already.
    sleep(20_000, undefined, { ref: false }).then(() => process.exit(1));
    running.stop().then(() => process.exit(0));
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
} catch (error) {
  const isForPeople =
    error instanceof ConfigError || error instanceof DatabaseFileHeld || error instanceof DatabaseTooNew;
  // An error of the network quotes the address, and with it the token.
  console.error(isForPeople ? error.message : hideSecrets(inspect(error)));
  process.exit(1);
}
