/**
 * `npm start` without BOT_TOKEN: the real host against the Telegram stand-in, with a page to act as a viewer or an admin.
 * The database and the backups are real and stay; what Telegram would remember (chats, files) is gone at the next start.
 */
import type { Config } from '../src/config.ts';
import { type RunningNode, startNode } from '../src/node-host.ts';
import { createPlayground } from './playground/index.ts';
import { startTelegram, type Telegram } from './telegram/index.ts';

const ADMIN_ID = 1001;
const VIEWER_IDS = [2001, 2002];

export async function startOffline(config: Config): Promise<RunningNode> {
  const telegram = await startBeside(config.port);
  const admin = telegram.person({ id: ADMIN_ID, firstName: 'Admin', username: 'admin', languageCode: 'uz' });
  const viewers = VIEWER_IDS.map((id, i) =>
    telegram.person({
      id,
      firstName: i === 0 ? 'Aziza' : 'Bobur',
      username: `viewer${i + 1}`,
      languageCode: 'uz',
    }),
  );
  telegram.channel({ title: 'Anime kanali', username: 'anime_kanal', members: [admin, ...viewers] });
  telegram.group({ title: 'Anime guruhi', username: 'anime_guruh', members: [admin, ...viewers] });
  const running = await startNode({
    ...config,
    botToken: telegram.token,
    botInfo: undefined,
    telegramApiRoot: telegram.apiRoot,
    adminIds: [...config.adminIds, ADMIN_ID],
  });
  const { backups } = running;
  telegram.mount(
    createPlayground({
      telegram,
      actors: [
        ...viewers.map((person) => ({ person, role: 'viewer' as const })),
        { person: admin, role: 'admin' },
      ],
      backups: {
        async run() {
          const outcome = await backups.run({ trigger: 'command', scheduledAt: new Date() });
          if (outcome.kind === 'failed') throw new Error(outcome.reason);
        },
        async list() {
          const { entries } = await backups.list();
          return Promise.all(
            entries.map(async ({ name, bytes }) => {
              const links = await backups.links(name, ADMIN_ID);
              return {
                name,
                bytes,
                files: links.map(({ fileName, url }) => ({ name: fileName, href: url })),
              };
            }),
          );
        },
      },
    }),
  );
  console.log(`
No BOT_TOKEN: running offline, nothing leaves this machine.
  Write to the bot:  ${telegram.apiRoot}/
  The host:          ${running.address}/healthz
  Database, backups: as DATABASE_URL and BACKUP_DIR say (default data/)
Set BOT_TOKEN (npm run setup) to go to Telegram.
`);
  return {
    ...running,
    async stop() {
      await running.stop();
      await telegram.close();
    },
  };
}

/** On the port after the host's, so that the page keeps its address; on any other when that one is taken. */
async function startBeside(port: number): Promise<Telegram> {
  if (port === 0 || port === 65_535) return startTelegram();
  try {
    return await startTelegram({ port: port + 1 });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') return startTelegram();
    throw error;
  }
}
