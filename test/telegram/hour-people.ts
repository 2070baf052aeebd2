/**
 * Fifty people with the bot in their hands, who do what people do: ask, press, press again, forge,
 * flood, block, come back.
 */
import type { Person, Room, SeenMessage } from '../../sim/telegram/start-telegram.ts';
import type { VirtualTime } from './virtual-time.ts';
import { between, chance, pick, type Random } from './weather.ts';

/** What sets somebody apart from a plain viewer. */
export type Habit = 'viewer' | 'blocks' | 'leaves' | 'floods' | 'banned' | 'inline';

export interface Somebody {
  readonly person: Person;
  readonly habit: Habit;
}

export interface Stage {
  readonly random: Random;
  readonly time: VirtualTime;
  /** Codes of the anime that nobody changes, and their names. */
  readonly names: readonly string[];
  /** Where one must be to use the bot. */
  readonly club: Room;
  readonly group: () => Room;
  readonly tell: (what: string) => void;
  readonly isOver: () => boolean;
  /**
   * What was asked for by a message or a press, as `<person> <text or data>`: Telegram may forget
   * it, the bot does not.
   */
  readonly asked: string[];
}

/** Between two actions of one person. */
const PAUSE_S = [20, 130] as const;
/** Codes that no anime has. */
const UNKNOWN_CODES = [900_000, 900_999] as const;

export async function live({ person, habit }: Somebody, stage: Stage): Promise<void> {
  const { random, time } = stage;
  await time.sleep(between(random, 0, 60) * 1000);
  if (stage.isOver()) return;
  await person.start();
  for (;;) {
    await time.sleep(between(random, ...PAUSE_S) * 1000);
    if (stage.isOver()) return;
    if (person.isBlocking) {
      if (chance(random, 0.3)) await person.start();
    } else if (habit !== 'viewer' && chance(random, 0.3)) await indulge({ person, habit }, stage);
    else if (chance(random, 0.5)) await press(person, stage);
    else await write(person, stage);
  }
}

async function indulge({ person, habit }: Somebody, stage: Stage): Promise<void> {
  const { random, time, club } = stage;
  if (habit === 'blocks') await person.block();
  else if (habit === 'leaves') {
    await club.leave(person);
    await time.sleep(between(random, 5, 90) * 1000);
    await club.join(person);
  } else if (habit === 'inline') await person.inline(pick(random, [...stage.names, '"', 'zz', '']));
  else if (habit === 'floods') {
    stage.tell(`${person.user.first_name} floods`);
    for (let i = 0; i < 60 && !stage.isOver(); i += 1) {
      if (chance(random, 0.5)) await write(person, stage);
      else await forge(person, random);
      await time.sleep(between(random, 10, 700));
    }
  }
}

async function write(person: Person, { random, names, group, asked }: Stage): Promise<void> {
  const what = random.next();
  if (what < 0.4) await person.send(String(between(random, 1, names.length)));
  else if (what < 0.5) await person.send(String(between(random, ...UNKNOWN_CODES)));
  else if (what < 0.6) await person.send(pick(random, names));
  else if (what < 0.7) await person.send(`qxjz${between(random, 1, 1e9)}`);
  else if (what < 0.8) await person.start(String(between(random, 1, names.length)));
  else if (what < 0.85) {
    const link = `${between(random, 1, names.length)}_${between(random, 1, 3)}`;
    asked.push(`${person.id} /start ${link}`);
    await person.start(link);
  } else if (what < 0.95)
    await person.send(
      pick(random, ['/help', '/random', '/new', '/popular', '/az', '/history', '/favourites']),
    );
  else if (what < 0.98) await person.send('/start', { in: group() });
  else await person.send({ photo: true });
}

/** A button of one of the last screens mostly, of an old one now and then. */
async function press(person: Person, { random, asked }: Stage): Promise<void> {
  if (chance(random, 0.05)) return forge(person, random);
  const screens = person.messages().filter(({ isFromBot, keyboard }) => isFromBot && keyboard.length > 0);
  const message = screens.at(chance(random, 0.15) ? between(random, -screens.length, -1) : -1);
  const buttons = message?.keyboard.flat().flatMap(({ data }) => (data === undefined ? [] : [data])) ?? [];
  // Whoever changes the language reads other words than the ones that are looked for.
  const tempting = buttons.filter((data) => !/^[gi](:|$)/.test(data));
  if (message === undefined || tempting.length === 0) return;
  const data = pick(random, tempting);
  asked.push(`${person.id} ${data}`);
  await person.press(message, data);
}

/** What no button of the bot ever held, on whatever it sent last. */
async function forge(person: Person, random: Random): Promise<void> {
  const message = person.messages().findLast(({ isFromBot }) => isFromBot);
  if (message === undefined) return;
  const data = pick(random, [
    'q:0:"',
    'q:zzzzzzzz:a',
    'v:1:zzzzz',
    'v:-1:1',
    'aet:1',
    's:s:s:s',
    '\u0000',
    'l:%',
    'k:zz',
  ]);
  await pressData(person, message, data);
}

/** Presses a button that may never have been there. */
export async function pressData(person: Person, message: SeenMessage, data: string): Promise<void> {
  await person.press({ ...message, keyboard: [[{ text: data, data }]] }, data);
}
