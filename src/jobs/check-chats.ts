/** Whether the bot may still work in its chats: Telegram does not tell every loss of rights. */

import { lookAtChat } from '../bot/chat-health.ts';
import { chatUses } from '../db/chat-uses.ts';
import type { Job } from './job.ts';

/** Chats an hour, in any order. */
const AT_ONCE = 8;

export const checkChatsJob: Job = {
  name: 'check-chats',
  everyMinutes: 60,
  async run(context) {
    if (!context.requests.take(2 + AT_ONCE)) return;
    const [uses] = await context.db.read([chatUses(AT_ONCE)]);
    const found = await Promise.all(uses.map((use) => lookAtChat(context, use)));
    const statements = found.flatMap((one) => one.statements);
    if (statements.length > 0) await context.db.write(statements);
  },
};
