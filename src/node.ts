/** The Node host: the same app and jobs as the Worker's on one machine. `npm start`. Without BOT_TOKEN it runs offline. */
import { existsSync } from 'node:fs';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import { ConfigError, readConfig } from './config.ts';
import { DatabaseFileHeld } from './db/file-lock.ts';
import { DatabaseTooNew } from './db/migrate.ts';
import { describeError, hideSecrets, rememberSecrets } from './log.ts';
import { startNode } from './node-host.ts';
import { onStopSignals } from './stop-signals.ts';

/** The last resort; everything acknowledged is committed long before. */
const STOP_WITHIN_MS = 20_000;

if (existsSync('.env')) process.loadEnvFile('.env');

rememberSecrets(process.env);
try {
  const config = readConfig(process.env, 'node');
  const running =
    config.botToken === undefined
      ? await (await import('../dev/offline.ts')).startOffline(config)
      : await startNode(config);
  onStopSignals({
    // Not SIGHUP: whoever starts the host with nohup wants it to outlive the terminal.
    signals: ['SIGTERM', 'SIGINT'],
    first() {
      console.log('stopping: finishing what is under way (once more ends it at once)');
      sleep(STOP_WITHIN_MS, undefined, { ref: false }).then(() => {
        console.error('stopped with work unfinished: the next start cleans up after it');
        process.exit(1);
      });
      running.stop().then(
        () => process.exit(0),
        (error: unknown) => {
          console.error(`not stopped in order: ${describeError(error)}`);
          process.exit(1);
        },
      );
    },
    second: () => console.error('stopped at once: the next start cleans up after it'),
  });
} catch (error) {
  const isForPeople =
    error instanceof ConfigError || error instanceof DatabaseFileHeld || error instanceof DatabaseTooNew;
  // An error of the network quotes the address, and with it the token.
  console.error(hideSecrets(isForPeople ? error.message : inspect(error)));
  process.exit(1);
}
