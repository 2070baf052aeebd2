/** What `getMe` may answer: any name of a bot, and nothing that is no bot. */
import { parseEnv } from 'node:util';
import { expect, test } from 'vitest';
import { PARTS } from '../../src/cli/setup/proofs.ts';
import { withSettings } from '../../src/cli/setup/settings.ts';
import { readConfig } from '../../src/settings/config.ts';
import { serveHere } from '../support/local-server.ts';

async function proved(answer: unknown) {
  const apiRoot = await serveHere((_, response) => response.end(JSON.stringify(answer)));
  const env = { BOT_TOKEN: `123456:${'A'.repeat(35)}`, TELEGRAM_API_ROOT: apiRoot };
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
