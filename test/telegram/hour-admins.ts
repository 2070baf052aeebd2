/**
 * Admins at work: they do one thing after another, wait for the bot's word, and press again when it
 * does not come, as people do.
 */
import type { Person, SeenMessage } from '../../sim/telegram/start-telegram.ts';
import { encodeAction } from '../../src/bot/callback-data.ts';
import { pressData } from './hour-people.ts';
import type { VirtualTime } from './virtual-time.ts';
import { between, chance, pick, type Random } from './weather.ts';

export interface Work {
  /** Anime that were begun: every title once, with the number of parts that were sent. */
  readonly added: { readonly title: string; readonly parts: number; isPublished: boolean }[];
  /** Texts that were sent to everybody. */
  readonly broadcasts: string[];
  /** Titles of anime that were thrown away for good or not. */
  readonly trashed: string[];
  /** Presses of "post" by title: whether anything may have been posted twice. */
  readonly posted: { readonly animeId: number }[];
  readonly news: { readonly animeId: number; readonly parts: number; isPublished: boolean }[];
  backups: number;
}

export interface Office {
  readonly random: Random;
  readonly time: VirtualTime;
  readonly tell: (what: string) => void;
  readonly isOver: () => boolean;
  readonly work: Work;
  /** Ids of anime by code, of those that nobody changes. */
  readonly animeIds: readonly number[];
  readonly idOfTitle: (title: string) => Promise<number | undefined>;
  readonly banned: Person;
}

/** How long an admin waits for the bot before the button is pressed again, and how often. */
const PATIENCE_S = 40;
const TRIES = 10;

export async function serve(admin: Person, office: Office): Promise<void> {
  const { random, time } = office;
  await admin.start();
  for (let i = 0; !office.isOver(); i += 1) {
    await time.sleep(between(random, 10, 90) * 1000);
    if (office.isOver()) return;
    const task = new Task(admin, office);
    const what = random.next();
    if (what < 0.35) await task.addAnime(`Sim ${admin.id}-${i}`);
    else if (what < 0.5) await task.broadcast(`Xabar ${admin.id}-${i}`);
    else if (what < 0.62) await task.addParts();
    else if (what < 0.74) await task.post();
    else if (what < 0.82) await task.trash();
    else if (what < 0.9) await task.backUp();
    else if (what < 0.95) await task.ban();
    else await task.look();
  }
}

class Task {
  readonly #admin: Person;
  readonly #office: Office;

  constructor(admin: Person, office: Office) {
    this.#admin = admin;
    this.#office = office;
  }

