/** A command as a whole process: time, CPU of it and its children, peak memory. Linux only. */
import { spawn, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';

export interface WholeRun {
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** Peak resident memory of the largest of its processes. */
  readonly peakMB: number;
  readonly out: string;
}

const SAMPLE_MS = 20;

/** @throws when it ends with another exit code than 0 */
export async function wholeRun(
  command: readonly string[],
  options: { readonly env?: Readonly<Record<string, string>>; readonly cwd?: string } = {},
): Promise<WholeRun> {
  const script = `TIMEFORMAT='%U %S'; time "$@"`;
  const begun = performance.now();
  const child = spawn('bash', ['--norc', '--noprofile', '-c', script, 'bench', ...command], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...options.env },
    cwd: options.cwd,
  });
  const peaks = new Map<number, number>();
  const timer = setInterval(() => {
    for (const pid of treeOf(child.pid ?? 0)) peaks.set(pid, peakOf(pid) ?? peaks.get(pid) ?? 0);
  }, SAMPLE_MS);
  const exit = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [out, said, code] = await Promise.all([text(child.stdout), text(child.stderr), exit]);
  clearInterval(timer);
  const lines = said.trim().split('\n');
  const cpuSeconds = (lines.pop() ?? '').split(' ').reduce((sum, part) => sum + Number(part), 0);
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}: ${lines.join('\n')}${out}`);
  return {
    seconds: (performance.now() - begun) / 1000,
    cpuSeconds,
    peakMB: Math.max(0, ...peaks.values()),
    out,
  };
}

export function isInstalled(program: string): boolean {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined;
}

/** The first words of what it says of itself. */
export function versionOf(program: string): string {
  const { stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' });
  const words = stdout?.split('\n')[0]?.split(' ').slice(0, 2).join(' ');
  return `${program}: ${words ?? 'not installed'}`;
}

/** The process and its descendants; one that has ended meanwhile is left out. */
function treeOf(root: number): number[] {
  const found = [root];
  for (const pid of found) {
    try {
      for (const thread of readdirSync(`/proc/${pid}/task`))
        found.push(
          ...readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8')
            .split(' ')
            .filter(Boolean)
            .map(Number),
        );
    } catch {
      // It is gone.
    }
  }
  return found;
}

/** VmHWM of /proc/<pid>/status (proc(5)), MB. */
function peakOf(pid: number): number | undefined {
  try {
    const [, kilobytes] = /^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return kilobytes === undefined ? undefined : Number(kilobytes) / 1000;
  } catch {
    return undefined;
  }
}
