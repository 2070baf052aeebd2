/**
 * `npm run dev`: the Worker in workerd, reloaded when a source changes, with the stand-ins and the
 * page. The database stays in data/dev; the bucket and the chats live as long as this process. A
 * first process reads the command line and looks at the ports; a second one, which Node begins anew
 * with every change, does the rest.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createPlayground } from '../sim/offline/page/playground.ts';
import { STAND_IN_SECRET, startStandIns } from '../sim/stand-ins.ts';
import { listBackups } from '../src/backup/catalog/list.ts';
import { createS3Store } from '../src/backup/store/s3-store.ts';
import { setWebhook } from '../src/bot/hearing.ts';
import { createApi } from '../src/bot/telegram.ts';
import { script } from '../src/cli/script.ts';
import { requireFree } from '../src/hosts/node/listen.ts';
import { endOnSurprise } from '../src/lib/surprise.ts';

const ADMIN_ID = 1001;
const PORT = Number(process.env['PORT'] || 8787);
endOnSurprise();
script('dev', 'The Worker in workerd with reload, beside the stand-ins; takes no options.').parse();
// Wrangler would wait for it without a word.
await requireFree({ host: '127.0.0.1', port: PORT });
if (process.env['DEV_BEGUN'] === undefined) {
  await requireFree({ host: '127.0.0.1', port: PORT + 1 });
  const watched = ['src', 'dev', 'sim'].map((name) => `--watch-path=${name}`);
  const child = spawn(process.execPath, [...watched, fileURLToPath(import.meta.url)], {
    stdio: 'inherit',
    env: { ...process.env, DEV_BEGUN: '1' },
  });
  // Ctrl-C reaches both: the second one puts things away first.
  process.on('SIGINT', () => {});
  const [code] = await once(child, 'close');
  process.exit(code ?? 0);
}
console.log('building the Worker…');
const { askNobody, bindingsOf, NO_FILES } = await import('./worker-runtime.ts');
askNobody();
const { unstable_startWorker: startWorker } = await import('wrangler');
const directory = fileURLToPath(new URL('../data/dev', import.meta.url));
mkdirSync(directory, { recursive: true });

const standIns = await startStandIns({ directory, ownerIds: [ADMIN_ID], telegramPort: PORT + 1 });
const { telegram } = standIns;
const worker = await startWorker({
  config: fileURLToPath(new URL('../wrangler.toml', import.meta.url)),
  envFiles: NO_FILES,
  bindings: bindingsOf(standIns.settings),
  dev: { server: { hostname: '127.0.0.1', port: PORT }, watch: true, logLevel: 'warn' },
});
const address = (await worker.url).href.replace(/\/$/, '');
// As `npm run deploy` does; without it the bot would tell its admin that it hears nothing.
const api = createApi({ token: telegram.token, apiRoot: telegram.apiRoot });
await setWebhook(api, `${address}/webhook`, STAND_IN_SECRET);
const tick = (): Promise<unknown> => fetch(`${address}/cdn-cgi/handler/scheduled?cron=*+*+*+*+*`);
// It brings the database to its schema, so that /healthz has nothing to complain of but backups.
await tick();

const admin = telegram.person({ id: ADMIN_ID, firstName: 'Admin', languageCode: 'uz' });
const viewer = telegram.person({ id: 2001, firstName: 'Aziza', languageCode: 'uz' });
telegram.channel({ title: 'Anime kanali', username: 'anime_kanal', members: [admin, viewer] });
const store = createS3Store(standIns.s3);
telegram.mount(
  createPlayground({
    telegram,
    timeZone: 'Asia/Tashkent',
    actors: [
      { person: viewer, role: 'viewer' },
      { person: admin, role: 'admin' },
    ],
    backups: {
      // The cron of wrangler.toml, fired by hand.
      run: () => fetch(`${address}/cdn-cgi/handler/scheduled?cron=0+2+*+*+*`),
      list: async () => {
        const { entries } = await listBackups({ store, prefix: 'backups/' });
        return entries.map(({ name, time, state, bytes, objects }) => ({
          name,
          at: time.toISOString(),
          state,
          bytes,
          files: objects.map(({ key }) => key.replace(/^.*\//, '')),
        }));
      },
      link: async (name, file) => {
        const { entries } = await listBackups({ store, prefix: 'backups/' });
        const objects = entries.find((entry) => entry.name === name)?.objects ?? [];
        const key = objects.find((object) => object.key.endsWith(`/${file}`))?.key;
        return key === undefined
          ? undefined
          : store.signedUrl(key, { expiresInSeconds: 900, fileName: file });
      },
    },
  }),
);
const minute = setInterval(() => {
  tick().catch((error: unknown) => console.error('tick', error));
}, 60_000);

console.log(`
  Write to the bot:  ${telegram.apiRoot}/
  The Worker:        ${address}/healthz   (reloads when src/ changes; Ctrl+C stops)

  No sample anime: /add makes one. The database stays in data/dev; chats and bucket are new each
  time, so videos of before no longer open, and /healthz is 503 until the page's button has made a
  backup. The tick comes once a minute; to fire it, or the night's backup:
    curl '${address}/cdn-cgi/handler/scheduled?cron=*+*+*+*+*'
    curl '${address}/cdn-cgi/handler/scheduled?cron=0+2+*+*+*'
`);

process.once('SIGINT', () => {
  clearInterval(minute);
  Promise.allSettled([worker.dispose(), standIns.close()]).then(() => process.exit(0));
});
