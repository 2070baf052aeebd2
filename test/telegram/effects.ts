/**
 * Effects, as rows and chats hold them: all that was said is so, and nothing was done twice but
 * what a lost answer or a kill may repeat.
 */
import type { Telegram } from '../../sim/telegram/telegram.ts';
import type { Ground } from './hour-hosts.ts';
import type { Scene } from './hour-scene.ts';
import type { Run } from './hour-simulation.ts';
import type { Unknown } from './weather.ts';

export interface Evidence {
  readonly ground: Ground;
  readonly scene: Scene;
  readonly run: Run;
  /** Rows of a query that names its columns with AS. */
  readonly rows: (text: string) => Promise<Record<string, string>[]>;
}

/** What the bot said or was told that the database does not hold. */
export async function untrue({ ground, scene, rows }: Evidence): Promise<string[]> {
  const { telegram } = ground;
  const problems: string[] = [];
  for (const { title, count } of await rows(
    'SELECT title AS title, COUNT(*) AS count FROM anime GROUP BY 1 HAVING COUNT(*) > 1',
  ))
    problems.push(`${title} was added ${count} times`);
  for (const { title, parts } of scene.work.added) {
    const [found] = await rows(
      `SELECT (SELECT COUNT(*) FROM anime_parts WHERE anime_code = a.code) AS parts FROM anime a WHERE title = '${title}'`,
    );
    if (wasSaid(telegram, `✅ ${title} qo‘shildi`) && Number(found?.['parts']) !== parts)
      problems.push(`${title} was said to be published with ${parts} parts and has ${found?.['parts']}`);
  }
  problems.push(...(await favourites({ telegram }, scene, rows)));
  return problems;
}

/** The last press on a favourite's button decides, whatever became of the ones before it. */
async function favourites(
  { telegram }: Pick<Ground, 'telegram'>,
  { people, stage, animeIds }: Scene,
  rows: Evidence['rows'],
): Promise<string[]> {
  const held = new Set(
    (await rows('SELECT user_id AS user, anime_id AS anime FROM favourites')).map(
      ({ user, anime }) => `${user} ${anime}`,
    ),
  );
  const wanted = new Map<string, { isOn: boolean; presses: number }>();
  const viewers = new Set(people.filter(({ habit }) => habit === 'viewer').map(({ person }) => person.id));
  for (const { callback_query: press } of telegram.delivered.toSorted((a, b) => a.update_id - b.update_id)) {
    const [, anime = '', on] = /^f:(\w+):([01])$/.exec(press?.data ?? '') ?? [];
    const isLasting = animeIds.includes(Number.parseInt(anime, 36));
    if (press !== undefined && on !== undefined && isLasting && viewers.has(press.from.id)) {
      const which = `${press.from.id} ${Number.parseInt(anime, 36)}`;
      wanted.set(which, { isOn: on === '1', presses: (wanted.get(which)?.presses ?? 0) + 1 });
    }
  }
  /** Telegram forgets a press that was not taken in time, though the bot may have heard it. */
  const isWhole = (which: string, presses: number): boolean => {
    const [who = '', anime = ''] = which.split(' ');
    const start = `${who} f:${Number(anime).toString(36)}:`;
    return stage.asked.filter((one) => one.startsWith(start)).length === presses;
  };
  return [...wanted]
    .filter(([which, { isOn, presses }]) => held.has(which) !== isOn && isWhole(which, presses))
    .map(
      ([which, { isOn }]) => `favourite ${which} is ${isOn ? 'not kept' : 'kept'}, against the last press`,
    );
}

/** Of own and others' broadcasts in an hour, previews among them. */
const MOST_PREVIEWS = 300;

