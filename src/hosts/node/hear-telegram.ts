/**
 * How updates reach the Node host: Telegram's webhook where there is a public address, polling
 * where there is none. Says who the bot is, and sets its menu of commands once it is heard.
 */
import { type Api, GrammyError, HttpError } from 'grammy';
import type { UserFromGetMe } from 'grammy/types';
import { type Hearing, PollHearing, setWebhook } from '../../bot/hearing.ts';
import { askBotInfo, readBotInfo } from '../../bot/telegram.ts';
import { staff } from '../../db/admins.ts';
import type { Database } from '../../db/database.ts';
import { installCommands } from '../../handlers/commands-menu.ts';
import { describeError, type Log } from '../../lib/log.ts';
import { untilStopped } from '../../lib/retry.ts';
import { within } from '../../lib/silence.ts';
import { UNREACHABLE } from '../../lib/surprise.ts';
import { isTokenRefused, TOKEN_REFUSED } from '../../lib/token-refused.ts';
import type { Config } from '../../settings/config.ts';
import { type PollingOptions, poll } from './polling.ts';

/** How long a start that knows its BOT_INFO waits for Telegram's word on the token. */
const FIRST_CALL_MS = 5_000;

/**
 * BOT_INFO says who the bot is while Telegram cannot be reached. A token that Telegram does not
 * know starts nothing: the bot would be deaf. @throws what Telegram said of it
 */
export async function whoAmI(api: Api, botInfo: Config['botInfo']): Promise<UserFromGetMe> {
  if (botInfo === undefined) return askBotInfo(api);
  const known = readBotInfo(botInfo);
  try {
    return await within(FIRST_CALL_MS, () => askBotInfo(api));
  } catch (error) {
    if (isTokenRefused(error)) throw error;
    return known;
  }
}

interface Parts {
  readonly api: Api;
  readonly db: Database;
  readonly webhookSecret: string | undefined;
  readonly log: Log;
  readonly now: () => Date;
  readonly pause: (milliseconds: number) => Promise<void>;
  /** The host stops. */
  readonly signal: AbortSignal;
}

export interface TelegramEar {
  readonly hearing: Hearing;
  /** Polls until the host stops, or sets the webhook and is done. */
  begin(receive: PollingOptions['receive']): Promise<void>;
}

export function hearTelegram(
  { ownerIds, defaultLocale, publicUrl }: Pick<Config, 'ownerIds' | 'defaultLocale' | 'publicUrl'>,
  { api, db, webhookSecret, log, now, pause, signal }: Parts,
): TelegramEar {
  let isMenuSet = false;
  /** Once, when Telegram has answered: without a network each of its calls would say so. */
  function setMenu(): void {
    if (isMenuSet) return;
    isMenuSet = true;
    db.read([staff(ownerIds)])
      .then(([found]) => installCommands(api, { defaultLocale, staff: found, signal }))
      .catch((error: unknown) => log.warn('menu of commands not set', { error: describeError(error) }));
  }
  return publicUrl === undefined ? pollForUpdates() : useWebhook(`${publicUrl}/webhook`);

  function pollForUpdates(): TelegramEar {
    const hearing = new PollHearing(now());
    return {
      hearing,
      async begin(receive) {
        // The polling that follows tells a failure: by its own without a network, else by 409.
        await api
          .deleteWebhook()
          .then(setMenu, (error: unknown) =>
            log.debug('webhook not removed', { error: describeError(error) }),
          );
        await poll({
          api,
          receive,
          log,
          sleep: pause,
          signal,
          onAnswer: () => {
            hearing.answered(now());
            setMenu();
          },
          onFailure: (error) => hearing.failed(error),
        });
      },
    };
  }

  /** Tries until Telegram has it: a host that could not tell its address hears nothing. */
  function useWebhook(url: string): TelegramEar {
    /** Why Telegram has no webhook of ours yet. */
    let unset: string | undefined;
    const secret = webhookSecret ?? '';
    const onFailure = (error: unknown, pauseMs: number): void => {
      const remedy = remedyFor(error);
      const words = isTokenRefused(error)
        ? remedy
        : error instanceof GrammyError
          ? error.description
          : describeError(error);
      const level = words === unset ? 'debug' : 'error';
      unset = words;
      log[level]('webhook not set', { error: describeError(error), remedy, retry_in_ms: pauseMs });
    };
    return {
      hearing: { webhook: { url, secret }, trouble: () => unset },
      begin: () =>
        untilStopped({ sleep: pause, signal, onFailure }, async () => {
          await setWebhook(api, url, secret);
          unset = undefined;
          setMenu();
        }),
    };
  }
}

function remedyFor(error: unknown): string {
  if (isTokenRefused(error)) return TOKEN_REFUSED;
  return error instanceof HttpError
    ? UNREACHABLE
    : 'PUBLIC_URL must be https, on port 443, 80, 88 or 8443, and reachable from outside';
}
