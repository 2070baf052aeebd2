import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CostsTooMuch, Damaged } from '../../../src/backup/foreign/errors.ts';
import { limitsFor, messagesOf, runInProcess } from '../../../src/backup/foreign/process.ts';
import { explain } from '../../../src/lib/clock.ts';
import { isLocalFault } from '../../../src/lib/disk/local-fault.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'foreign-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true, maxRetries: 10 }));

const limits = limitsFor(0);
const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};
async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 20));
}
/** How the work ended, and whether the process is gone. */
async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    (value) => value,
    (error: unknown) => error,
  );
}

describe('a process for foreign work', () => {
  it('answers, and hands over its messages one after the other', async () => {
    const seen: number[] = [];
    const result = await runInProcess(
      'trial',
      { what: 'count' },
      { limits, onMessage: (n) => void seen.push(n) },
    );
    expect(result).toBe('done');
    expect(seen).toEqual([1, 2, 3]);
  });

  it('hands its messages to an iterator, and ends when that is left', async () => {
    const file = join(directory, 'pid');
    const all: number[] = [];
    for await (const n of messagesOf('trial', { what: 'count' }, { limits })) all.push(n);
    expect(all).toEqual([1, 2, 3]);
    for await (const n of messagesOf('trial', { what: 'count', file }, { limits })) {
      expect(n).toBe(1);
      break;
    }
    expect(isAlive(Number(readFileSync(file, 'utf8')))).toBe(false);
  });

  it('reads few foreign files at once, however many are sent', async () => {
    const files = Array.from({ length: 6 }, (_, i) => join(directory, `pid-${i}`));
    const holding = files.map((file) => messagesOf('trial', { what: 'count', file }, { limits }));
    const first = holding.map((messages) => messages.next());
    await Promise.all(first.slice(0, 3));
    const running = (): number => files.filter((file) => existsSync(file)).length;
    expect(running()).toBe(3);
    for (const messages of holding) void messages.return();
    await Promise.all(first);
    expect(running()).toBe(6);
    await Promise.all(holding.map((messages) => messages.return()));
  });

  it('throws errors of their kind, with their causes', async () => {
    const error = await failureOf(runInProcess('trial', { what: 'throw' }, { limits }));
    expect(error).toBeInstanceOf(Damaged);
    expect(explain(error)).toBe('as asked: because');
  });

  it('tells a full disk of this machine from a fault of the file', async () => {
    const full = await failureOf(runInProcess('trial', { what: 'full disk' }, { limits }));
    expect(isLocalFault(full)).toBe(true);
    const crash = await failureOf(runInProcess('trial', { what: 'throw' }, { limits }));
    expect(isLocalFault(crash)).toBe(false);
  });

  it.each(['memory', 'heap'] as const)('ends at its limit of memory (%s)', async (what) => {
    const memory = 250_000_000;
    const error = await failureOf(runInProcess('trial', { what }, { limits: { ms: 60_000, memory } }));
    expect(error).toBeInstanceOf(CostsTooMuch);
    expect(explain(error)).toBe('it takes more than 250 MB of memory');
  });

  it('ends at its limit of time, also inside SQLite', async () => {
    const file = join(directory, 'pid');
    const error = await failureOf(
      runInProcess('trial', { what: 'time', file }, { limits: { ...limits, ms: 1_500 } }),
    );
    expect(error).toBeInstanceOf(CostsTooMuch);
    expect(explain(error)).toBe('it takes more than 2 s, the most for a file of its size');
    expect(isAlive(Number(readFileSync(file, 'utf8')))).toBe(false);
  });

  it('is not charged with the time that its messages wait for an answer', async () => {
    let isFirst = true;
    const onMessage = (): unknown => {
      const wait = isFirst ? 6_500 : 0;
      isFirst = false;
      return new Promise((resolve) => setTimeout(resolve, wait));
    };
    const short = { ...limits, ms: 600 };
    expect(await runInProcess('trial', { what: 'count' }, { limits: short, onMessage })).toBe('done');
  });

  it('ends when it is cancelled, with the reason', async () => {
    const file = join(directory, 'pid');
    const stop = new AbortController();
    const work = failureOf(runInProcess('trial', { what: 'time', file }, { limits, signal: stop.signal }));
    await until(() => existsSync(file) && readFileSync(file, 'utf8') !== '');
    const reason = new Error('enough');
    stop.abort(reason);
    expect(await work).toBe(reason);
    expect(isAlive(Number(readFileSync(file, 'utf8')))).toBe(false);
    expect(await failureOf(runInProcess('trial', { what: 'count' }, { limits, signal: stop.signal }))).toBe(
      reason,
    );
  });

  it('does not outlive whoever waits for it, and removes what only that one knew', async () => {
    const file = join(directory, 'pid');
    const debris = join(directory, 'copy.db');
    writeFileSync(debris, 'half a copy');
    const module = join(import.meta.dirname, '../../../src/backup/foreign/process.ts');
    const code = `import { runInProcess } from ${JSON.stringify(module)};
      await runInProcess('trial', { what: 'time', file: ${JSON.stringify(file)} }, { debris: [${JSON.stringify(debris)}] });`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: 'ignore' });
    await until(() => existsSync(file) && readFileSync(file, 'utf8') !== '');
    const pid = Number(readFileSync(file, 'utf8'));
    expect(isAlive(pid)).toBe(true);
    parent.kill('SIGKILL');
    await until(() => !isAlive(pid));
    expect(existsSync(debris)).toBe(false);
  });

  it('takes a crash for a fault of the file', async () => {
    const error = await failureOf(runInProcess('trial', { what: 'crash' }, { limits }));
    expect(error).toBeInstanceOf(Damaged);
  });

  it('has no secrets of the settings', async () => {
    process.env['BOT_TOKEN'] = '1:secret';
    try {
      expect(await runInProcess('trial', { what: 'environment' }, { limits })).not.toContain('BOT_TOKEN');
    } finally {
      delete process.env['BOT_TOKEN'];
    }
  });
});
