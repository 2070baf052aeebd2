/**
 * The one way to run work in a process of its own: what reads a file that somebody else made (an
 * upload, a file of a bucket), within limits of time and memory; and what would block the event
 * loop (SQLite copies a database in one call). Node only; a Worker has no processes, takes no
 * databases and reads documents as bounded streams.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { getCompileCacheDir } from 'node:module';
import { join } from 'node:path';
import process from 'node:process';
import { reasonOf } from '../../lib/clock.ts';
import { Slots } from '../../lib/slots.ts';
import { CostsTooMuch, Damaged, fromWire } from './errors.ts';
import { type FromTask, MEMORY_SIGNAL, TIME_SIGNAL, type ToTask, type Watch } from './protocol.ts';
import type { InputOf, MessageOf, ResultOf, TaskName } from './task.ts';

export interface ProcessLimits {
  /** Most time of a processor, ms: on a busy machine work takes longer, but not more. */
  readonly ms: number;
  /** Most resident memory of the process, bytes; Node itself takes some 80 MB. */
  readonly memory: number;
}

export interface ProcessOptions<Message> {
  /** Absent only for work on data of our own. */
  readonly limits?: ProcessLimits | undefined;
  /** Ends the process at once; the work then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Files that the work makes and only the caller removes: they go when the caller dies first. */
  readonly debris?: readonly string[];
  /** The process waits for the answer to its message. What this throws ends the work. */
  readonly onMessage?: ((message: Message) => unknown) | undefined;
}

/** Allowed to every file, however small: a machine may be slow and busy. */
const LEAST_MS = 60_000;
const MS_PER_BYTE = 1_000 / 500_000;
const LEAST_MEMORY = 400_000_000;
const MEMORY_PER_BYTE = 4;
const MOST_MEMORY = 1_500_000_000;
/** A process that waits for ever takes no time of a processor. */
const WALL_TIMES = 10;

/**
 * What reading a foreign file of `bytes` (unpacked) may take. SQLite reads hundreds of times as
 * much in the time.
 */
export function limitsFor(bytes: number): ProcessLimits {
  return {
    ms: LEAST_MS + bytes * MS_PER_BYTE,
    memory: Math.min(MOST_MEMORY, LEAST_MEMORY + bytes * MEMORY_PER_BYTE),
  };
}

/** Foreign files read at once: the files of an admin who sends ten are read one after another. */
const slots = new Slots(3);

/**
 * Runs a task (../tasks.ts) in a process of its own; one with limits waits for its turn.
 * @throws what the task throws, of its own kind; {@link CostsTooMuch} at a limit; {@link Damaged}
 * when the process crashed on the file; the reason of `signal`.
 */
export async function runInProcess<Name extends TaskName>(
  task: Name,
  input: InputOf<Name>,
  options: ProcessOptions<MessageOf<Name>> = {},
): Promise<ResultOf<Name>> {
  if (options.limits === undefined) return runNow(task, input, options);
  const release = await slots.acquire();
  try {
    return await runNow(task, input, options);
  } finally {
    release();
  }
}

async function runNow<Name extends TaskName>(
  task: Name,
  input: InputOf<Name>,
  { limits, signal, debris = [], onMessage }: ProcessOptions<MessageOf<Name>>,
): Promise<ResultOf<Name>> {
  if (signal?.aborted === true) throw reasonOf(signal);
  const watch: Watch = {
    parent: process.pid,
    memory: limits?.memory ?? null,
    cpuMs: limits?.ms ?? null,
    debris,
  };
  const child = start(watch, limits);
  let ended: { readonly failure: Error } | { readonly value: unknown } | undefined;
  const endWith = (failure: Error): void => {
    ended ??= { failure };
    child.kill('SIGKILL');
  };
  const onAbort = (): void => {
    if (signal !== undefined) endWith(reasonOf(signal));
  };
  signal?.addEventListener('abort', onAbort);
  let isAsking = false;
  const timer =
    limits &&
    setTimeout(() => {
      if (isAsking) timer?.refresh();
      else endWith(tooLong(limits, ' ten times over'));
    }, limits.ms * WALL_TIMES);
  child.on('message', (message: FromTask) => {
    if (ended !== undefined) return;
    if (message.kind === 'done') ended = { value: message.value };
    else if (message.kind === 'failed') ended = { failure: fromWire(message.error) };
    else {
      isAsking = true;
      Promise.resolve(onMessage?.(message.value as MessageOf<Name>)).then(
        (answer) => {
          isAsking = false;
          send(child, { kind: 'taken', answer });
        },
        (error: unknown) => endWith(error instanceof Error ? error : new Error(String(error))),
      );
    }
  });
  try {
    const exit = closed(child);
    send(child, { kind: 'work', task, input });
    const { code, killedBy } = await exit;
    ended ??= { failure: crash(task, code, killedBy, limits) };
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  }
  if ('failure' in ended) throw ended.failure;
  return ended.value as ResultOf<Name>;
}