  async addAnime(title: string): Promise<void> {
    const { random, tell, work } = this.#office;
    const anime = { title, parts: between(random, 1, 8), isPublished: false };
    if (!(await this.#say('/add', 'az'))) return;
    work.added.push(anime);
    if (!(await this.#say(`${title}\nTavsif`, 'at'))) return;
    if (!(await this.#sendParts(anime.parts, title))) return;
    if (!(await this.#press('at', 'ac'))) return;
    if (!(await this.#press('ac', 'ah'))) return;
    if (!(await this.#press('ah', 'ap'))) return;
    anime.isPublished = await this.#press('ap', 'an');
    tell(`${this.#name}: ${title} with ${anime.parts} parts${anime.isPublished ? '' : ', no word'}`);
  }

  async addParts(): Promise<void> {
    const { random, work, animeIds, tell } = this.#office;
    const animeId = pick(random, animeIds);
    const news = { animeId, parts: between(random, 1, 3), isPublished: false };
    if (!(await this.#forge(encodeAction({ kind: 'partsAdd', id: animeId }), 'az'))) return;
    work.news.push(news);
    if (!(await this.#sendParts(news.parts, 'Saqlash'))) return;
    news.isPublished = await this.#press('at', 'aei');
    tell(`${this.#name}: ${news.parts} more parts for ${animeId}${news.isPublished ? '' : ', no word'}`);
  }

  async broadcast(text: string): Promise<void> {
    const { tell, work } = this.#office;
    if (!(await this.#say('/broadcast', 'aba'))) return;
    if (!(await this.#press('aba', 'aq'))) return;
    if (!(await this.#say(text, 'abu'))) return;
    if (!(await this.#press('abu', 'abg'))) return;
    work.broadcasts.push(text);
    tell(`${this.#name} broadcasts ${text}`);
    await this.#press('abg', 'abs');
  }

  async post(): Promise<void> {
    const { random, animeIds, work } = this.#office;
    const animeId = pick(random, animeIds);
    work.posted.push({ animeId });
    await this.#forge(encodeAction({ kind: 'postNow', id: animeId }));
  }

  async trash(): Promise<void> {
    const { random, work, idOfTitle } = this.#office;
    const published = work.added.filter(({ isPublished }) => isPublished);
    if (published.length === 0) return;
    const { title } = pick(random, published);
    const id = await idOfTitle(title);
    if (id === undefined) return;
    work.trashed.push(title);
    await this.#forge(encodeAction({ kind: 'trashNow', id }));
  }

  async backUp(): Promise<void> {
    this.#office.work.backups += 1;
    await this.#say('/backup');
  }

  async ban(): Promise<void> {
    const { banned, random } = this.#office;
    await this.#forge(encodeAction({ kind: 'personBan', user: banned.id, on: chance(random, 0.6) ? 1 : 0 }));
  }

  async look(): Promise<void> {
    const command = pick(this.#office.random, [
      '/admin',
      '/stats',
      '/groups',
      '/channels',
      '/users',
      '/drafts',
    ]);
    await this.#say(command);
  }

  get #name(): string {
    return this.#admin.user.first_name;
  }

  /** A burst, as an album's worth of files is sent; then until the bot has counted them. */
  async #sendParts(count: number, word: string): Promise<boolean> {
    for (let i = 0; i < count; i += 1) await this.#admin.send({ video: { name: `${i + 1}.mp4` } });
    const counted = new RegExp(`^✅ .* \\(${count}\\)$`);
    return this.#until(() => {
      const found = this.#find('at');
      return (
        found !== undefined && counted.test(found.text) && (word === 'Saqlash') === /Saqlash/.test(found.text)
      );
    }, 4 * PATIENCE_S);
  }

  /** Sends a text and waits for a button of this tag below it. */
  async #say(text: string, tag?: string): Promise<boolean> {
    const sent = await this.#admin.send(text);
    return this.#until(() => tag === undefined || this.#find(tag, sent.id) !== undefined);
  }

  /** Presses until a button of the next step shows that it was understood. */
  async #press(tag: string, next: string): Promise<boolean> {
    for (let i = 0; i < TRIES && !this.#office.isOver(); i += 1) {
      const found = this.#find(tag);
      if (found === undefined) return this.#find(next) !== undefined;
      await this.#admin.press(found.message, found.data);
      if (await this.#until(() => (this.#find(next)?.at ?? -1) > (this.#find(tag)?.at ?? -1))) return true;
    }
    return false;
  }

  /** Presses a button that the message never had, or that is long gone. */
  async #forge(data: string, next?: string): Promise<boolean> {
    const message = this.#admin.messages().findLast(({ isFromBot }) => isFromBot);
    if (message === undefined) return false;
    await pressData(this.#admin, message, data);
    return this.#until(() => next === undefined || this.#find(next) !== undefined);
  }

  async #until(isTrue: () => boolean, seconds = PATIENCE_S): Promise<boolean> {
    for (let i = 0; i < seconds; i += 4) {
      await this.#office.time.sleep(4_000);
      if (isTrue()) return true;
      if (this.#office.isOver()) return false;
    }
    return false;
  }

  /** The newest button whose data has this tag. */
  #find(tag: string, after = 0): Found | undefined {
    for (const message of this.#admin.messages().slice(-25).toReversed())
      for (const { text, data } of message.keyboard.flat())
        if (message.isFromBot && message.id > after && data?.split(':')[0] === tag)
          return { message, text, data, at: message.id + message.edits / 1000 };
    return undefined;
  }
}

interface Found {
  readonly message: SeenMessage;
  readonly text: string;
  readonly data: string;
  /** Later for a newer message, and for one that was edited since. */
  readonly at: number;
}
