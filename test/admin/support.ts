/** An admin at work, in the words of the screens. */
import type { Person, SeenMessage } from '../../dev/telegram/index.ts';
import { all, sql } from '../../src/db/database.ts';
import { adminFeatures } from '../../src/handlers/admin/index.ts';
import { cardFeature } from '../../src/handlers/card.ts';
import { fallbackFeature } from '../../src/handlers/fallback.ts';
import { startFeature } from '../../src/handlers/start.ts';
import { ADMIN_ID, startTestBot, type TestBot, type TestBotOptions } from '../support/bot.ts';

export interface AdminDesk {
  readonly bot: TestBot;
  readonly admin: Person;
  /** Presses a button of the newest message that has one with this text. */
  press(button: string | RegExp): Promise<string | undefined>;
  /** The newest message of the bot. */
  last(): SeenMessage;
  rows(text: string): Promise<Record<string, unknown>[]>;
  close(): Promise<void>;
}

export async function startDesk(options: TestBotOptions = {}): Promise<AdminDesk> {
  const bot = await startTestBot({
    features: [...adminFeatures, startFeature, cardFeature, fallbackFeature],
    ...options,
  });
  const admin =
    bot.telegram.people.find((person) => person.id === ADMIN_ID) ??
    bot.telegram.person({ id: ADMIN_ID, firstName: 'Olim' });
  if (options.telegram === undefined) await admin.start();
  return deskOf(bot, admin);
}

export function deskOf(bot: TestBot, admin: Person): AdminDesk {
  return {
    bot,
    admin,
    press: async (button) => {
      const [message, text] = findButton(admin, button);
      return (await admin.press(message, text))?.text;
    },
    last: () => admin.lastMessage(),
    rows: async (text) => {
      const result = await rowsOf(bot, text);
      return result;
    },
    close: () => bot.close(),
  };
}

function findButton(person: Person, button: string | RegExp): [SeenMessage, string] {
  const messages = person.messages().filter((message) => message.isFromBot);
  for (const message of messages.toReversed())
    for (const { text } of message.keyboard.flat())
      if (typeof button === 'string' ? text === button : button.test(text)) return [message, text];
  const seen = messages.at(-1)?.keyboard.flat().map(({ text }) => text);
  throw new Error(`no button ${String(button)}; the newest message has ${JSON.stringify(seen)}`);
}

/** Rows as plain objects; `text` names its columns. */
async function rowsOf(bot: TestBot, text: string): Promise<Record<string, unknown>[]> {
  const names = [...text.matchAll(/\bAS (\w+)/g)].map((match) => match[1] ?? '');
  const [rows] = await bot.db.read([
    all(sql(text), (row) => Object.fromEntries(names.map((name) => [name, row.textOrNull(name)]))),
  ]);
  return rows;
}
