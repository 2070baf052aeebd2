/** Spawns the real CLI, as `npm run backup --` does, without a terminal. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The answer of `--json`. */
  json(): Record<string, unknown>;
}

/** `cwd` holds no `.env` of the project; nothing of the test's own environment but PATH reaches the CLI. */
export function runCli(
  cwd: string,
  env: Readonly<Record<string, string>>,
  ...args: readonly string[]
): Promise<CliResult> {
  return run(cwd, env, [process.execPath, MAIN, ...args]);
}

/** No file of it grows beyond 16 KB: a write fails then as on a full disk. Node ignores SIGXFSZ; needs a POSIX shell. */
export function runCliWithoutRoom(
  cwd: string,
  env: Readonly<Record<string, string>>,
  ...args: readonly string[]
): Promise<CliResult> {
  // POSIX counts in blocks of 512 bytes, bash outside its POSIX mode in 1,024.
  return run(cwd, env, ['sh', '-c', 'ulimit -f 32 && exec "$0" "$@"', process.execPath, MAIN, ...args]);
}

function run(
  cwd: string,
  env: Readonly<Record<string, string>>,
  [command, ...args]: readonly [string, ...string[]],
): Promise<CliResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: { PATH: process.env['PATH'] ?? '', NODE_NO_WARNINGS: '1', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
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
