/** An admin at work, in the words of the screens. */
import type { Person, SeenMessage } from '../../sim/telegram/start-telegram.ts';
import type { Telegram } from '../../sim/telegram/telegram.ts';
import { all, sql } from '../../src/db/database.ts';
import { ADMIN_ID, startTestBot, type TestBot, type TestBotOptions } from '../support/bot.ts';

export interface AdminDesk {
  readonly bot: TestBot;
  readonly telegram: Telegram;
  readonly admin: Person;
  /** Presses a button of the newest message that has one with this text; gives the bot's answer. */
  press(button: string | RegExp): Promise<string | undefined>;
  /** Presses several, one after another. */
  presses(...buttons: readonly (string | RegExp)[]): Promise<void>;
  /** The newest message of the bot. */
  last(): SeenMessage;
  /** Rows as objects of texts; the query names its columns with AS. */
  rows(text: string): Promise<Record<string, string | null>[]>;
  /** What was promised to be done a moment after the answer. */
  later(): Promise<void>;
  /** The same database and Telegram, another process. */
  restart(): Promise<AdminDesk>;
  close(): Promise<void>;
}

export async function startDesk(options: TestBotOptions = {}): Promise<AdminDesk> {
  const bot = await startTestBot(options);
  const known = bot.telegram.people.find((person) => person.id === ADMIN_ID);
  const admin = known ?? bot.telegram.person({ id: ADMIN_ID, firstName: 'Olim', username: 'olim' });
  if (known === undefined) await admin.start();
  const promised: (() => Promise<void>)[] = [];
  Object.assign(bot.services, {
    after: (_milliseconds: number, work: () => Promise<void>) => promised.push(work),
  });
  const successors: AdminDesk[] = [];
  const press = async (button: string | RegExp): Promise<string | undefined> => {
    const [message, text] = findButton(admin, button);
    return (await admin.press(message, text))?.text;
  };
  return {
    bot,
    telegram: bot.telegram,
    admin,
    press,
    presses: async (...buttons) => {
      for (const button of buttons) await press(button);
    },
    last: () => admin.lastMessage(),
    rows: (text) => rowsOf(bot, text),
    later: async () => {
      bot.advance(5_000);
      for (const work of promised.splice(0)) await work();
    },
    restart: async () => {
      const next = await startDesk({ ...options, path: bot.path, telegram: bot.telegram, now: bot.now() });
      successors.push(next);
      return next;
    },
    close: async () => {
      for (const desk of successors) await desk.close();
      await bot.close();
    },
  };
}

/** An anime by the shortest way through the wizard. */
export async function addByWizard(
  desk: AdminDesk,
  anime: { readonly description: string; readonly parts: number; readonly code?: number },
): Promise<void> {
  const { admin } = desk;
  await admin.send('/add');
  await admin.send(anime.description);
  for (let i = 1; i <= anime.parts; i++) await admin.send({ video: { name: `${i}.mp4` } });
  await desk.later();
  await desk.press(/^(✅ Tugatish|⏭)/);
  await (anime.code === undefined ? desk.press(/bo‘sh kod/) : admin.send(String(anime.code)));
  await desk.presses('▶️ Davom etish', '✅ Tayyor, qo‘shilsin');
}

function findButton(person: Person, button: string | RegExp): [SeenMessage, string] {
  const messages = person.messages().filter((message) => message.isFromBot);
  for (const message of messages.toReversed())
    for (const { text, data } of message.keyboard.flat())
      if (data !== undefined && (typeof button === 'string' ? text === button : button.test(text)))
        return [message, text];
  const seen = messages
    .at(-1)
    ?.keyboard.flat()
    .map(({ text }) => text);
  throw new Error(`no button ${String(button)}; the newest message has ${JSON.stringify(seen)}`);
}

async function rowsOf(bot: TestBot, text: string): Promise<Record<string, string | null>[]> {
  const names = [...text.matchAll(/\bAS (\w+)/g)].map((match) => match[1] ?? '');
  const [rows] = await bot.db.read([
    all(sql(text), (row) => Object.fromEntries(names.map((name) => [name, row.textOrNull(name)]))),
  ]);
  return rows;
}
