/**
 * `npm run demo`: the whole job, offline, on real parts: the Worker in workerd, SQL over HTTP
 * before an embedded libSQL file, an S3 server, Telegram's stand-in. Every step prints what it saw;
 * the exit code is 0 only if all of it held. `-- --disaster`: the worst day instead (disaster/).
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import pc from 'picocolors';
import { startSqlServer } from '../sim/sql-over-http/sql-server.ts';
import { STAND_IN_SECRET, type StandIns, startStandIns } from '../sim/stand-ins.ts';
import type { Person, SeenMessage } from '../sim/telegram/start-telegram.ts';
import { isLeftOut } from '../src/backup/changes/coverage.ts';
import { createDigestSink, type TableDigest } from '../src/backup/model/digest.ts';
import { feed } from '../src/backup/model/fan-out.ts';
import { openRemoteSnapshotSource } from '../src/backup/snapshot/remote.ts';
import { createS3Store } from '../src/backup/store/s3-store.ts';
import { script } from '../src/cli/script.ts';
import { disaster } from './disaster/disaster.ts';
import { startWorkerRuntime, type WorkerRuntime } from './worker-runtime.ts';

const ADMIN_ID = 1001;
const PARTS = 12;
const run = promisify(execFile);

const options = script('demo', 'The whole job, offline, on real parts.')
  .option('--disaster', 'the worst day instead: bot, database and first bucket are gone')
  .parse()
  .opts<{ disaster?: boolean }>();
const directory = mkdtempSync(join(tmpdir(), 'anime-demo-'));
const started = performance.now();
let standIns: StandIns | undefined;
let worker: WorkerRuntime | undefined;
try {
  if (options.disaster === true) {
    await disaster({ directory, anime: 10, parts: 12, viewers: 5, heading, done });
  } else {
    standIns = await startStandIns({ directory, ownerIds: [ADMIN_ID] });
    worker = await startWorkerRuntime({ ...standIns.settings, LOG_LEVEL: 'warn' });
    await demo(standIns, worker, directory);
  }
  console.log(
    pc.bold(pc.green(`\nAll of it held (${((performance.now() - started) / 1000).toFixed(1)} s).`)),
  );
} catch (error) {
  console.error(pc.red(`\n✗ ${error instanceof Error ? error.message : String(error)}`));
  for (const line of worker?.logs() ?? []) console.error(`  worker: ${line}`);
  process.exitCode = 1;
} finally {
  await worker?.close();
  await standIns?.close();
  rmSync(directory, { recursive: true, force: true });
}

async function demo(
  { telegram, sql, settings, s3 }: StandIns,
  host: WorkerRuntime,
  scratch: string,
): Promise<void> {
  heading('The parts');
  done(
    `Worker in workerd at ${host.url}, SQL over HTTP at ${sql.url}, S3 at ${s3.endpoint}, Telegram at ${telegram.apiRoot}`,
  );
  const headers = { 'X-Telegram-Bot-Api-Secret-Token': STAND_IN_SECRET };
  telegram.connect((update) =>
    host.fetch('/webhook', { method: 'POST', headers, body: JSON.stringify(update) }),
  );

  heading('Strangers');
  const stranger = await host.fetch('/webhook', { method: 'POST', body: '{"update_id":1}' });
  expect('a POST without the secret', stranger.status, 401);

  heading('An admin adds an anime with twelve parts');
  const admin = telegram.person({ id: ADMIN_ID, firstName: 'Admin', languageCode: 'uz' });
  await addAnime(admin);
  const viewers = [1, 2, 3].map((i) => telegram.person({ firstName: `Tomoshabin ${i}`, languageCode: 'uz' }));

  heading('Viewers watch it');
  for (const viewer of viewers) await watch(viewer);
  const calls = telegram.calls.length;
  const [last] = viewers.slice(-1);
  const before = last?.messages().length;
  expect('the last update, delivered once more, is answered', (await telegram.redeliver(1))[0], 200);
  expect('and changes nothing (messages)', last?.messages().length, before);
  expect('and calls nothing (Bot API calls)', telegram.calls.length, calls);

  heading('Cron fires, twice for the same minute');
  const at = new Date(Math.floor(Date.now() / 60_000) * 60_000);
  const requests = sql.requestCount;
  await host.scheduled('0 2 * * *', at);
  done(`backup written with ${sql.requestCount - requests} requests to the database`);
  await host.scheduled('0 2 * * *', at);
  const objects = await createS3Store(s3).list('backups/');
  expect('objects in the bucket', objects.length, 3);
  for (const { key, bytes } of objects) done(`${key}  ${bytes} bytes`);
  const health = await host.fetch('/healthz');
  expect('/healthz', health.status, 200);

  heading('The operator verifies the newest backup');
  const cli = (...args: string[]): Promise<string> => backupCli(settings, args);
  await cli('verify', 'latest', '--json');
  done('verify: hashes, integrity_check, foreign_key_check, digests of both files agree');

  heading('The newest backup is restored into an empty database');
  const empty = await startSqlServer({ file: join(scratch, 'restored.db'), hosted: true });
  try {
    const from = performance.now();
    await cli('restore', 'latest', '--to', empty.url, '--yes', '--json');
    done(`restored in ${Math.round(performance.now() - from)} ms`);
    const live = await digests(sql.url, settings['DATABASE_AUTH_TOKEN']);
    const restored = await digests(empty.url, undefined);
    compare(live, restored);
  } finally {
    await empty.close();
  }
}

async function addAnime(admin: Person): Promise<void> {
  await admin.send('/admin');
  await press(admin, /Anime qo‘shish/);
  await admin.send({ photo: true, caption: 'Naruto <1> & do‘stlari\nHokage bo‘lishni orzu qilgan bola' });
  for (let i = 1; i <= PARTS; i += 1) await admin.send({ video: { name: `naruto-${i}.mp4` } });
  await press(admin, /Tugatish/);
  await press(admin, /bo‘sh kod/);
  await press(admin, /Davom etish/);
  await press(admin, /Tayyor/);
  done(`the bot says: ${oneLine(admin.lastMessage())}`);
}

async function watch(viewer: Person): Promise<void> {
  await viewer.start();
  await viewer.send('1');
  const card = viewer.lastMessage();
  if (!card.text.includes('Naruto <1> & do‘stlari')) throw new Error(`the card reads: ${oneLine(card)}`);
  await press(viewer, /Animeni ko‘rish/);
  await press(viewer, /^1$/);
  await press(viewer, /^2 ➡️|➡️/);
  const player = viewer.lastMessage();
  expect(`${viewer.user.first_name} watches`, player.kind, 'video');
  done(oneLine(player));
}

async function press(person: Person, label: RegExp): Promise<void> {
  const message = person
    .messages()
    .findLast((seen) => seen.isFromBot && seen.keyboard.flat().some((button) => label.test(button.text)));
  const button = message?.keyboard.flat().find((candidate) => label.test(candidate.text));
  if (message === undefined || button === undefined)
    throw new Error(`no button ${label} for ${person.user.first_name}: ${oneLine(person.lastMessage())}`);
  await person.press(message, button.text);
}

async function backupCli(
  settings: Readonly<Record<string, string>>,
  args: readonly string[],
): Promise<string> {
  const main = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url));
  const { stdout } = await run(process.execPath, [main, ...args], {
    env: { ...process.env, ...settings },
    cwd: directory,
  });
  return stdout;
}

async function digests(url: string, authToken: string | undefined): Promise<TableDigest[]> {
  const source = openRemoteSnapshotSource({ url, ...(authToken === undefined ? {} : { authToken }), fetch });
  const sink = createDigestSink();
  await source.read((snapshot) => feed(snapshot, { ordered: sink, others: [] }, async () => {}));
  // Only now is the snapshot known to be whole.
  await sink.finish();
  return sink.result();
}

function compare(live: readonly TableDigest[], restored: readonly TableDigest[]): void {
  const found = new Map(restored.map((digest) => [digest.table, digest]));
  let rows = 0;
  // The engine's own records change during and after the snapshot.
  for (const digest of live.filter(({ table }) => !isLeftOut(table))) {
    const other = found.get(digest.table);
    if (other?.sha256 !== digest.sha256)
      throw new Error(
        `table ${digest.table} differs: ${digest.rows} rows live, ${other?.rows ?? 'none'} restored`,
      );
    rows += digest.rows;
    if (digest.kind === 'table' && digest.rows > 0)
      done(
        `${digest.table.padEnd(20)} ${String(digest.rows).padStart(4)} rows  sha256 ${digest.sha256.slice(0, 16)}… equal`,
      );
  }
  expect('tables in both databases', restored.length, live.length);
  done(`${rows} rows, all digests equal`);
}

function expect(what: string, found: unknown, wanted: unknown): void {
  if (found !== wanted) throw new Error(`${what}: ${String(found)}, not ${String(wanted)}`);
  done(`${what}: ${String(found)}`);
}

function heading(text: string): void {
  console.log(`\n${pc.bold(text)}`);
}

function done(text: string): void {
  console.log(`  ${pc.green('✓')} ${text}`);
}

function oneLine(message: SeenMessage): string {
  return message.text.replaceAll(/\s+/g, ' ').slice(0, 100);
}
