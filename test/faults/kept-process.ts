/** A process of `kept-processes.ts`: one task after the other. */
import { toWire } from '../../src/backup/foreign/errors.ts';
import type { FromTask, ToTask } from '../../src/backup/foreign/protocol.ts';
import type { Task } from '../../src/backup/foreign/task.ts';
import { TASKS } from '../../src/backup/tasks.ts';

const tell = (message: FromTask): void => void process.send?.(message);
let taken = (): void => {};

process.on('message', async (message: ToTask) => {
  if (message.kind === 'taken') return taken();
  try {
    const run = (await TASKS[message.task]()) as Task<unknown, unknown, unknown>;
    const value = await run(message.input, {
      async send(value) {
        const isTaken = new Promise<void>((resolve) => {
          taken = resolve;
        });
        tell({ kind: 'message', value });
        await isTaken;
      },
    });
    tell({ kind: 'done', value });
  } catch (error) {
    tell({ kind: 'failed', error: toWire(error) });
  }
});
process.on('disconnect', () => process.exit(0));
