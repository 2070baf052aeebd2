/** Spawns the real CLI, as `npm run backup --` does, without a terminal. */
import { type ChildProcess, spawn } from 'node:child_process';
import { watch } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import { childEnv } from '../support/child-env.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The answer of `--json`. */
  json(): Record<string, unknown>;
}

/** `cwd` holds no `.env` of the project; of the test's environment only PATH reaches the CLI. */
export function runCli(
  cwd: string,
  env: Readonly<Record<string, string>>,
  ...args: readonly string[]
): Promise<CliResult> {
  return run(cwd, env, [process.execPath, MAIN, ...args]);
}

/** No file grows beyond 16 KB: writes fail as on a full disk. Node ignores SIGXFSZ; POSIX shell. */
export function runCliWithoutRoom(
  cwd: string,
  env: Readonly<Record<string, string>>,
  ...args: readonly string[]
): Promise<CliResult> {
  // POSIX counts in blocks of 512 bytes, bash outside its POSIX mode in 1,024.
  return run(cwd, env, ['sh', '-c', 'ulimit -f 32 && exec "$0" "$@"', process.execPath, MAIN, ...args]);
}

/** With the file mounted by itself at another place, which the CLI alone sees. Needs unshare(1). */
export function runCliMounted(
  file: string,
  place: string,
  cwd: string,
  env: Readonly<Record<string, string>>,
  ...args: readonly string[]
): Promise<CliResult> {
  const mount = 'mount --bind "$0" "$1" && shift && exec "$@"';
  return run(cwd, env, ['unshare', '-rm', 'sh', '-c', mount, file, place, process.execPath, MAIN, ...args]);
}

/**
 * The directory is a disk of its own that is full, or mounted read-only: the CLI alone
 * sees it, with what the directory held before. Needs unshare(1).
 */
export function runCliOnDisk(
  [place, how]: readonly [place: string, how: 'full' | 'read-only'],
  cwd: string,
  env: Readonly<Record<string, string>>,
  ...args: readonly string[]
): Promise<CliResult> {
  const mount = 'cp -a "$0" "$0.kept" && mount -t tmpfs -o size=4m tmpfs "$0" && mv "$0.kept"/* "$0"; ';
  const end = how === 'full' ? 'cat /dev/zero >"$0/filler" 2>/dev/null' : 'mount -o remount,ro "$0"';
  const script = `${mount}rm -r "$0.kept"; ${end}; exec "$@"`;
  return run(cwd, env, ['unshare', '-rm', 'sh', '-c', script, place, process.execPath, MAIN, ...args]);
}

/** It can hold so many files open. Needs a POSIX shell. */
export function runCliWithFiles(
  files: number,
  cwd: string,
  env: Readonly<Record<string, string>>,
  ...args: readonly string[]
): Promise<CliResult> {
  const limited = `ulimit -n ${files} && exec "$0" "$@"`;
  return run(cwd, env, ['sh', '-c', limited, process.execPath, MAIN, ...args]);
}

/** Its standard output is closed by the reader before the first word. */
export function runCliUnread(
  cwd: string,
  env: Readonly<Record<string, string>>,
  ...args: readonly string[]
): Promise<CliResult> {
  return run(cwd, env, [process.execPath, MAIN, ...args], ({ stdout }) => stdout?.destroy());
}

export interface Interruption {
  readonly signal: NodeJS.Signals;
  /** Sent as soon as a file of such a name (path below `cwd`) appears. */
  readonly at: RegExp;
}

/** As soon as a file appears that shows how far it is, the signal is sent. */
export async function runCliInterrupted(
  cwd: string,
  env: Readonly<Record<string, string>>,
  { signal, at }: Interruption,
  ...args: readonly string[]
): Promise<CliResult> {
  let child: ChildProcess | undefined;
  const watcher = watch(cwd, { recursive: true }, (_, file) => {
    if (file === null || !at.test(file)) return;
    child?.kill(signal);
    child = undefined;
  });
  try {
    return await run(cwd, env, [process.execPath, MAIN, ...args], (spawned) => {
      child = spawned;
      // On a busy machine it would be done before this process comes to see the file.
      if (spawned.pid !== undefined) setPriority(spawned.pid, constants.priority.PRIORITY_BELOW_NORMAL);
    });
  } finally {
    watcher.close();
  }
}

/** Killed with -9 after so long, if it is not done by then. */
export async function runCliKilled(
  cwd: string,
  env: Readonly<Record<string, string>>,
  afterMs: number,
  ...args: readonly string[]
): Promise<CliResult> {
  let timer: NodeJS.Timeout | undefined;
  try {
    return await run(cwd, env, [process.execPath, MAIN, ...args], (child) => {
      timer = setTimeout(() => child.kill('SIGKILL'), afterMs);
    });
  } finally {
    clearTimeout(timer);
  }
}

function run(
  cwd: string,
  env: Readonly<Record<string, string>>,
  [command, ...args]: readonly [string, ...string[]],
  onSpawn: (child: ChildProcess) => void = () => {},
): Promise<CliResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...childEnv(), NODE_NO_WARNINGS: '1', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    onSpawn(child);
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    child.once('error', reject);
    child.once('close', (code) => {
      const stdout = Buffer.concat(out).toString('utf8');
      resolve({ code, stdout, stderr: Buffer.concat(err).toString('utf8'), json: () => JSON.parse(stdout) });
    });
  });
}
