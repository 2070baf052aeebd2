/**
 * `npm run dev`: the Worker in workerd, reloaded when a source changes, with the stand-ins and the
 * page. The database stays in data/dev; the bucket and the chats live as long as this process.
 */
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { requireFree } from '../sim/free-ports.ts';
import { createPlayground } from '../sim/offline/page/playground.ts';
import { STAND_IN_SECRET, startStandIns } from '../sim/stand-ins.ts';
import { listBackups } from '../src/backup/catalog/list.ts';
import { createS3Store } from '../src/backup/store/s3-store.ts';
import { script } from '../src/cli/script.ts';
import { endOnSurprise } from '../src/lib/surprise.ts';

const ADMIN_ID = 1001;
const PORT = Number(process.env['PORT'] || 8787);
endOnSurprise();
script('dev', 'The Worker in workerd with reload, beside the stand-ins; takes no options.').parse();
// Wrangler would wait for it without a word.
await requireFree(PORT);
console.log('building the Worker…');
const { unstable_startWorker: startWorker } = await import('wrangler');
const { askNobody } = await import('./worker-runtime.ts');
const directory = fileURLToPath(new URL('../data/dev', import.meta.url));
mkdirSync(directory, { recursive: true });

askNobody();
const standIns = await startStandIns({ directory, adminIds: [ADMIN_ID] });
const { telegram } = standIns;
const worker = await startWorker({
  config: fileURLToPath(new URL('../wrangler.toml', import.meta.url)),
  bindings: Object.fromEntries(
    Object.entries(standIns.settings).map(([name, value]) => [name, { type: 'plain_text' as const, value }]),
  ),
  dev: { server: { hostname: '127.0.0.1', port: PORT }, watch: true, logLevel: 'warn' },
});
const address = (await worker.url).href.replace(/\/$/, '');
const headers = { 'X-Telegram-Bot-Api-Secret-Token': STAND_IN_SECRET };
telegram.connect((update) =>
  fetch(`${address}/webhook`, { method: 'POST', headers, body: JSON.stringify(update) }),
);

const admin = telegram.person({ id: ADMIN_ID, firstName: 'Admin', languageCode: 'uz' });
const viewer = telegram.person({ id: 2001, firstName: 'Aziza', languageCode: 'uz' });
telegram.channel({ title: 'Anime kanali', username: 'anime_kanal', members: [admin, viewer] });
const store = createS3Store(standIns.s3);
telegram.mount(
  createPlayground({
    telegram,
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
  fetch(`${address}/cdn-cgi/handler/scheduled?cron=*+*+*+*+*`).catch((error: unknown) =>
    console.error('tick', error),
  );
}, 60_000);

console.log(`
  Write to the bot:  ${telegram.apiRoot}/
  The Worker:        ${address}/healthz   (reloads when src/ changes; Ctrl+C stops)
`);

process.once('SIGINT', () => {
  clearInterval(minute);
  Promise.allSettled([worker.dispose(), standIns.close()]).then(() => process.exit(0));
});
