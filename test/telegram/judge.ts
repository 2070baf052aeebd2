/** What was promised, checked from outside: the updates Telegram had taken from it, the chats as people see them, the rows. */
import type { Telegram } from '../../dev/telegram/index.ts';
import { all, type Query, sql } from '../../src/db/database.ts';
import { answersTo, type Duty, dutyOf, LATE, saidTo } from './answers.ts';
import type { Ground } from './hosts.ts';
import type { Scene } from './scene.ts';
import type { Run } from './simulation.ts';

export interface Verdict {
  readonly problems: string[];
  readonly summary: string;
}

/** New messages to an owner who only reads, beside one for each thing that somebody did to the bot. */
const MOST_ALERTS = 5;

export async function judge(ground: Ground, scene: Scene, run: Run): Promise<Verdict> {
  const { telegram, db } = ground;
  const rows = async (text: string): Promise<Record<string, string>[]> => (await db.read([table(text)]))[0];
  const problems = [...run.problems];
  if (telegram.pending > 0) problems.push(`${telegram.pending} updates still wait at Telegram`);
  for (const { error, count } of await rows(
    'SELECT error AS error, COUNT(*) AS count FROM failed_updates WHERE given_up_at IS NOT NULL GROUP BY error',
  ))
    problems.push(`${count} updates are not handled: ${error}`);
  problems.push(...unanswered(ground, scene));
  problems.push(...(await twice(ground, scene, run, rows)));
  const alerts = scene.reader.messages().filter(({ isFromBot, text }) => isFromBot && isAlert(text));
  if (alerts.length > MOST_ALERTS + run.deeds)
    problems.push(`${alerts.length} alerts: ${alerts.map(({ text }) => text.slice(0, 80)).join(' | ')}`);
  const { work } = scene;
  return {
    problems,
    summary: `${telegram.delivered.length} updates, ${run.weather?.hits} refused calls of ${telegram.calls.length}, ${run.kills} kills, ${
      work.added.filter(({ isPublished }) => isPublished).length
    } of ${work.added.length} anime, ${work.broadcasts.length} broadcasts, ${alerts.length} alerts`,
  };
}

function isAlert(text: string): boolean {
  return !/^(Xabar |🔔|Assalomu)/.test(text);
}

/** Every update that was taken from Telegram has an answer in its chat, or its press has one. */
function unanswered({ telegram }: Ground, { people, admins }: Scene): string[] {
  const answeredPresses = new Set(
    telegram.callsOf('answerCallbackQuery').map(({ params }) => String(params['callback_query_id'])),
  );
  const problems: string[] = [];
  for (const [person, habit] of [
    ...people.map(({ person, habit }) => [person, habit] as const),
    ...admins.map((admin) => [admin, 'admin'] as const),
  ]) {
    // Who blocks the bot cannot be answered, who is banned or floods is not.
    if (habit === 'blocks' || habit === 'banned' || habit === 'floods') continue;
    const duties = telegram.delivered.flatMap((update): Duty[] => dutyOf(update, person.id));
    const name = person.user.first_name;
    const said = saidTo(telegram, person.id);
    problems.push(...answersTo(duties, said).map((text) => `${name}: ${text}`));
    if (said.some(({ text }) => LATE.test(text))) continue;
    for (const { callback_query: press } of telegram.delivered)
      if (press?.from.id === person.id && !answeredPresses.has(press.id))
        problems.push(`${name}: nobody answered the press of ${press.data}`);
  }
  return problems;
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

type Rows = (text: string) => Promise<Record<string, string>[]>;

/** Nothing was done twice, but for what a lost answer or a kill may repeat. */
async function twice({ telegram }: Ground, scene: Scene, run: Run, rows: Rows): Promise<string[]> {
  const problems: string[] = [];
  const unknown = [...(run.weather?.unknown ?? []), ...run.lost];
  const { work } = scene;
  for (const { title, count } of await rows(
    'SELECT title AS title, COUNT(*) AS count FROM anime GROUP BY 1 HAVING COUNT(*) > 1',
  ))
    problems.push(`${title} was added ${count} times`);
  for (const { title, parts } of work.added) {
    const isPublished = wasSaid(telegram, `✅ ${title} qo‘shildi`);
    const [found] = await rows(
      `SELECT (SELECT COUNT(*) FROM anime_parts WHERE anime_code = a.code) AS parts FROM anime a WHERE title = '${title}'`,
    );
    if (isPublished && Number(found?.['parts']) !== parts)
      problems.push(`${title} was said to be published with ${parts} parts and has ${found?.['parts']}`);
  }
  // Every view that was counted was asked for.
  const asked = new Map<string, number>();
  const codes = new Map(
    (await rows('SELECT id AS id, code AS code FROM anime')).map(
      ({ id, code }) => [Number(id), code ?? ''] as const,
    ),
  );
  for (const one of scene.stage.asked) {
    const [, who = '', what = ''] = /^(\d+) (.*)$/s.exec(one) ?? [];
    const view = viewOf(what, codes);
    if (view !== undefined) asked.set(`${who} ${view}`, (asked.get(`${who} ${view}`) ?? 0) + 1);
  }
  for (const { user, code, part, count } of await rows(
    'SELECT user_id AS user, anime_code AS code, part_number AS part, COUNT(*) AS count FROM user_history GROUP BY 1, 2, 3',
  )) {
    const most = asked.get(`${user} ${code} ${part}`) ?? 0;
    if (Number(count) > most)
      problems.push(`${user} watched part ${part} of ${code} ${count} times, and asked ${most} times`);
  }
  for (const text of work.broadcasts)
    for (const { person } of scene.people) {
      const copies = person.messages().filter((message) => message.isFromBot && message.text === text).length;
      const mayBe = unknown.filter(
        ({ method, params }) => method.startsWith('copyMessage') && Number(params['chat_id']) === person.id,
      ).length;
      if (copies > 1 + mayBe + run.kills)
        problems.push(
          `${person.user.first_name} has ${text} ${copies} times, ${mayBe} of them may be repeated`,
        );
    }
  const told = new Map<string, number>();
  for (const { text, isFromBot } of scene.reader.messages()) {
    const words = text.replaceAll(/\d+/g, 'N');
    if (isFromBot && isAlert(text) && !text.startsWith('🔇')) told.set(words, (told.get(words) ?? 0) + 1);
  }
  const mayBe = unknown.filter(
    ({ method, params }) => method === 'sendMessage' && Number(params['chat_id']) === scene.reader.id,
  ).length;
  for (const [words, n] of told)
    if (n > 1 + mayBe + run.kills) problems.push(`an owner was told ${n} times: ${words}`);
  return problems;
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

/** The query names its columns with AS. */
function table(text: string): Query<Record<string, string>[]> {
  const names = [...text.matchAll(/\bAS ([a-z]\w+)/g)].map((match) => match[1] ?? '');
  return all(sql(text), (row) => Object.fromEntries(names.map((name) => [name, row.textOrNull(name) ?? ''])));
}
