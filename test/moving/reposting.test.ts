/** "Qayta joylash", from the old bot's own posts to a viewer who watches by the new bot's link. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Person } from '../../sim/telegram/start-telegram.ts';
import { movePostsJob } from '../../src/jobs/move-posts.ts';
import { Killed, killedAt } from '../support/kill-at.ts';
import { NEW, OLD, OWNER, startTown, type Town } from './support.ts';

let town: Town;
beforeEach(async () => {
  town = await startTown({ limits: false });
});
afterEach(() => town.close());

async function press(person: Person, ...buttons: readonly RegExp[]): Promise<void> {
  for (const button of buttons) {
    const named = (message: ReturnType<Person['lastMessage']>) =>
      message.keyboard.flat().find(({ text }) => button.test(text))?.text;
    const message = person.messages().findLast((one) => named(one) !== undefined);
    if (message === undefined) throw new Error(`no button ${button}: ${person.lastMessage().text}`);
    await person.press(message, named(message) ?? '');
  }
}

const linksIn = (chat: number): string[] =>
  town.telegram
    .room(chat)
    .messages()
    .flatMap(({ keyboard }) => keyboard.flat().flatMap(({ url }) => url ?? []));
const link = (username: string) => `https://t.me/${username}?start=12`;

/** Posts of the old bot in two channels and a group; then the ban. */
async function postAndMove() {
  const [kanal, ikkinchi] = [town.old.channel({ title: 'Kanal' }), town.old.channel({ title: 'Ikkinchi' })];
  const guruh = town.old.group({ title: 'Guruh' });
  await town.add(12, 1, { photo: true });
  const before = town.old.person({ id: OWNER });
  await before.start();
  town.old.person({ id: 500 });
  for (const room of [kanal, ikkinchi, guruh]) {
    await before.send('/groups');
    await press(before, /Guruh yoki kanal qo‘shish/);
    await before.send(String(room.id));
  }
  await before.send('/edit 12');
  await press(before, /Joylash/, /Kanal$/, /Ikkinchi/, /Guruh$/, /Hoziroq joylash \(3\)/);
  expect([kanal, ikkinchi, guruh].map(({ id }) => linksIn(id))).toEqual([
    [link(OLD)],
    [link(OLD)],
    [link(OLD)],
  ]);
  await town.archive();
  await town.move();
  const owner = town.person(OWNER);
  await owner.start();
  await town.telegram.room(kanal.id).promoteBot();
  await town.telegram.room(guruh.id).addBot();
  return { kanal, ikkinchi, guruh, owner };
}

test('links lead to the new bot, and by them a viewer watches; what failed is tried again when asked', async () => {
  const { kanal, ikkinchi, guruh, owner } = await postAndMove();
  await owner.send('/archive');
  await press(owner, /Qayta joylash \(3\)/, /Ha, qayta joylansin/);
  await movePostsJob.run(town.bot.jobContext());
  expect(linksIn(kanal.id)).toEqual([link(NEW)]);
  expect(linksIn(guruh.id)).toEqual([link(OLD), link(NEW)]);
  expect(linksIn(ikkinchi.id)).toEqual([link(OLD)]);
  expect(owner.lastMessage().text).toContain(
    '✏️ Havolasi almashtirildi: 1\n📣 Qayta joylandi: 1\n❌ Bo‘lmadi: 1',
  );
  // A viewer of the channel, who never saw the new bot.
  const viewer = town.person(500);
  await viewer.openLink(linksIn(kanal.id)[0] ?? '');
  await press(viewer, /ko‘rish/, /^1/);
  expect(viewer.lastMessage()).toMatchObject({ kind: 'video' });
  // The bot is added where it was not.
  await town.telegram.room(ikkinchi.id).promoteBot();
  await owner.send('/archive');
  await press(owner, /Qayta joylash \(1\)/, /Ha, qayta joylansin/);
  await movePostsJob.run(town.bot.jobContext());
  expect(linksIn(ikkinchi.id)).toEqual([link(NEW)]);
  expect([linksIn(kanal.id).length, linksIn(guruh.id).length]).toEqual([1, 2]);
  await owner.send('/archive');
  await press(owner, /Qayta joylash \(0\)/);
  expect(owner.lastMessage().text).toContain('❌ Bo‘lmadi: 0\n\n✅ Tugadi.');
});

test('a kill at any call posts at most one card twice, and leaves no post behind', async () => {
  const { kanal, guruh, owner } = await postAndMove();
  await owner.send('/archive');
  await press(owner, /Qayta joylash \(3\)/, /Ha, qayta joylansin/);
  let kills = 0;
  for (let at = 0; at < 20; at += 1) {
    await movePostsJob.run(killedAt(town.bot, town.bot.jobContext(), at, 'after')).catch((error: unknown) => {
      if (!(error instanceof Killed)) throw error;
      kills += 1;
    });
    town.bot.advance(61_000);
  }
  expect(kills).toBeGreaterThan(3);
  expect(linksIn(kanal.id)).toEqual([link(NEW)]);
  expect(linksIn(guruh.id).filter((one) => one === link(NEW)).length).toBeLessThanOrEqual(2);
  expect(await town.numbers("SELECT COUNT(*) AS n FROM post_moves WHERE state = 'waiting'")).toEqual([0]);
});
