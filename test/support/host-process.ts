/** `node src/node.ts` as a process, in a directory and with an environment of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { childEnv } from './child-env.ts';

const MAIN = fileURLToPath(new URL('../../src/node.ts', import.meta.url));

export interface HostProcess {
  readonly child: ChildProcess;
  output(): string;
  /** Resolves when the output matches; rejects when the process ends first. */
  until(pattern: RegExp): Promise<void>;
  /** Resolves with the exit code, or the signal, when it has ended and all it wrote is read. */
  ended(): Promise<number | string>;
  stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | string>;
}

export interface HostProcesses {
  start(directory: string, settings: Readonly<Record<string, string>>, args?: readonly string[]): HostProcess;
  /** Kills whatever still runs. */
  stopAll(): Promise<void>;
}

export function hostProcesses(): HostProcesses {
  const running: HostProcess[] = [];
  return {
    start(directory, settings, args = []) {
      const started = startProcess(directory, settings, args);
      running.push(started);
      return started;
    },
    async stopAll() {
      await Promise.all(running.splice(0).map((host) => host.stop('SIGKILL')));
    },
  };
}

function startProcess(
  directory: string,
  settings: Readonly<Record<string, string>>,
  args: readonly string[],
): HostProcess {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: directory,
    env: { ...childEnv(), ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const closed = once(child, 'close');
  let output = '';
  const changed = new EventTarget();
  const note = (chunk: Buffer): void => {
    output += chunk.toString();
    changed.dispatchEvent(new Event('output'));
  };
  child.stdout?.on('data', note);
  child.stderr?.on('data', note);
  const ended = async (): Promise<number | string> => {
    await closed;
    return child.exitCode ?? child.signalCode ?? 'unknown';
  };
  return {
    child,
    output: () => output,
    until: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (pattern.test(output)) resolve();
        };
        changed.addEventListener('output', look);
        closed.then(() =>
          pattern.test(output) ? resolve() : reject(new Error(`ended without ${pattern}:\n${output}`)),
        );
        look();
      }),
    ended,
    async stop(signal) {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      return await ended();
    },
  };
}
