/** `relink missing`: the files that would go with the bot, and what to do for each kind. */
import { type ArchiveChannel, archiveChannel, archiveNumbers } from '../../db/archive.ts';
import type { Database } from '../../db/database.ts';
import { type MissingFile, missingCount, missingFiles } from '../../db/missing-files.ts';
import { countOf, formatCount } from '../../text/format.ts';
import { titleFrom } from '../../text/search-text.ts';
import type { ExitCode, Invocation } from '../command.ts';

export const NO_CHANNEL = 'no archive channel: choose one in the bot, /archive';
export const RIGHTS = 'make the bot an admin of the channel, with the rights to post and to delete messages';

/** @param minutes null: not known */
export function aboutMinutes(minutes: number | null): string {
  return minutes === null ? '' : `, about ${formatCount(minutes)} min`;
}

/** Rows at once. */
const PAGE = 500;

export async function tellMissing({ terminal, now }: Invocation, db: Database): Promise<ExitCode> {
  const [channel, numbers, { files }] = await db.read([
    archiveChannel(),
    archiveNumbers(now()),
    missingCount(),
  ]);
  const missing: MissingFile[] = [];
  for (;;) {
    const [page] = await db.read([missingFiles(missing.length, PAGE, 'all')]);
    missing.push(...page);
    if (page.length < PAGE) break;
  }
  const named = missing.map((file) => ({
    code: file.code,
    title: titleFrom(file.title, file.description) ?? null,
    part: file.part,
    why: file.why,
    isKnown: file.isKnown,
  }));
  terminal.answer({ ok: true, files, archive: channel?.name ?? null, missing: named });
  for (const { code, title, part, why, isKnown } of named)
    terminal.say(
      `${code} ${title ?? ''}: ${part === null ? 'picture' : `part ${part}`}${why !== 'waiting' && !(why === 'away' && isKnown) ? ' (/edit)' : ''}`,
    );
  if (named.length === 0)
    terminal.say(files === 0 ? 'the catalogue has no files' : 'no file is without a copy');
  else terminal.say(`${formatCount(named.length)} of ${countOf(files, 'file')} without a copy`);
  for (const line of adviceOn(missing, channel, numbers.minutes)) terminal.say(line);
  return 0;
}

function adviceOn(
  missing: readonly MissingFile[],
  channel: ArchiveChannel | undefined,
  minutes: number | null,
): readonly string[] {
  const waiting = missing.filter(({ why }) => why === 'waiting');
  const known = missing.filter(({ why, isKnown }) => why === 'away' && isKnown);
  const byHand = missing.length - waiting.length - known.length;
  const advice: string[] = [];
  if (waiting.length > 0 && channel === undefined)
    advice.push('no archive channel: choose one in the bot, /archive, while this bot can send its files');
  else if (waiting.length > 0 && channel?.problem != null)
    advice.push(`the bot cannot work in the archive channel ${channel.name}: ${channel.problem}; ${RIGHTS}`);
  else if (waiting.length > 0)
    advice.push(`the bot still copies ${formatCount(waiting.length)} of them${aboutMinutes(minutes)}`);
  if (known.length > 0)
    advice.push(
      `whoever has such a ${kindOf(known)} forwards it to the bot, as an admin: it is in its place at once`,
    );
  if (byHand > 0)
    advice.push(
      'the bot would not know those with (/edit), or Telegram does not give them: upload them again in /edit',
    );
  return advice;
}

function kindOf(files: readonly MissingFile[]): string {
  if (files.every(({ part }) => part === null)) return 'picture';
  return files.every(({ part }) => part !== null) ? 'video' : 'video or picture';
}