/**
 * The messages of a task as they are wanted; leaving early ends the process. @throws as {@link
 * runInProcess}
 */
export async function* messagesOf<Name extends TaskName>(
  task: Name,
  input: InputOf<Name>,
  options: Omit<ProcessOptions<MessageOf<Name>>, 'onMessage'> = {},
): AsyncGenerator<MessageOf<Name>, void, undefined> {
  const left = new AbortController();
  const signal = options.signal === undefined ? left.signal : AbortSignal.any([left.signal, options.signal]);
  let arrived: { readonly message: MessageOf<Name>; readonly taken: () => void } | undefined;
  let wake = (): void => {};
  let failure: { readonly error: unknown } | undefined;
  let isOver = false;
  const work = runInProcess(task, input, {
    ...options,
    signal,
    onMessage: (message) =>
      new Promise<void>((taken) => {
        arrived = { message, taken };
        wake();
      }),
  })
    .catch((error: unknown) => {
      failure = { error };
    })
    .finally(() => {
      isOver = true;
      wake();
    });
  try {
    for (;;) {
      if (arrived === undefined && !isOver)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      if (arrived === undefined) break;
      const { message, taken } = arrived;
      arrived = undefined;
      // The next one is made while this one is worked on.
      taken();
      yield message;
    }
    if (failure !== undefined) throw failure.error;
  } finally {
    left.abort(new Error('nobody reads on'));
    await work;
  }
}

function start(watch: Watch, limits: ProcessLimits | undefined): ChildProcess {
  // Bytes beside V8's heap (texts of SQLite, buffers) have the other half.
  const heap = limits && `--max-old-space-size=${Math.ceil(limits.memory / 2 / 1024 / 1024)}`;
  const cache = getCompileCacheDir();
  return fork(PROCESS, [JSON.stringify(watch)], {
    execArgv: heap === undefined ? [] : [heap],
    serialization: 'advanced',
    // V8 at its limit prints pages of its own.
    stdio: ['ignore', 'ignore', limits === undefined ? 'inherit' : 'ignore', 'ipc'],
    // No secrets: what reads a foreign file needs none.
    env: {
      ...Object.fromEntries(ENV.flatMap((name) => [[name, process.env[name]]]).filter(([, value]) => value)),
      // Its first file is loaded before it could ask for the cache itself.
      ...(cache === undefined ? {} : { NODE_COMPILE_CACHE: cache }),
    },
  });
}

/** It knows every task, so it stands above all rooms. */
const PROCESS = join(import.meta.dirname, '../task-process.ts');
const ENV = ['PATH', 'HOME', 'TMPDIR', 'TEMP', 'TMP', 'SystemRoot', 'LANG', 'NODE_COMPILE_CACHE'];

function closed(child: ChildProcess): Promise<{ code: number | null; killedBy: NodeJS.Signals | null }> {
  return new Promise((resolve, reject) => {
    child.once('error', (cause) => {
      // A message that cannot be sent any more is told by how the process ended.
      if (child.pid === undefined) reject(new Error('no process can be started', { cause }));
    });
    child.once('close', (code, killedBy) => resolve({ code, killedBy }));
  });
}

/** A process that is gone has said why, or is asked by its exit code. */
function send(child: ChildProcess, message: ToTask): void {
  if (child.connected) child.send(message, () => {});
}

function crash(
  task: TaskName,
  code: number | null,
  killedBy: NodeJS.Signals | null,
  limits: ProcessLimits | undefined,
): Error {
  const how = killedBy ?? `exit code ${code}`;
  if (limits === undefined) return new Error(`the process of ${task} ended with ${how}`);
  if (killedBy === TIME_SIGNAL) return tooLong(limits);
  // SIGABRT: V8 at the limit of its heap.
  if (killedBy === MEMORY_SIGNAL || killedBy === 'SIGABRT')
    return new CostsTooMuch('memory', `it takes more than ${Math.round(limits.memory / 1e6)} MB of memory`);
  if (killedBy === 'SIGKILL' || killedBy === 'SIGTERM')
    return Object.assign(new Error(`its process was ended from outside (${how}): is memory short?`), {
      code: 'ENOMEM',
    });
  return new Damaged(`reading it ended the process (${how})`);
}

function tooLong({ ms }: ProcessLimits, how = ''): CostsTooMuch {
  const most = `${Math.round(ms / 1000)} s`;
  return new CostsTooMuch('time', `it takes more than ${most}${how}, the most for a file of its size`);
}
