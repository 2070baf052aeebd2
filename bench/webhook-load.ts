/**
 * Telegram as a webhook under load sees it: many people at once who ask for code 12, and a Bot API
 * that answers every call at once and keeps nothing. The strict stand-in (sim/telegram) keeps every
 * message, and takes more of the machine than the bot that is measured.
 */

import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';

export interface WebhookLoad {
  readonly apiRoot: string;
  /** Answers of the bot so far that held the anime's name. */
  readonly answered: number;
  /**
   * Posts so many updates, so many at a time; milliseconds each of them took.
   * @throws on a refusal
   */
  post(to: string, options: { readonly count: number; readonly inFlight: number }): Promise<number[]>;
  close(): void;
}

const FIRST_PERSON = 500_000_000;

export async function startWebhookLoad(options: {
  readonly botInfo: unknown;
  readonly secret: string;
  /** Enough that nobody writes more often than the bot allows. */
  readonly people: number;
}): Promise<WebhookLoad> {
  let answered = 0;
  let messages = 0;
  let updates = 0;
  const server = createServer(async (call, response) => {
    const body = await text(call);
    const method = call.url?.split('/').at(-1);
    let result: unknown = true;
    if (method === 'getMe') result = options.botInfo;
    if (method === 'sendMessage') {
      messages += 1;
      if (body.includes('Naruto')) answered += 1;
      const { chat_id: id }: { chat_id: number } = JSON.parse(body);
      result = {
        message_id: messages,
        date: Math.floor(Date.now() / 1000),
        chat: { id, type: 'private', first_name: 'Ism' },
        from: options.botInfo,
        text: 'Naruto',
      };
    }
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ ok: true, result }));
  }).listen(0, '127.0.0.1');
  // A connection that ends while a call is on its way is not what is measured.
  server.keepAliveTimeout = 0;
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const agent = new Agent({ keepAlive: true });
  const headers = { 'content-type': 'application/json', 'x-telegram-bot-api-secret-token': options.secret };

  async function postOne(to: string): Promise<number> {
    updates += 1;
    const id = FIRST_PERSON + (updates % options.people);
    const from = { id, is_bot: false, first_name: `Ism ${id}`, username: `user_${id}`, language_code: 'uz' };
    const message = {
      message_id: updates,
      date: Math.floor(Date.now() / 1000),
      chat: { id, type: 'private', first_name: from.first_name, username: from.username },
      from,
      text: '12',
    };
    const began = performance.now();
    const sent = request(to, { method: 'POST', agent, headers });
    sent.end(JSON.stringify({ update_id: updates, message }));
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    const said = await text(response);
    if (response.statusCode !== 200) throw new Error(`the bot answered ${response.statusCode}: ${said}`);
    return performance.now() - began;
  }

  return {
    apiRoot: `http://127.0.0.1:${address.port}`,
    get answered() {
      return answered;
    },
    async post(to, { count, inFlight }) {
      const took: number[] = [];
      let left = count;
      await Promise.all(
        Array.from({ length: inFlight }, async () => {
          for (; left > 0; ) {
            left -= 1;
            took.push(await postOne(to));
          }
        }),
      );
      return took;
    },
    close() {
      agent.destroy();
      server.closeAllConnections();
      server.close();
    },
  };
}
