/**
 * The Node host: the Worker's app and jobs on one machine. `npm start`; start-mode.ts says when it
 * runs offline.
 */
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { NotTheBotApi } from './bot/telegram.ts';
import { DatabaseUnfit } from './db/database-unfit.ts';
import { DatabaseFileHeld } from './db/file/file-lock.ts';
import { JournalInDoubt } from './db/file/settle-journals.ts';
import { outliveOutputs } from './hosts/node/log-output.ts';
import { startNode } from './hosts/node/node-host.ts';
import { useOwnScratch } from './hosts/node/own-scratch.ts';
import { onStopSignals } from './hosts/node/stop-signals.ts';
import { describeError, hideSecrets, rememberSecrets } from './lib/log.ts';
import { endOnSurprise, sentenceOf } from './lib/surprise.ts';
import { asCalledHere } from './settings/command-name.ts';
import { ConfigError, readConfig } from './settings/config.ts';
import { loadDotEnv } from './settings/dot-env.ts';
import { START_HELP, StartRefused, startMode } from './settings/start-mode.ts';
import { timesAreOf, timesInZone } from './text/moment.ts';
import { visibleLines } from './text/visible.ts';

/** In which people read times, as soon as the settings say it. */
let zone: string | undefined;

/** The last resort; everything acknowledged is committed long before. */
const STOP_WITHIN_MS = 20_000;

// People's data: new files are for this user alone (0600, directories 0700).
process.umask(0o077);
endOnSurprise();
outliveOutputs();
// Uploads are unpacked there; the next start removes what a killed host left.
useOwnScratch();

if (process.argv.slice(2).includes('--help')) {
  console.log(START_HELP);
  process.exit(0);
}
try {
  const unread = loadDotEnv();
  rememberSecrets(process.env);
  const { kind, notes, beginsNew } = startMode({ env: process.env, args: process.argv.slice(2), unread });
  for (const note of notes) console.error(`note: ${note}`);
  const config = kind === 'offline' ? undefined : readConfig(process.env, 'node');
  zone = config?.timeZone;
  const starting =
    config === undefined
      ? import('../sim/offline/offline.ts').then(({ startOffline }) => startOffline(process.env))
      : startNode(config, { beginsNew, onTaken: () => process.exit(1) });
  // From here on a stop in the middle of the start is an orderly stop, too.
  onStopSignals({
    // Not SIGHUP: a host started with nohup must outlive the terminal.
    signals: ['SIGTERM', 'SIGINT'],
    first() {
      console.log('stopping: finishing what is under way (once more ends it at once)');
      sleep(STOP_WITHIN_MS, undefined, { ref: false }).then(() => {
        console.error('stopped with work unfinished: the next start cleans up after it');
        process.exit(1);
      });
      starting
        .then((running) => running.stop())
        .then(
          () => {
            console.log('stopped');
            process.exit(0);
          },
          (error: unknown) => {
            console.error(`not stopped in order: ${describeError(error)}`);
            process.exit(1);
          },
        );
    },
    second: () => console.error('stopped at once: the next start cleans up after it'),
  });
  stopWithNpm();
  await starting;
} catch (error) {
  const isForPeople = [
    ConfigError,
    StartRefused,
    DatabaseFileHeld,
    DatabaseUnfit,
    JournalInDoubt,
    NotTheBotApi,
  ].some((kind) => error instanceof kind);
  const text =
    isForPeople && error instanceof Error ? visibleLines(hideSecrets(error.message)) : sentenceOf(error);
  const shown = zone === undefined ? text : timesInZone(text, zone);
  console.error(asCalledHere(shown));
  if (zone !== undefined && shown !== text) console.error(timesAreOf(zone));
  process.exit(error instanceof StartRefused ? error.exitCode : 1);
}

/**
 * npm does not hand on every SIGTERM: a service manager that ends npm alone would leave an unknown
 * host behind. When the npm that started this process is gone, that is the request to stop.
 */
function stopWithNpm(): void {
  const npm = process.ppid;
  if (process.env['npm_lifecycle_event'] === undefined || npm <= 1) return;
  const timer = setInterval(() => {
    if (process.ppid === npm) return;
    clearInterval(timer);
    process.kill(process.pid, 'SIGTERM');
  }, 1_000);
  timer.unref();
}
