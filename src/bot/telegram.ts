/**
 * The Bot API client of both hosts: calls are made as calls, so their results and errors are seen
 * (a webhook reply's are not).
 */
import { autoRetry } from '@grammyjs/auto-retry';
import { Api, type ApiClientOptions } from 'grammy';
import type { ResponseParameters, Update, UserFromGetMe } from 'grammy/types';
import type { Log } from '../lib/log.ts';
import { forgiveCosmetic, isCosmetic } from './cosmetic-calls.ts';

/**
 * The kinds of updates the bot reads; chat_member and chat_join_request come only when asked for.
 */
export const ALLOWED_UPDATES = [
  'message',
  'callback_query',
  'inline_query',
  'chosen_inline_result',
  'my_chat_member',
  'chat_member',
  'chat_join_request',
] as const satisfies readonly Exclude<keyof Update, 'update_id'>[];

/** A call must end well before Telegram gives up on the webhook that caused it (60 s). */
const CALL_TIMEOUT_SECONDS = 20;
/**
 * The longest wait for a 429 inside one update; a longer one is left to the next delivery or tick.
 */
const MAX_RETRY_DELAY_SECONDS = 5;

/** 100 updates, the most that one answer has, are a tenth of it. */
const MOST_ANSWER_BYTES = 32_000_000;

export type CallSignal = NonNullable<Parameters<Api['getMe']>[0]>;

const unwaited = new WeakSet<object>();

/**
 * Goes with a call whose caller obeys `retry_after` itself: one among several under way, which all
 * have to stop.
 */
export function withoutWait(): CallSignal {
  const { signal } = new AbortController();
  unwaited.add(signal);
  // grammY declares its Node shim's signal; it uses what both have.
  return signal as unknown as CallSignal;
}

export function createApi(options: {
  readonly token: string;
  readonly apiRoot: string;
  readonly timeoutSeconds?: number;
  /** Left out: the network. */
  readonly fetch?: ApiClientOptions['fetch'];
  /** Hears of cosmetic calls that failed. */
  readonly log?: Pick<Log, 'warn'>;
}): Api {
  const api = new Api(options.token, {
    apiRoot: options.apiRoot,
    timeoutSeconds: options.timeoutSeconds ?? CALL_TIMEOUT_SECONDS,
    // Errors name the method, never the address, which holds the token.
    sensitiveLogs: false,
    // A redirect would carry the token and people's data to where nobody meant them to go. `size`
    // is node-fetch's own (grammY on Node); fetch of the platform leaves it out.
    baseFetchConfig: { redirect: 'manual', size: MOST_ANSWER_BYTES },
    ...(options.fetch && { fetch: options.fetch }),
  });
  // Defaults retry without end.
  const retry = autoRetry({
    maxRetryAttempts: 2,
    maxDelaySeconds: MAX_RETRY_DELAY_SECONDS,
    rethrowHttpErrors: true,
    rethrowInternalServerErrors: true,
  });
  api.config.use(
    async (call, method, payload, signal) => {
      const answer = await call(method, payload, signal);
      if (!isAnswer(answer)) throw new NotTheBotApi(method);
      return answer.ok || hasWait(answer.parameters) ? answer : { ...answer, parameters: {} };
    },
    (call, method, payload, signal) =>
      isCosmetic(method) || (signal !== undefined && unwaited.has(signal))
        ? call(method, payload, signal)
        : retry(call, method, payload, signal),
    // The last one is the outermost.
    forgiveCosmetic(options.log ?? { warn: () => {} }),
  );
  return api;
}

/** Or none; whoever obeys a wait that is no number, or below 0, would set a timer to it. */
function hasWait(parameters: ResponseParameters | undefined): boolean {
  const wait: unknown = parameters?.retry_after;
  return wait === undefined || (typeof wait === 'number' && Number.isFinite(wait) && wait >= 0);
}

/** What answers is another server, or a proxy. */
export class NotTheBotApi extends Error {
  override readonly name = 'NotTheBotApi';
  constructor(method: string) {
    super(`TELEGRAM_API_ROOT does not answer ${method} as the Bot API: correct it, or leave it out`);
  }
}

function isAnswer(answer: unknown): boolean {
  if (typeof answer !== 'object' || answer === null || !('ok' in answer)) return false;
  return answer.ok === true ? 'result' in answer : 'error_code' in answer;
}

/** @throws {@link NotTheBotApi} when the answer is nobody's */
export async function askBotInfo(api: Api): Promise<UserFromGetMe> {
  const info: unknown = await api.getMe();
  if (typeof info !== 'object' || info === null || !isBotInfo(info)) throw new NotTheBotApi('getMe');
  return info;
}

/** BOT_INFO as far as the bot relies on it: its id and username. */
export function readBotInfo(info: Readonly<Record<string, unknown>>): UserFromGetMe {
  if (!isBotInfo(info))
    throw new Error('BOT_INFO is not the answer of getMe: id, is_bot and username are missing');
  return info;
}

function isBotInfo(info: object): info is UserFromGetMe {
  const { is_bot, id, username } = info as Partial<UserFromGetMe>;
  return (
    is_bot === true && Number.isSafeInteger(id) && typeof username === 'string' && /^\w+$/.test(username)
  );
}
