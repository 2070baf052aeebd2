/** Fills a missing ADMIN_IDS: from the first `/start`, typed, or loudly with nobody. Node only. */

import { createApi } from '../../bot/telegram.ts';
import { NO_ADMINS } from '../../hosts/no-admins.ts';
import { type Clock, explain } from '../../lib/clock.ts';
import { hideSecrets } from '../../lib/log.ts';
import { ConfigError, readConfig } from '../../settings/config.ts';
import { visible } from '../../text/visible.ts';
import { type FirstStart, firstStart } from './first-start.ts';
import type { Prompts } from './prompts.ts';
import type { Settings } from './settings.ts';

interface Parts {
  readonly isAsking: boolean;
  readonly prompts: Prompts;
  readonly clock: Clock;
}

/** Long enough to take out a phone. */
const WAIT_MS = 120_000;

export async function askAdmins(parts: Parts, settings: Settings): Promise<void> {
  if (settings.has('ADMIN_IDS')) return;
  if (parts.isAsking) {
    const id = (await fromStart(parts, settings)) ?? (await typed(parts.prompts));
    if (id !== undefined) return settings.set('ADMIN_IDS', id);
  }
  parts.prompts.say('bad', NO_ADMINS);
}

const WHY_NOT: Readonly<Record<Exclude<FirstStart['kind'], 'person'>, string>> = {
  webhook: 'this bot has a webhook, so its messages go elsewhere: give the id by hand',
  busy: 'another program reads this bot’s messages: stop it, or give the id by hand',
  nobody: 'nobody sent /start in two minutes',
};

async function fromStart({ prompts, clock }: Parts, settings: Settings): Promise<string | undefined> {
  const { botToken, telegramApiRoot } = readConfig(ofTelegram(settings), 'node');
  if (botToken === undefined) return undefined;
  const api = createApi({ token: botToken, apiRoot: telegramApiRoot });
  const question =
    'No admin is known. Send /start to the bot from your Telegram account now, and your id is taken from it?';
  if (!(await prompts.confirm(question, true))) return undefined;
  const until = new Date(clock.now().getTime() + WAIT_MS);
  const skipped = new Set<number>();
  for (;;) {
    const progress = prompts.begin('Waiting for your /start');
    const found = await firstStart(api, { clock, until, skipped }).catch((error: unknown) =>
      hideSecrets(explain(error)),
    );
    if (typeof found === 'string' || found.kind !== 'person') {
      progress.end(typeof found === 'string' ? found : WHY_NOT[found.kind]);
      return undefined;
    }
    const { id, first_name, username } = found.user;
    const name = visible(`${first_name}${username === undefined ? '' : `, @${username}`}`);
    progress.end(`${name} wrote /start`);
    // Anybody can write to a bot.
    if (await prompts.confirm(`Is ${name} (id ${id}) you, and an admin?`, true)) return String(id);
    skipped.add(id);
  }
}

function ofTelegram({ known }: Settings): Readonly<Record<string, string | undefined>> {
  return { BOT_TOKEN: known['BOT_TOKEN'], TELEGRAM_API_ROOT: known['TELEGRAM_API_ROOT'] };
}

async function typed(prompts: Prompts): Promise<string | undefined> {
  for (;;) {
    const answer = await prompts.ask({
      name: 'ADMIN_IDS',
      message: 'Telegram ids of the admins, separated by commas; empty: none for now',
      optional: true,
    });
    if (answer === '') return undefined;
    try {
      readConfig({ ADMIN_IDS: answer }, 'node');
      return answer;
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      prompts.say('bad', error.problems.join('; '));
    }
  }
}
