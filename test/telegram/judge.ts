/**
 * What was promised, checked from outside: the updates Telegram had taken from it, the chats as
 * people see them, the rows.
 */
import { all, type Query, sql } from '../../src/db/database.ts';
import { answersTo, type Duty, dutyOf, LATE, saidTo } from './answers.ts';
import { repeated, untrue } from './effects.ts';
import type { Ground } from './hour-hosts.ts';
import type { Scene } from './hour-scene.ts';
import type { Run } from './hour-simulation.ts';

export interface Verdict {
  readonly problems: string[];
  readonly summary: string;
}

/**
 * New messages to an owner who only reads, beside one for each thing that somebody did to the bot.
 */
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
  const evidence = { ground, scene, run, rows };
  problems.push(...(await untrue(evidence)), ...(await repeated(evidence)));
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

/** The query names its columns with AS. */
function table(text: string): Query<Record<string, string>[]> {
  const names = [...text.matchAll(/\bAS ([a-z]\w+)/g)].map((match) => match[1] ?? '');
  return all(sql(text), (row) => Object.fromEntries(names.map((name) => [name, row.textOrNull(name) ?? ''])));
}
