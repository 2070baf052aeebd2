/** Many seeds: how far a run is, what it found, and how it goes on after it was stopped. */
import { execFile, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const RUNNER = fileURLToPath(new URL('../support/counting-seeds.ts', import.meta.url));

function run(...args: string[]): Promise<{ readonly said: string; readonly code: number | null }> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [RUNNER, ...args], (_, __, said) =>
      resolve({ said: said.trimEnd(), code: child.exitCode }),
    );
  });
}

test('a number of seeds is run to its end, and the last line says what was found', async () => {
  const good = await run('--from', '20', '--count', '20', '--workers', '2');
  expect(good.said).toMatch(/^20 seeds from 20 in \d+ s: every promise held$/);
  expect(good.code).toBe(0);
  const bad = await run('--count', '230', '--workers', '2');
  expect(bad.said.split('\n').at(-1)).toMatch(/^230 seeds from 0 in \d+ s: 3 broke a promise: 13, 113, 213$/);
  expect(bad.said).toContain('Replay: npm run count -- --seed 113');
  expect(bad.code).toBe(1);
});

test('a run that ends early says with which seed to go on', async () => {
  const { said } = await run('--count', '500', '--workers', '2', '--broken', '2');
  const [, next, left] = /go on: npm run count -- --from (\d+) --count (\d+)$/.exec(said) ?? [];
  expect(Number(next) + Number(left)).toBe(500);
  expect(Number(next)).toBeGreaterThan(113);
  expect(Number(next)).toBeLessThan(130);
});

test('a run that is stopped leaves out no seed, and takes none for broken', async () => {
  const child = spawn(process.execPath, [RUNNER, '--from', '1000', '--count', '1000', '--workers', '2'], {
    detached: true,
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
    // The first that is through tells of itself. As a terminal does: to all of its processes.
    if (/Seed 1013/.test(text)) process.kill(-(child.pid ?? Number.NaN), 'SIGINT');
  });
  await new Promise((resolve) => child.on('exit', resolve));
  const last = said.trimEnd().split('\n').at(-1) ?? '';
  const [, ended, next, left] =
    /^(\d+) seeds from 1000 in \d+ s: 1 broke a promise: 1013; go on: .* --from (\d+) --count (\d+)$/.exec(
      last,
    ) ?? [];
  expect(Number(next) + Number(left)).toBe(2000);
  expect(Number(next)).toBeLessThanOrEqual(1000 + Number(ended));
  expect(Number(next)).toBeGreaterThan(1011);
});
