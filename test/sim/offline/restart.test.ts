/** Offline mode keeps its world: after a clean stop, SIGKILL, and damage to its file. */
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runCli } from '../../cli/spawn-cli.ts';
import { type HostProcess, hostProcesses } from '../../support/host-process.ts';

interface Seen {
  readonly id: number;
  readonly text: string;
  readonly isFromBot: boolean;
  readonly file?: { readonly href?: string };
}

let directory: string;
const hosts = hostProcesses();
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'anime-restart-'));
});
afterEach(async () => {
  await hosts.stopAll();
  rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
});

/** Starts it and waits for its page; gives what the page does. */
async function start() {
  const host: HostProcess = hosts.start(directory, { PORT: '0' });
  await host.until(/running offline[\s\S]*Set BOT_TOKEN/);
  const page = /Write to the bot:\s+(\S+)\//.exec(host.output())?.[1] ?? '';
  const ask = async (path: string, body?: unknown): Promise<Response> =>
    fetch(page + path, body === undefined ? {} : { method: 'POST', ...encode(body) });
  const messages = async (chat: number): Promise<Seen[]> =>
    JSON.parse(await (await ask(`/control/chats/${chat}/messages`)).text());
  return {
    host,
    page,
    ask,
    messages,
    /** What the bot answers to a person; undefined when it stays silent. */
    async say(person: number, message: unknown): Promise<string | undefined> {
      const before = (await messages(person)).length;
      await ask(`/control/people/${person}/send`, { message });
      return (await messages(person)).slice(before).find(({ isFromBot }) => isFromBot)?.text;
    },
  };
}

