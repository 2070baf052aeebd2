import type { Update } from 'grammy/types';
import { ApiError, badRequest } from '../api-errors.ts';
import type { Args } from '../args.ts';
import type { UpdateKind } from '../update-queue.ts';
import type { World } from '../world.ts';
import type { Method } from './method.ts';

const KINDS = new Set<string>([
  'message',
  'edited_message',
  'channel_post',
  'edited_channel_post',
  'message_reaction',
  'message_reaction_count',
  'inline_query',
  'chosen_inline_result',
  'callback_query',
  'my_chat_member',
  'chat_member',
  'chat_join_request',
]);

export const webhookMethods: Record<string, Method> = {
  setWebhook: ({ world, args, receiver }) => {
    const url = args.text('url');
    if (args.bool('drop_pending_updates')) world.updates.clear();
    if (url === '') {
      receiver.deleteWebhook();
      return true;
    }
    requireUrl(url);
    const secret = args.text('secret_token');
    if (secret.length > 256) throw badRequest('secret token is too long');
    if (!/^[\w-]*$/.test(secret)) throw badRequest('secret token contains unallowed characters');
    setAllowed(world, args);
    const connections = args.int('max_connections');
    receiver.setWebhook({
      url,
      secret: secret === '' ? undefined : secret,
      maxConnections: connections >= 1 && connections <= 100 ? connections : 40,
    });
    return true;
  },
  deleteWebhook: ({ world, args, receiver }) => {
    if (args.bool('drop_pending_updates')) world.updates.clear();
    receiver.deleteWebhook();
    return true;
  },
  getWebhookInfo: ({ world, receiver }) => {
    const { webhook, lastError } = receiver;
    return {
      url: webhook?.url ?? '',
      has_custom_certificate: false,
      pending_update_count: world.updates.pending().length,
      ...(webhook ? { max_connections: webhook.maxConnections, ip_address: '127.0.0.1' } : {}),
      ...(webhook && lastError
        ? { last_error_date: lastError.date, last_error_message: lastError.message }
        : {}),
      ...(world.updates.allowed ? { allowed_updates: world.updates.allowed } : {}),
    };
  },
  getUpdates: async ({ world, args, receiver, signal }): Promise<Update[]> => {
    if (receiver.webhook) {
      throw new ApiError(
        409,
        "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
      );
    }
    setAllowed(world, args);
    const limit = args.int('limit');
    return await receiver.poll({
      offset: args.int('offset'),
      limit: limit >= 1 && limit <= 100 ? limit : 100,
      timeout: Math.min(50, Math.max(0, args.int('timeout'))),
      signal,
    });
  },
};

const PORTS = ['', '80', '88', '443', '8443'];

/** Telegram wants https on one of four ports; loopback http is for tests. */
function requireUrl(url: string): void {
  if (!URL.canParse(url)) throw badRequest('invalid webhook URL specified');
  const { protocol, hostname, port } = new URL(url);
  if (protocol === 'http:' && ['127.0.0.1', 'localhost', '[::1]'].includes(hostname)) return;
  if (protocol !== 'https:') throw badRequest('bad webhook: An HTTPS URL must be provided for webhook');
  if (!PORTS.includes(port))
    throw badRequest('bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443');
}

/** Left out, the last choice stays; an empty list is the default; unknown kinds are passed over. */
function setAllowed(world: World, args: Args): void {
  const list = args.json('allowed_updates', 'allowed updates');
  if (!Array.isArray(list)) return;
  const kinds = list.filter((kind): kind is UpdateKind => typeof kind === 'string' && KINDS.has(kind));
  world.updates.allowed = kinds.length > 0 ? kinds : undefined;
}
