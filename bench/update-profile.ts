/**
 * Where the CPU of a code lookup goes in workerd: the functions, and the files, with the most time
 * of their own. `npx node bench/update-profile.ts [updates]`.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startBareWorkerd } from '../dev/workerd.ts';
import { freePort } from '../sim/free-ports.ts';
import { STAND_IN_SECRET, startStandIns } from '../sim/stand-ins.ts';
import { addSampleAnime } from './sample-anime.ts';

interface Profile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: {
      readonly functionName: string;
      readonly lineNumber: number;
      readonly url: string;
    };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

const updates = Number(process.argv[2] ?? 1000);
const SHOWN = 25;
const directory = mkdtempSync(join(tmpdir(), 'anime-bench-'));
const standIns = await startStandIns({ directory, ownerIds: [1001] });
const inspectorPort = await freePort();
const worker = await startBareWorkerd(
  directory,
  { ...standIns.settings, LOG_LEVEL: 'silent' },
  { inspectorPort },
);
const fileOf = filesOfBundle(join(directory, 'worker.js'));
const headers = { 'X-Telegram-Bot-Api-Secret-Token': STAND_IN_SECRET };
standIns.telegram.connect((update) =>
  fetch(`${worker.url}/webhook`, { method: 'POST', headers, body: JSON.stringify(update) }),
);
try {
  await addSampleAnime(standIns);
  const person = standIns.telegram.person();
  for (let i = 0; i < 200; i += 1) await person.send('12');
  const inspector = await connect(`ws://127.0.0.1:${inspectorPort}/main`);
  await inspector.ask('Profiler.enable');
  await inspector.ask('Profiler.setSamplingInterval', { interval: 100 });
  await inspector.ask('Profiler.start');
  for (let i = 0; i < updates; i += 1) await standIns.telegram.person().send('12');
  const { profile } = (await inspector.ask('Profiler.stop')) as { profile: Profile };
  tell(profile);
  inspector.close();
} finally {
  await worker.close();
  await standIns.close();
  rmSync(directory, { recursive: true, force: true });
}

function tell({ nodes, samples, timeDeltas }: Profile): void {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const own = new Map<string, number>();
  const files = new Map<string, number>();
  let busy = 0;
  for (const [i, id] of samples.entries()) {
    const { functionName = '?', lineNumber = -1, url = '' } = frames.get(id) ?? {};
    const us = timeDeltas[i] ?? 0;
    if (functionName === '(idle)') continue;
    busy += us;
    const isRuntime = functionName.startsWith('(') || lineNumber < 0;
    const file = isRuntime ? 'the runtime' : url.endsWith('worker.js') ? fileOf(lineNumber) : url;
    const name = isRuntime ? functionName : `${functionName || '(anonymous)'} of ${file}:${lineNumber}`;
    own.set(name, (own.get(name) ?? 0) + us);
    files.set(file, (files.get(file) ?? 0) + us);
  }
  console.log(`JavaScript, not idle: ${(busy / 1000 / updates).toFixed(2)} ms an update`);
  for (const shares of [own, files]) {
    console.log('');
    for (const [name, us] of [...shares].sort((a, b) => b[1] - a[1]).slice(0, SHOWN))
      console.log(`${((100 * us) / busy).toFixed(1).padStart(5)} %  ${name}`);
  }
}

/** esbuild writes before each file where it comes from. */
function filesOfBundle(path: string): (line: number) => string {
  const begins: [number, string][] = [];
  for (const [line, text] of readFileSync(path, 'utf8').split('\n').entries()) {
    const file = /^\s*\/\/ (\S+\.[cm]?[jt]s)$/.exec(text)?.[1];
    if (file !== undefined) begins.push([line, file.replace(/^.*node_modules\//, '')]);
  }
  return (line) => begins.findLast(([begin]) => begin <= line)?.[1] ?? '?';
}

interface Inspector {
  ask(method: string, params?: object): Promise<unknown>;
  close(): void;
}

async function connect(url: string): Promise<Inspector> {
  const socket = new WebSocket(url);
  const waiting = new Map<number, (result: unknown) => void>();
  let last = 0;
  socket.addEventListener('message', ({ data }) => {
    const { id, result } = JSON.parse(String(data)) as { id?: number; result?: unknown };
    if (id !== undefined) waiting.get(id)?.(result);
  });
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve);
    socket.addEventListener('error', () => reject(new Error(`no inspector at ${url}`)));
  });
  return {
    ask: (method, params = {}) =>
      new Promise((resolve) => {
        last += 1;
        waiting.set(last, resolve);
        socket.send(JSON.stringify({ id: last, method, params }));
      }),
    close: () => socket.close(),
  };
}
