/** The process of one task: started by foreign/process.ts, ends with the task. */
import { enableCompileCache } from 'node:module';
import process from 'node:process';
import { Worker } from 'node:worker_threads';
import { toWire } from './foreign/errors.ts';
import { removeOrphaned } from './foreign/orphan.ts';
import type { FromTask, ToTask, Watch } from './foreign/protocol.ts';
import type { Task } from './foreign/task.ts';
import { TASKS } from './tasks.ts';

enableCompileCache();
const watch: Watch = JSON.parse(process.argv[2] ?? '');
const watchdog = new Worker(new URL('./foreign/watchdog.ts', import.meta.url), {
  workerData: watch,
  execArgv: [],
});
// A watchdog that is not there protects nobody.
watchdog.once('error', (error) => {
  throw error;
});
watchdog.unref();

/** Resolves when the message is on its way: `process.send` alone may lose it at the exit. */
function tell(message: FromTask): Promise<void> {
  return new Promise((resolve) => {
    if (process.connected) process.send?.(message, undefined, undefined, () => resolve());
    else resolve();
  });
}

let taken = (_answer: unknown): void => {};
process.on('message', (message: ToTask) => {
  if (message.kind === 'taken') taken(message.answer);
  else
    void work(message).finally(() => {
      removeOrphaned(watch);
      process.exit();
    });
});

async function work({ task, input }: Extract<ToTask, { kind: 'work' }>): Promise<void> {
  try {
    // The types of a task's caller have seen to it that the input fits.
    const run = (await TASKS[task]()) as Task<unknown, unknown, unknown>;
    const value = await run(input, {
      async send(value) {
        const isTaken = new Promise<unknown>((resolve) => {
          taken = resolve;
        });
        await tell({ kind: 'message', value });
        return isTaken;
      },
    });
    await tell({ kind: 'done', value });
  } catch (error) {
    await tell({ kind: 'failed', error: toWire(error) });
  }
}
