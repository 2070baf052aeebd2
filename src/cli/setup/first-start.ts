/** Finds the admin: who sends the first `/start` and confirms it at the terminal. Node only. */
import { type Api, GrammyError } from 'grammy';
import type { Update, User } from 'grammy/types';
import type { Clock } from '../../lib/clock.ts';

/** `webhook`: updates go elsewhere, asking would fail. `busy`: another program asks. */
export type FirstStart =
  | { readonly kind: 'person'; readonly user: User }
  | { readonly kind: 'webhook' | 'busy' | 'nobody' };

const PAUSE_MS = 2_000;

/** Until somebody not in `skipped` sends `/start` in private, or `until`. Confirms no update. */
export async function firstStart(
  api: Pick<Api, 'getUpdates' | 'getWebhookInfo'>,
  { clock, until, skipped }: { clock: Clock; until: Date; skipped: ReadonlySet<number> },
): Promise<FirstStart> {
  // With a webhook Telegram refuses getUpdates; removing it would make a running bot deaf.
  if ((await api.getWebhookInfo()).url !== '') return { kind: 'webhook' };
  while (clock.now() < until) {
    try {
      // Without an offset nothing is confirmed; without allowed_updates the bot's own choice stays.
      const starts = (await api.getUpdates({ timeout: 0 })).flatMap((update) => starter(update) ?? []);
      const user = starts.find(({ id }) => !skipped.has(id));
      if (user !== undefined) return { kind: 'person', user };
    } catch (error) {
      if (error instanceof GrammyError && error.error_code === 409) return { kind: 'busy' };
      throw error;
    }
    await clock.sleep(PAUSE_MS);
  }
  return { kind: 'nobody' };
}

function starter({ message }: Update): User | undefined {
  if (message?.chat.type !== 'private' || message.from.is_bot) return undefined;
  return /^\/start(\s|$)/.test(message.text ?? '') ? message.from : undefined;
}
