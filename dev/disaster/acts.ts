/** What the owner and the viewers do, by the screens, and the minutes that pass. */
import type { Person } from '../../sim/telegram/person.ts';
import type { Room } from '../../sim/telegram/room.ts';
import { type Life, OWNER } from './life.ts';

/** How much there is of everything. */
export interface Amounts {
  readonly anime: number;
  /** Of each anime. */
  readonly parts: number;
  readonly viewers: number;
}

/** An owner's and viewers' work, by the screens. */
export async function fill({ telegram, host, clock }: Life, given: Amounts, channel: Room): Promise<void> {
  const owner = telegram.person({ id: OWNER, firstName: 'Egasi', languageCode: 'uz' });
  await owner.start();
  await owner.send('/archive');
  await press(owner, /Arxiv kanalini qo‘shish/);
  await owner.send(String(channel.id));
  for (let i = 1; i <= given.anime; i += 1) {
    await owner.send('/add');
    await owner.send({ photo: true, caption: `Anime ${i}\nTavsif` });
    for (let part = 1; part <= given.parts; part += 1) await owner.send({ video: { name: `${part}.mp4` } });
    await clock.sleep(5_000);
    await host.tick();
    await press(owner, /Tugatish/);
    await press(owner, /bo‘sh kod/);
    await press(owner, /Davom etish/);
    await press(owner, /Tayyor/);
  }
  for (let i = 1; i <= given.viewers; i += 1) {
    const viewer = telegram.person({ id: OWNER + i, firstName: `Tomoshabin ${i}`, languageCode: 'uz' });
    await viewer.start(`${1 + (i % given.anime)}_1`);
    await viewer.send(String(1 + (i % given.anime)));
    await press(viewer, /Sevimlilarga/);
  }
}

/** Every part of every anime, by its deep link. @returns how many played */
export async function watchAll(
  { telegram, viewers, clock }: Life,
  { anime, parts }: Amounts,
  isRight: (method: string) => boolean,
): Promise<number> {
  const [viewer] = viewers();
  if (viewer === undefined) throw new Error('there is no viewer');
  let played = 0;
  for (let code = 1; code <= anime; code += 1)
    for (let part = 1; part <= parts; part += 1) {
      telegram.forgetCalls();
      // Nobody presses faster than the bot's own limit.
      await clock.sleep(5_000);
      await viewer.start(`${code}_${part}`);
      const { kind, text } = viewer.lastMessage();
      const calls = telegram.calls.map(({ method }) => method);
      if (kind !== 'video' || !text.includes(`${part}-qism`))
        throw new Error(`part ${part} of ${code}: ${text}`);
      if (calls.length !== 1 || !calls.every(isRight))
        throw new Error(`part ${part} of ${code} took ${calls.join()}`);
      played += 1;
    }
  return played;
}

export async function hasAll({ telegram }: Life, id: number): Promise<void> {
  const viewer = telegram.people.find((one) => one.id === id);
  if (viewer === undefined) throw new Error(`viewer ${id} is gone`);
  await viewer.start();
  for (const list of ['/favourites', '/history']) {
    await viewer.send(list);
    const shown = viewer
      .lastMessage()
      .keyboard.flat()
      .map(({ text }) => text);
    if (!shown.some((text) => text.includes('Anime '))) throw new Error(`${list} of viewer ${id} is empty`);
  }
}

/** A minute each. */
export async function ticksUntil({ host, clock }: Life, isDone: () => Promise<boolean>): Promise<number> {
  for (let minute = 1; minute < 10_000; minute += 1) {
    const began = clock.now().getTime();
    await host.tick();
    await clock.sleep(Math.max(0, 60_000 - (clock.now().getTime() - began)));
    if (await isDone()) return minute;
  }
  throw new Error('a job never ended');
}

async function press(person: Person, label: RegExp): Promise<void> {
  const has = (text: string): boolean => label.test(text);
  const message = person
    .messages()
    .findLast((seen) => seen.isFromBot && seen.keyboard.flat().some(({ text }) => has(text)));
  const button = message?.keyboard.flat().find(({ text }) => has(text));
  if (message === undefined || button === undefined)
    throw new Error(`no button ${label}: ${person.lastMessage().text}`);
  await person.press(message, button.text);
}
