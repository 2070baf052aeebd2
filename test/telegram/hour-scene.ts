/** Fifty people, five admins, the chats they meet in, and the catalogue they find. */
import type { Person, Room } from '../../sim/telegram/start-telegram.ts';
import { all, one, sql } from '../../src/db/database.ts';
import { indexAnime } from '../../src/db/search-index.ts';
import { searchText } from '../../src/text/search-text.ts';
import type { Office, Work } from './hour-admins.ts';
import type { Ground } from './hour-hosts.ts';
import type { Habit, Somebody, Stage } from './hour-people.ts';

const NAMES = ['Naruto', 'Bleach', 'Gintama', 'Monster', 'Berserk', 'Clannad', 'Trigun', 'Mushishi'] as const;
const PARTS = 3;
/** The rest are plain viewers. */
const HABITS: readonly Habit[] = [
  'blocks',
  'blocks',
  'leaves',
  'leaves',
  'floods',
  'banned',
  'inline',
  'inline',
];
const PEOPLE = 50;

export interface Scene {
  readonly people: readonly Somebody[];
  /** Owner 101 works, owner 102 only reads; three more are admins by the table. */
  readonly admins: readonly Person[];
  readonly reader: Person;
  readonly club: Room;
  /** Where cards are posted: a channel, and a group that becomes a supergroup. */
  readonly channel: Room;
  group: Room;
  readonly work: Work;
  readonly stage: Omit<Stage, 'random' | 'isOver'>;
  readonly office: Omit<Office, 'random' | 'isOver'>;
  readonly animeIds: readonly number[];
}

export async function settleScene(ground: Ground, tell: (what: string) => void): Promise<Scene> {
  const { telegram, db, time } = ground;
  const animeIds = await fillCatalogue(ground);
  const people = Array.from({ length: PEOPLE }, (_, i): Somebody => {
    const habit = HABITS[i] ?? 'viewer';
    return {
      habit,
      person: telegram.person({ id: 1001 + i, firstName: `${habit} ${i}`, languageCode: 'uz' }),
    };
  });
  const persons = people.map(({ person }) => person);
  const staff = [101, 102, 103, 104, 105].map((id) =>
    telegram.person({ id, firstName: `Admin ${id}`, languageCode: 'uz' }),
  );
  const [, reader, ...rest] = staff;
  const banned = people.find(({ habit }) => habit === 'banned')?.person;
  if (reader === undefined || banned === undefined) throw new Error('nobody is there');
  const club = telegram.channel({ title: 'Klub', username: 'klub_uz', members: [...persons, ...staff] });
  const channel = telegram.channel({ title: 'Kanal', username: 'kanal_uz' });
  const group = telegram.group({ title: 'Guruh', basic: true, members: persons });
  await db.write([
    ...rest.map(({ id }) =>
      sql("INSERT INTO admins (user_id, added_at) VALUES (?, '2026-01-01 00:00:00')", id),
    ),
    sql(
      "INSERT INTO mandatory_channels (channel_id, name, username) VALUES (?, 'Klub', 'klub_uz')",
      String(club.id),
    ),
    ...[channel, group].map(({ id, title, state }) =>
      sql('INSERT INTO groups (group_id, name, kind) VALUES (?, ?, ?)', id, title, state.kind),
    ),
    sql('INSERT INTO anime_groups (anime_code, group_id) SELECT code, groups.id FROM anime, groups'),
  ]);
  const work: Work = { added: [], broadcasts: [], trashed: [], posted: [], news: [], backups: 0 };
  const scene: Scene = {
    people,
    admins: staff,
    reader,
    club,
    channel,
    group,
    work,
    animeIds,
    stage: { time, names: NAMES, club, group: () => scene.group, tell, asked: [] },
    office: {
      time,
      tell,
      work,
      animeIds,
      banned,
      idOfTitle: async (title) =>
        (await db.read([one(sql('SELECT id FROM anime WHERE title = ?', title), (row) => row.int('id'))]))[0],
    },
  };
  return scene;
}

/** Codes 1 to 8, three parts each; ids in that order. */
async function fillCatalogue({ telegram, db }: Ground): Promise<number[]> {
  const uploader = telegram.person({ id: 900, firstName: 'Uploader' });
  for (const [i, title] of NAMES.entries()) {
    await telegram.hold(() => uploader.send({ video: true }));
    const fileId = uploader.messages().at(-1)?.file?.fileId ?? '';
    await db.write([
      sql('INSERT INTO anime (code, title, description) VALUES (?, ?, ?)', i + 1, title, `${title} haqida`),
      indexAnime({ code: i + 1 }, searchText({ title, aliases: null, description: null })),
      ...Array.from({ length: PARTS }, (_, part) =>
        sql(
          'INSERT INTO anime_parts (anime_code, part_number, file_id) VALUES (?, ?, ?)',
          i + 1,
          part + 1,
          fileId,
        ),
      ),
    ]);
  }
  telegram.takeUpdates();
  telegram.delivered.length = 0;
  const [ids] = await db.read([all(sql('SELECT id FROM anime ORDER BY code'), (row) => row.int('id'))]);
  return ids;
}
