/**
 * Takes the place of `src/backup/foreign/process.ts` in a worker of the fault runs
 * (fault-worker.ts): tasks run in processes that are kept, because to start one takes longer than
 * all that a seed does. They are still processes of their own, for two SQLite libraries on one file
 * undo each other's locks; only what reads files that nobody else has open runs right here. Limits
 * are not watched; `npm test` has its seeds with the real ones.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { fromWire, toWire } from '../../src/backup/foreign/errors.ts';
import type { ProcessOptions } from '../../src/backup/foreign/process.ts';
import type { FromTask, ToTask } from '../../src/backup/foreign/protocol.ts';
import type { InputOf, MessageOf, ResultOf, Task, TaskName } from '../../src/backup/foreign/task.ts';
import { TASKS } from '../../src/backup/tasks.ts';
import { reasonOf } from '../../src/lib/clock.ts';

const PROCESS = fileURLToPath(new URL('./kept-process.ts', import.meta.url));
const idle: ChildProcess[] = [];
/** Fetched from a bucket into a directory of their own. */
const HERE: ReadonlySet<TaskName> = new Set(['prepare', 'replay']);

export function limitsFor(): undefined {
  return undefined;
}

export function messagesOf(name: TaskName): never {
  throw new Error(`no fault run needs the messages of ${name}`);
}

export async function runInProcess<Name extends TaskName>(
  task: Name,
  input: InputOf<Name>,
  { signal, onMessage }: ProcessOptions<MessageOf<Name>> = {},
): Promise<ResultOf<Name>> {
  if (signal?.aborted === true) throw reasonOf(signal);
  if (HERE.has(task)) return runHere(task, input, onMessage);
  const child = idle.pop() ?? fork(PROCESS, [], { serialization: 'advanced' });
  const send = (message: ToTask): void => void child.send(message);
  const ended = Promise.withResolvers<unknown>();
  const endWith = (error: unknown): void => {
    child.kill('SIGKILL');
    ended.reject(error instanceof Error ? error : new Error(String(error)));
  };
  const onAbort = (): void => {
    if (signal !== undefined) endWith(reasonOf(signal));
  };
  const onExit = (): void => ended.reject(new Error(`the process of ${task} ended`));
  const onTold = (message: FromTask): void => {
    if (message.kind === 'done') ended.resolve(message.value);
    else if (message.kind === 'failed') ended.reject(fromWire(message.error));
    else
      Promise.resolve(onMessage?.(message.value as MessageOf<Name>)).then(
        () => send({ kind: 'taken' }),
        endWith,
      );
  };
  signal?.addEventListener('abort', onAbort);
  child.on('exit', onExit).on('message', onTold);
  try {
    send({ kind: 'work', task, input });
    return (await ended.promise) as ResultOf<Name>;
  } finally {
    signal?.removeEventListener('abort', onAbort);
    child.off('exit', onExit).off('message', onTold);
    if (!child.killed && child.connected) idle.push(child);
  }
}

/** Its errors as a process sends them. */
async function runHere<Name extends TaskName>(
  task: Name,
  input: InputOf<Name>,
  onMessage: ProcessOptions<MessageOf<Name>>['onMessage'],
): Promise<ResultOf<Name>> {
  const run = (await TASKS[task]()) as Task<InputOf<Name>, ResultOf<Name>, MessageOf<Name>>;
  try {
    return await run(input, { send: async (value) => void (await onMessage?.(value)) });
  } catch (error) {
    throw fromWire(toWire(error));
  }
}
