/** A copy of the working tree that tests one mutant at a time. */
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { Mutant } from './operators.ts';

/** A mutant that loops is stopped, and counts as noticed. */
const TIMEOUT_MS = 180_000;

export class MutantTree {
  readonly #root = mkdtempSync(join(tmpdir(), 'anime-mutate-'));

  constructor() {
    const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { encoding: 'utf8' });
    for (const file of files.split('\n').filter((name) => name !== '')) {
      mkdirSync(dirname(join(this.#root, file)), { recursive: true });
      cpSync(file, join(this.#root, file));
    }
    symlinkSync(resolve('node_modules'), join(this.#root, 'node_modules'));
  }

  read(file: string): string {
    return readFileSync(join(this.#root, file), 'utf8');
  }

  /** Whether a test of `tests` turns red; `undefined` tests the unchanged code. */
  async isNoticed(file: string, mutant: Mutant | undefined, tests: readonly string[]): Promise<boolean> {
    const path = join(this.#root, file);
    const source = readFileSync(path, 'utf8');
    if (mutant !== undefined)
      writeFileSync(path, source.slice(0, mutant.start) + mutant.replacement + source.slice(mutant.end));
    try {
      return (await this.#test(tests)) !== 0;
    } finally {
      writeFileSync(path, source);
    }
  }

  #test(tests: readonly string[]): Promise<number> {
    const child = spawn('vitest', ['run', '--project', 'node', '--bail', '1', ...tests], {
      cwd: this.#root,
      stdio: 'ignore',
      detached: true,
    });
    const timer = setTimeout(
      () => child.pid !== undefined && process.kill(-child.pid, 'SIGKILL'),
      TIMEOUT_MS,
    );
    return new Promise((done, failed) => {
      child.once('error', failed);
      child.once('close', (code) => {
        clearTimeout(timer);
        done(code ?? 1);
      });
    });
  }

  close(): void {
    rmSync(this.#root, { recursive: true, force: true });
  }
}
