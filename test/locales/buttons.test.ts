/** Buttons that stand two in a row fit a phone. */
import { expect, test } from 'vitest';
import { textsFor } from '../../src/locales/index.ts';
import { LOCALE_NAMES } from '../../src/settings/config.ts';

/**
 * Letters, spaces and the emoji before Telegram cuts a half-width button on a narrow phone; marks
 * above letters take no room.
 */
const WIDTH = 18;
const widthOf = (label: string): number =>
  [...new Intl.Segmenter().segment(label.replaceAll(/[‘’]/g, ''))].length;

test.each(LOCALE_NAMES)('%s', (locale) => {
  const { viewer, admin } = textsFor(locale);
  const { system, catalogue, numbers, chats, sending, people, backup } = admin;
  const labels = [
    ...[viewer.newest(), viewer.mostViewed(), viewer.byName(), viewer.random(), viewer.favourites()],
    ...[viewer.history(), viewer.check()],
    ...[system.addAnime(), system.catalogue(), system.drafts(12), system.trash(), system.groups()],
    ...[system.channels(), system.broadcast(), system.stats(), system.people(), system.admins()],
    ...[system.export(), system.audit(), system.selfTest(), system.backups(), system.panel()],
    ...[catalogue.parts(12), catalogue.addParts(), catalogue.aliases(), sending.post(), catalogue.look()],
    ...[catalogue.delete(), numbers.charts(), numbers.top(), chats.rename(), chats.up(), chats.delete()],
    ...[chats.yesDelete(), system.no(), system.back(), backup.links(), backup.check(), people.yesRemove()],
    ...[sending.pause(), sending.goOn(), sending.cancel(), viewer.left(), viewer.right()],
  ];
  expect(labels.filter((label) => widthOf(label) > WIDTH)).toEqual([]);
});