/** What was counted, sent or told more often than it may have been. */
export async function repeated(evidence: Evidence): Promise<string[]> {
  const { scene, run, rows } = evidence;
  const unknown = [...(run.weather?.unknown ?? []), ...run.lost];
  const mayBe = (chatId: number, method: RegExp): number =>
    run.kills + unknown.filter((call) => isFor(call, chatId, method)).length;
  const problems = await views(evidence);
  // The first of all is an admin, who sees previews too.
  for (const admin of scene.admins)
    if (admin.messages().filter((message) => message.text.startsWith('Xabar ')).length > MOST_PREVIEWS)
      problems.push(`${admin.user.first_name} has too many copies of broadcasts`);
  for (const text of scene.work.broadcasts)
    for (const person of [...scene.people.map((one) => one.person), scene.reader]) {
      const copies = person.messages().filter((message) => message.isFromBot && message.text === text).length;
      if (copies > 1 + mayBe(person.id, /^copyMessage/))
        problems.push(`${person.user.first_name} has ${text} ${copies} times`);
    }
  for (const { person } of scene.people) {
    const news = Map.groupBy(
      person.messages().filter(({ text }) => /^🔔 .*\nYangi qism/.test(text)),
      ({ text }) => text,
    );
    for (const [text, told] of news)
      if (told.length > 1 + mayBe(person.id, /^sendMessage/))
        problems.push(`${person.user.first_name} was told ${told.length} times: ${text}`);
  }
  for (const room of [scene.channel, scene.group]) {
    const [asked] = await rows(
      `SELECT COUNT(*) AS posts FROM posts JOIN groups ON groups.id = posts.group_id WHERE name = '${room.title}'`,
    );
    const posts = room.messages().filter(({ isFromBot, text }) => isFromBot && /Kod: /.test(text)).length;
    if (posts > Number(asked?.['posts']) + mayBe(room.id, /^send/))
      problems.push(`${room.title} holds ${posts} cards, and ${asked?.['posts']} were posted`);
  }
  const notices = Map.groupBy(
    scene.reader.messages().filter(({ isFromBot, text }) => isFromBot && /^[⏳⚠]/u.test(text)),
    ({ text }) => text.replaceAll(/\d+/g, 'N'),
  );
  for (const [words, told] of notices) {
    // A right that somebody takes again is told again.
    const anew = /Klub|Kanal|Guruh/.test(words) ? run.deeds : 0;
    if (told.length > 1 + anew + mayBe(scene.reader.id, /^sendMessage/))
      problems.push(`an owner was told ${told.length} times: ${words}`);
  }
  return problems;
}

function isFor({ method, params }: Unknown, chatId: number, wanted: RegExp): boolean {
  return wanted.test(method) && Number(params['chat_id']) === chatId;
}

/** Every view that was counted was asked for. */
async function views({ scene, rows }: Evidence): Promise<string[]> {
  const codes = new Map(
    (await rows('SELECT id AS id, code AS code FROM anime')).map(
      ({ id, code }) => [Number(id), code ?? ''] as const,
    ),
  );
  const asked = scene.stage.asked.flatMap((one) => {
    const [, who = '', what = ''] = /^(\d+) (.*)$/s.exec(one) ?? [];
    const view = viewOf(what, codes);
    return view === undefined ? [] : [`${who} ${view}`];
  });
  const counted = await rows(
    'SELECT user_id AS user, anime_code AS code, part_number AS part, COUNT(*) AS count FROM user_history GROUP BY 1, 2, 3',
  );
  return counted.flatMap(({ user, code, part, count }) => {
    const most = asked.filter((view) => view === `${user} ${code} ${part}`).length;
    return Number(count) <= most
      ? []
      : [`${user} watched part ${part} of ${code} ${count} times, and asked ${most} times`];
  });
}

/** "code part" of a request to watch: a deep link's text, or a button's data. */
function viewOf(asked: string, codes: ReadonlyMap<number, string>): string | undefined {
  const link = /^\/start (\d+)_(\d+)$/.exec(asked);
  if (link !== null) return `${link[1]} ${link[2]}`;
  const [tag = '', anime = '', part = ''] = asked.replace(/^s:/, '').split(':');
  if (tag === 'o') return `${Number.parseInt(anime, 36)} ${Number.parseInt(part, 36)}`;
  if (tag !== 'v' && tag !== 'z') return undefined;
  return `${codes.get(Number.parseInt(anime, 36))} ${Number.parseInt(part, 36)}`;
}

/** Whether the bot said it, in a message of its own or by an edit. */
function wasSaid({ calls }: Telegram, words: string): boolean {
  return calls.some(
    ({ answer }) =>
      typeof answer === 'object' &&
      answer !== null &&
      'text' in answer &&
      String(answer.text).startsWith(words),
  );
}