function encode(body: unknown): RequestInit {
  return { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

const world = (): string => join(directory, 'data/offline/world.json');

test('commands that the bot names reach what is offline', async () => {
  const { say } = await start();
  const named = await say(1001, { document: { name: 'x.csv' } });
  expect(named).toContain(
    ': DATABASE_URL=file:data/offline/anime_bot.db BACKUP_DIR=data/offline/backups npm run backup -- import',
  );
});

test('the second start answers, knows the chats, and gives out no number twice', async () => {
  const first = await start();
  expect(await first.say(2001, '/start')).toContain('Aziza');
  const seen = await first.messages(2001);
  expect(await first.host.stop('SIGTERM')).toBe(0);

  const second = await start();
  expect(await second.messages(2001)).toEqual(seen);
  expect(await second.say(2001, '/start')).toContain('Aziza');
  expect(await second.say(2002, '/start')).toContain('Bobur');
  const ids = (await second.messages(2001)).map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
});

test('SIGKILL right after an answer: what was answered is there, and the next start answers', async () => {
  for (const round of [1, 2, 3]) {
    const { host, say, messages } = await start();
    expect(await messages(2001), `before round ${round}`).toHaveLength(2 * (round - 1));
    expect(await say(2001, '/start'), `round ${round}`).toContain('Aziza');
    await host.stop('SIGKILL');
  }
});

test('SIGKILL in the middle of a burst: the world is whole, and the next start answers', async () => {
  const first = await start();
  const burst = Array.from({ length: 30 }, (_, i) =>
    first.say(2001 + (i % 2), '/start').catch(() => undefined),
  );
  await Promise.race(burst);
  await first.host.stop('SIGKILL');
  await Promise.all(burst);
  const second = await start();
  expect(second.host.output()).not.toContain('note:');
  expect(await second.say(2001, '/start')).toContain('Aziza');
});

test('files come back byte by byte', async () => {
  const bytes = new Uint8Array(300_000).map((_, i) => i % 251);
  const form = new FormData();
  form.set('kind', 'document');
  form.set('file', new File([bytes], 'list.bin'));
  const first = await start();
  await fetch(`${first.page}/control/people/1001/send`, { method: 'POST', body: form });
  await first.host.stop('SIGKILL');
  const second = await start();
  const href = (await second.messages(1001)).find(({ file }) => file?.href)?.file?.href ?? '';
  expect(new Uint8Array(await (await second.ask(href)).arrayBuffer())).toEqual(bytes);
});

test.each<[string, (file: string) => void]>([
  ['cut', (file) => truncateSync(file, 1000)],
  ['empty', (file) => truncateSync(file, 0)],
  ['changed', (file) => writeFileSync(file, readFileSync(file, 'utf8').replace('Aziza', 'Azizb'))],
  ['missing', (file) => rmSync(file)],
])(
  'a world file that is %s: said, set aside with everything of its world, and a new one answers',
  async (_, harm) => {
    const first = await start();
    await first.say(2001, '/start');
    await first.host.stop('SIGTERM');
    harm(world());
    const second = await start();
    expect(second.host.output()).toMatch(
      /note: \S*world\.json is (damaged|missing); what was in \S+ is now in \S+/,
    );
    expect(await second.say(2001, '/start')).toContain('Aziza');
    const aside = readdirSync(join(directory, 'data/offline')).find((name) => name.startsWith('damaged-'));
    expect(readdirSync(join(directory, 'data/offline', aside ?? ''))).toEqual(
      expect.arrayContaining(['anime_bot.db', 'backups']),
    );
  },
);

describe('the database is gone, and what brings it back is there', () => {
  const database = (): string => join(directory, 'data/offline/anime_bot.db');
  const OFFLINE =
    'DATABASE_URL=file:data/offline/anime_bot.db BACKUP_DIR=data/offline/backups npm run backup --';
  const refused = async (): Promise<string> => {
    const host = hosts.start(directory, { PORT: '0' });
    await host.until(/Nothing was changed|Set BOT_TOKEN/);
    expect(host.output()).toContain('Nothing was changed');
    expect(await host.ended()).toBe(1);
    return host.output();
  };

  test('backups: nothing is begun, however often, and the named command brings it back', async () => {
    const first = await start();
    const seen = await first.say(2001, '1');
    expect(await first.host.stop('SIGTERM')).toBe(0);
    for (const end of ['', '-wal', '-shm']) rmSync(`${database()}${end}`, { force: true });
    for (const round of [1, 2]) {
      const said = await refused();
      expect(said, String(round)).toContain(`${OFFLINE} restore latest`);
      expect(said).not.toMatch(/there is a person|sample anime|--new-database|set aside|now in/);
      expect(existsSync(database())).toBe(false);
    }
    const settings = {
      DATABASE_URL: 'file:data/offline/anime_bot.db',
      BACKUP_DIR: 'data/offline/backups',
    };
    const [line = ''] = (await runCli(directory, settings, 'list')).stdout.split('\n');
    expect(line).toMatch(/^Not safe: the database file /);
    expect(line).toContain(`: ${OFFLINE} restore `);
    const args = line.slice(line.indexOf('restore ')).split(' ');
    expect((await runCli(directory, settings, ...args)).code).toBe(0);
    const second = await start();
    expect(await second.say(2001, '1')).toBe(seen);
    expect(second.host.output()).toContain('It goes on with what is there');
  });

  test('a rescued file: it is named, and nothing is begun beside it', async () => {
    const first = await start();
    expect(await first.host.stop('SIGTERM')).toBe(0);
    renameSync(database(), `${database()}.rescued-20260615T020000Z`);
    for (const end of ['-wal', '-shm']) rmSync(`${database()}${end}`, { force: true });
    rmSync(join(directory, 'data/offline/backups'), { recursive: true });
    expect(await refused()).toContain(`mv ${database()}.rescued-20260615T020000Z ${database()}`);
    expect(existsSync(database())).toBe(false);
    renameSync(`${database()}.rescued-20260615T020000Z`, database());
    expect(await (await start()).say(2001, '/start')).toContain('Aziza');
  });

  test('neither: the chats alone are no world, and a new one begins with its samples', async () => {
    const first = await start();
    expect(await first.host.stop('SIGTERM')).toBe(0);
    for (const end of ['', '-wal', '-shm']) rmSync(`${database()}${end}`, { force: true });
    rmSync(join(directory, 'data/offline/backups'), { recursive: true });
    const second = await start();
    expect(second.host.output()).toMatch(/anime_bot\.db is missing; what was in .* a new world begins/);
    expect(second.host.output()).toContain('sample anime');
    expect(second.host.output()).not.toContain('there is a person');
  });
});

test('a second start beside the first is told so, and changes nothing', async () => {
  const first = await start();
  await first.say(2001, '/start');
  const second = hosts.start(directory, { PORT: '0' });
  expect(await second.ended()).toBe(1);
  expect(second.output()).toMatch(
    new RegExp(
      `offline mode runs here already \\(process ${first.host.child.pid} .*use that one at http://127\\.0\\.0\\.1:\\d+/, or`,
    ),
  );
  expect(await first.say(2002, '/start')).toContain('Bobur');
});
