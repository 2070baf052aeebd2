/**
 * Import of an old bot's file into a database while its bot goes on answering: the command as a
 * whole (a look, a backup before and after, the import itself) and the answers beside it.
 * `npx node bench/import.ts [views]`. The peer is `sqlite3` that attaches the file and copies its
 * rows as they are.
 */
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePorts } from '../sim/free-ports.ts';
import { makeDataSet } from './data-sets.ts';
import { BOT_INFO, makeDatabase, npmStart, SECRET, startBot } from './host-process.ts';
import { record } from './measures.ts';
import { startWebhookLoad } from './webhook-load.ts';
import { isInstalled, wholeRun } from './whole-process.ts';

/** In the set at scale 1. */
const VIEWS_OF_SET = 600_000;
const MAIN = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url));
const VERSION = fileURLToPath(new URL('../src/node-version.cjs', import.meta.url));
/** Everything that the old bot's tables hold, as it is. */
const COPY_VIEWS = `PRAGMA foreign_keys = OFF; ATTACH 'FILE' AS old; BEGIN;
  INSERT OR IGNORE INTO users (user_id, username, first_name, last_name, created_at, last_seen)
    SELECT user_id, username, first_name, last_name, created_at, last_seen FROM old.users;
  INSERT OR IGNORE INTO anime (code, description, created_at) SELECT code, description, created_at FROM old.anime;
  INSERT OR IGNORE INTO anime_parts (anime_code, part_number, file_id, created_at)
    SELECT anime_code, part_number, file_id, created_at FROM old.anime_parts;
  INSERT INTO user_history (user_id, anime_code, part_number, viewed_at)
    SELECT user_id, anime_code, part_number, viewed_at FROM old.user_history; COMMIT`;
/** One answer after another, so many a second. */
const PER_SECOND = 20;
const GOAL_SECONDS = 10;

const views = Number(process.argv[2] ?? 100_000);
const directory = mkdtempSync(join(tmpdir(), 'bench-import-'));
const load = await startWebhookLoad({ botInfo: BOT_INFO, secret: SECRET, people: 5_000 });
try {
  const file = join(directory, 'old.db');
  makeDataSet('compressible', file, views / VIEWS_OF_SET);
  const begun = join(directory, 'begun.db');
  await makeDatabase(begun);
  const [port = 0] = await freePorts(1);
  const bot = await startBot({
    ...{ name: 'host', args: npmStart(), begun, directory, load, port, warmUp: 200 },
  });
  try {
    const waits: number[] = [];
    let isOn = true;
    const answering = (async () => {
      while (isOn) {
        waits.push(...(await load.post(bot.url, { count: 1, inFlight: 1 })));
        await sleep(1000 / PER_SECOND);
      }
    })();
    const command = [process.execPath, '-r', VERSION, MAIN, 'import', file, '--yes', '--json'];
    const { seconds, cpuSeconds, out } = await wholeRun(command, { env: bot.env, cwd: bot.home });
    isOn = false;
    await answering;
    waits.sort((a, b) => a - b);
    const at = (share: number): string => (waits[Math.floor((waits.length - 1) * share)] ?? 0).toFixed(0);
    console.log(
      `${out.trim().slice(-300)}\n${waits.length} answers beside it: median ${at(0.5)} ms, 99 % within ${at(0.99)} ms, longest ${at(1)} ms`,
    );
    const of = { of: `${views} views` };
    record({ what: 'import, whole command', ...of, value: seconds, unit: 's', goal: GOAL_SECONDS });
    record({ what: 'import, whole command, CPU', ...of, value: cpuSeconds, unit: 's', goal: GOAL_SECONDS });
    if (isInstalled('sqlite3')) {
      const copy = join(directory, 'peer.db');
      copyFileSync(begun, copy);
      const peer = await wholeRun(['sqlite3', copy, COPY_VIEWS.replace('FILE', file)]);
      record({
        what: 'import / sqlite3 that copies, CPU',
        ...of,
        value: cpuSeconds / peer.cpuSeconds,
        unit: 'ratio',
      });
    }
  } finally {
    await bot.stop();
  }
} finally {
  load.close();
  rmSync(directory, { recursive: true });
}
