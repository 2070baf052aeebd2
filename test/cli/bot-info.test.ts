/** What `getMe` may answer: any name of a bot, and nothing that is no bot. */
import { createServer, type Server } from 'node:http';
import { parseEnv } from 'node:util';
import { afterEach, expect, test } from 'vitest';
import { withSettings } from '../../src/cli/env-file.ts';
import { PARTS } from '../../src/cli/setup/proofs.ts';
import { readConfig } from '../../src/settings/config.ts';

let server: Server | undefined;
afterEach(() => server?.close());

async function proved(answer: unknown) {
  const opened = createServer((_, response) => response.end(JSON.stringify(answer)));
  server = opened;
  await new Promise<void>((resolve) => opened.listen(0, '127.0.0.1', resolve));
  const address = opened.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const env = { BOT_TOKEN: `123456:${'A'.repeat(35)}`, TELEGRAM_API_ROOT: `http://127.0.0.1:${port}` };
  return PARTS.find(({ name }) => name === 'Telegram')?.prove(readConfig(env, 'cli'), env);
}

const bot = { id: 5, is_bot: true, first_name: 'bot', username: 'anime_bot' };

test.each([
  null,
  [],
  { ok: 'yes' },
  { ok: false },
  { ok: true },
  { ok: true, result: null },
  { ok: true, result: { ...bot, id: '12\nX=1' } },
  { ok: true, result: { ...bot, username: 'anime\u001b[31m' } },
])('%j is no bot', async (answer) => {
  await expect(proved(answer)).rejects.toThrow(
    'TELEGRAM_API_ROOT does not answer getMe as the Bot API: correct it, or leave it out',
  );
});

test('a name with all kinds of quotes fits into .env', async () => {
  const named = { ...bot, first_name: `G‘o'r "o\`g‘li" \\ # $x\n` };
  const settings = (await proved({ ok: true, result: named }))?.settings ?? {};
  const file = withSettings('', new Map(Object.entries(settings)));
  expect(JSON.parse(parseEnv(file)['BOT_INFO'] ?? '')).toEqual(named);
});
