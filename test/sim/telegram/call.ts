import type { Telegram } from '../../../sim/telegram/telegram.ts';

export interface Answer {
  status: number;
  ok: boolean;
  error_code?: number;
  description?: string;
  parameters?: { retry_after?: number; migrate_to_chat_id?: number };
  result?: unknown;
}

/** One raw Bot API call with a JSON body. */
export async function call(telegram: Telegram, method: string, params: object = {}): Promise<Answer> {
  const response = await fetch(`${telegram.apiRoot}/bot${telegram.token}/${method}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(params),
  });
  const body: unknown = await response.json();
  return { ...(body as Omit<Answer, 'status'>), status: response.status };
}

/** The `message_id` a successful call answered with. */
export function messageId(answer: Answer): number {
  const { result } = answer;
  const isMessage = typeof result === 'object' && result !== null && 'message_id' in result;
  if (!isMessage) throw new Error(`no message: ${JSON.stringify(answer)}`);
  return Number(result.message_id);
}

/** A clock that stands still until told otherwise. */
export function manualClock(start = '2026-11-22T12:00:00Z'): {
  now: () => Date;
  advance: (seconds: number) => void;
} {
  let at = Date.parse(start);
  return {
    now: () => new Date(at),
    advance: (seconds) => {
      at += seconds * 1000;
    },
  };
}
