/**
 * Offline mode: the real host against Telegram's stand-in, with a page to act as a viewer or an
 * admin. All its data stays in one directory; it reads no setting of production.
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { requireFree } from '../../src/hosts/node/listen.ts';
import { createHostLog } from '../../src/hosts/node/log-lines.ts';
import { type RunningNode, startNode } from '../../src/hosts/node/node-host.ts';
import { describeError, type Log } from '../../src/lib/log.ts';
import { callOffline, OFFLINE_DIRECTORY } from '../../src/settings/command-name.ts';
import { type Environment, readConfig } from '../../src/settings/config.ts';
import { administrator } from '../telegram/chat-members.ts';
import { type Person, startTelegram } from '../telegram/start-telegram.ts';
import { isAdmin } from '../telegram/state.ts';
import type { Telegram, TelegramOptions } from '../telegram/telegram.ts';
import { openOfflineHome } from './home.ts';
import { createPlayground, type PlaygroundOptions } from './page/playground.ts';
import { addSamples, giveSamplesTo, SAMPLE_OWNER_ID } from './samples.ts';

const ADMIN_ID = 1001;
const VIEWERS = [
  { id: 2001, firstName: 'Aziza', username: 'viewer1', languageCode: 'uz' },
  { id: 2002, firstName: 'Bobur', username: 'viewer2', languageCode: 'uz' },
];
/** The settings that say how it shows itself, all it takes: it listens on loopback only. */
const SETTINGS = ['PORT', 'LOG_LEVEL', 'LOG_FORMAT', 'DEFAULT_LOCALE', 'TIMEZONE'];

const ANEW = `everything anew, on purpose:  move ${OFFLINE_DIRECTORY} away, then npm start`;

const FIRST_TIME =
  'Try first:         be Aziza and send 1, 2 or 3 (sample anime of twelve parts); be Admin and send /admin';

export async function startOffline(env: Environment): Promise<RunningNode> {
  const config = readConfig(Object.fromEntries(SETTINGS.map((name) => [name, env[name]])), 'node');
  // A world that was begun on a busy port would look like one that was cut short.
  const busy = await requireFree({ host: '127.0.0.1', port: config.port }).then(
    () => undefined,
    (error: unknown) => error,
  );
  const directory = resolve(OFFLINE_DIRECTORY);
  if (busy !== undefined && !existsSync(directory)) throw busy;
  // Another offline mode that has this world is named by its lock, and first.
  const home = await openOfflineHome(directory, () => new Date());
  if (home.note !== undefined) console.error(`note: ${home.note}`);
  callOffline();
  const telegram = await startBeside(config.port, { token: home.botToken, keeper: home.keeper });
  const { admin, viewers } = peopleOf(telegram);
  const log = createHostLog(config);
  let isFilling = home.isNew;
  // Nobody has sent the updates that make the samples.
  const quietLog: Log = {
    ...log,
    info: (event, fields) => (isFilling && event === 'update' ? undefined : log.info(event, fields)),
  };
  const running = await startNode(
    {
      ...config,
      host: '127.0.0.1',
      database: { kind: 'file', path: home.database },
      bucket: { kind: 'directory', path: home.bucket },
      botToken: home.botToken,
      telegramApiRoot: telegram.apiRoot,
      ownerIds: home.isNew ? [ADMIN_ID, SAMPLE_OWNER_ID] : [ADMIN_ID],
    },
    { offline: { anew: ANEW, page: `${telegram.apiRoot}/` }, isUnfilled: home.isNew, log: quietLog },
  );
  if (home.isNew) {
    await addSamples(telegram).catch((error: unknown) => console.error(`note: ${describeError(error)}`));
    await giveSamplesTo(ADMIN_ID, running.db);
    isFilling = false;
    await running.backUp();
  }
  home.finish();
  home.tellAddress(`${telegram.apiRoot}/`);
  telegram.mount(
    createPlayground({
      telegram,
      timeZone: config.timeZone,
      actors: [
        ...viewers.map((person) => ({ person, role: 'viewer' as const, tries: ['1', '2', '3'] })),
        { person: admin, role: 'admin', tries: ['/admin', '1'] },
      ],
      backups: backupsOf(running),
    }),
  );
  console.log(`
No BOT_TOKEN is used: running offline. Nothing leaves this machine, nothing of production is touched.
  Write to the bot:  ${telegram.apiRoot}/
  The host:          ${running.address}/healthz
  ${home.isNew ? FIRST_TIME : 'It goes on with what is there.'}
  Everything it has: ${OFFLINE_DIRECTORY} (database, backups, chats, files; delete it to begin anew)
${String(env['BOT_TOKEN'] ?? '').trim() === '' ? 'Set BOT_TOKEN (npm run setup)' : 'Stop it and run npm start alone'} to go to Telegram.
`);
  return {
    ...running,
    async stop() {
      await running.stop();
      await telegram.close();
      await home.close();
    },
  };
}

/** As the page asks for them. */
function backupsOf({ backups }: RunningNode): NonNullable<PlaygroundOptions['backups']> {
  return {
    async run() {
      const outcome = await backups.run({ trigger: 'command', scheduledAt: new Date() });
      if (outcome.kind === 'failed') throw new Error(outcome.reason);
    },
    async list() {
      const { entries } = await backups.list();
      return entries.map(({ name, time, state, bytes, manifest }) => ({
        name,
        at: time.toISOString(),
        state,
        bytes,
        trigger: manifest?.trigger,
        files: Object.values(manifest?.objects ?? {}).map(({ file }) => file),
      }));
    },
    async link(name, file) {
      const { entries } = await backups.list();
      const entry = entries.find((one) => one.name === name);
      const links = entry === undefined ? [] : await backups.links(entry.name, ADMIN_ID);
      return links.find(({ fileName }) => fileName === file)?.url;
    },
  };
}

/** The people and chats of a new world, or of the kept one. */
function peopleOf(telegram: Telegram): { admin: Person; viewers: Person[] } {
  const known = (id: number): Person | undefined => telegram.people.find((person) => person.id === id);
  const admin =
    known(ADMIN_ID) ??
    telegram.person({ id: ADMIN_ID, firstName: 'Admin', username: 'admin', languageCode: 'uz' });
  const viewers = VIEWERS.map((about) => known(about.id) ?? telegram.person(about));
  if (telegram.rooms.length === 0) {
    const members = [admin, ...viewers];
    telegram.channel({ title: 'Anime kanali', username: 'anime_kanal', members });
    telegram.group({ title: 'Anime guruhi', username: 'anime_guruh', members });
  }
  // As in Telegram, only an administrator of a chat adds the bot to it.
  for (const { state } of telegram.rooms)
    if (!isAdmin(state.members.get(ADMIN_ID)))
      state.members.set(ADMIN_ID, administrator(admin.user, state, { can_promote_members: true }));
  return { admin, viewers };
}

/** On the port after the host's, so that the page keeps its address; on any other if taken. */
async function startBeside(port: number, options: TelegramOptions): Promise<Telegram> {
  if (port === 0 || port === 65_535) return startTelegram(options);
  try {
    return await startTelegram({ ...options, port: port + 1 });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')
      return startTelegram(options);
    throw error;
  }
}
