import type { Update } from 'grammy/types';

export interface Webhook {
  url: string;
  secret: string | undefined;
  maxConnections: number;
}

/** Milliseconds Telegram waits for a webhook's answer. */
const WEBHOOK_TIMEOUT = 60_000;

/** Posts one update to a webhook. The reason is worded as getWebhookInfo words it. */
export async function post(
  { url, secret }: Webhook,
  update: Update,
  request = fetch,
): Promise<{ status: number; reason: string; retryAfter?: number }> {
  try {
    const response = await request(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(secret === undefined ? {} : { 'x-telegram-bot-api-secret-token': secret }),
      },
      body: JSON.stringify(update),
      signal: AbortSignal.timeout(WEBHOOK_TIMEOUT),
    });
    await response.text();
    const reason = `Wrong response from the webhook: ${response.status} ${response.statusText}`.trimEnd();
    return { status: response.status, reason, retryAfter: waitOf(response) };
  } catch (cause) {
    const isTimeout = cause instanceof DOMException && cause.name === 'TimeoutError';
    return { status: 0, reason: isTimeout ? 'Read timeout expired' : 'Connection refused' };
  }
}

/** Seconds of Retry-After; 0 for none, or a date. */
export function waitOf({ headers }: Response): number {
  const seconds = Number(headers.get('retry-after') ?? 0);
  return Number.isFinite(seconds) ? Math.max(0, seconds) : 0;
}
