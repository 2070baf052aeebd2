/**
 * Does long work that an admin asked for: begun right after the update that stored it, or by a
 * tick, when its process died. Done is done once: the outcome takes the work's place in the
 * database, and is told until it was told.
 */
import type { InlineKeyboard } from 'grammy';
import { messageOptions, type Screen } from '../../../bot/show.ts';
import { isPassing, readSendFailure } from '../../../bot/telegram-errors.ts';
import {
  type AdminWork,
  addWork,
  claimWork,
  endWork,
  freeAgain,
  isTooOld,
  RENEW_MS,
  readWork,
  renewWork,
  type WorkKind,
  workDone,
} from '../../../db/admin-work.ts';
import { DatabaseUnavailable, type Statement } from '../../../db/database.ts';
import { describeError } from '../../../lib/log.ts';
import { readJson } from '../../../lib/read-json.ts';
import { fileWord } from '../../../lib/shell-word.ts';
import { textsIn } from '../../../locales/index.ts';
import { doCheck } from './check.ts';
import { doImport, doLook } from './import.ts';
import { doMoment } from './moment.ts';
import { Cancelled, type DoWork, type WorkParts } from './parts.ts';
import { doSend } from './send.ts';

const KINDS: Readonly<Record<Exclude<WorkKind, 'report'>, DoWork>> = {
  check: doCheck,
  send: doSend,
  look: doLook,
  import: doImport,
  moment: doMoment,
};
/** Processes that may die of the same work; then the admin is told what to do instead. */
const MAX_ATTEMPTS = 3;

/** Work that this process is at, by the message that has the button to call it off. */
const underWay = new Map<string, AbortController>();
const placeOf = (chatId: number, messageId: number | null): string => `${chatId}:${messageId}`;

/** False when this process is not at it. */
export function cancelWork(chatId: number, messageId: number): boolean {
  const running = underWay.get(placeOf(chatId, messageId));
  running?.abort(new Cancelled());
  return running !== undefined;
}

/** Begins what is on record, outside of the update: an update is kept waiting by nothing long. */
export function begin(
  { background, after, log }: WorkParts,
  act: (stopping?: AbortSignal) => Promise<void>,
): void {
  const safely = (stopping?: AbortSignal): Promise<void> =>
    act(stopping).catch((error: unknown) => log.warn('admin work waits', { error: describeError(error) }));
  if (background !== undefined) background(safely);
  // A Worker may end it 30 s after the answer: then the tick does it, which has 15 minutes.
  else after?.(0, safely);
}

/** An outcome that could not be told right away: the tick tells it. */
export function addReport(
  { requestedBy, chatId, messageId }: Pick<AdminWork, 'requestedBy' | 'chatId' | 'messageId'>,
  screen: Screen,
  now: Date,
): Statement {
  return addWork({ kind: 'report', requestedBy, chatId, messageId, detail: toldOf(screen) }, now);
}

/** Never rejects. */
export async function runWork(
  parts: WorkParts,
  id: number,
  stopping: AbortSignal = new AbortController().signal,
): Promise<void> {
  const { db, log, now } = parts;
  const calledOff = new AbortController();
  let place = '';
  let renewal: ReturnType<typeof setInterval> | undefined;
  try {
    const [claimed] = await db.write([claimWork(id, now())]);
    const [row] = claimed?.rows ?? [];
    if (row === undefined) return;
    const asked = readWork(row);
    place = placeOf(asked.chatId, asked.messageId);
    underWay.set(place, calledOff);
    renewal = setInterval(() => {
      db.write([renewWork(id, now())]).catch(() => {});
    }, RENEW_MS);
    await work(parts, asked, AbortSignal.any([stopping, calledOff.signal]));
  } catch (error) {
    // The database or Telegram is silent, or the host stops: the next tick or host does it.
    log.warn('admin work waits', { work: id, error: describeError(error) });
    await db.write([freeAgain(id)]).catch(() => {});
  } finally {
    clearInterval(renewal);
    underWay.delete(place);
  }
}

/** Rejects where it is to be tried again. */
async function work(parts: WorkParts, asked: AdminWork, signal: AbortSignal): Promise<void> {
  const { db, log, now, defaultLocale, ownerIds } = parts;
  const { id, kind } = asked;
  if (!asked.isAdmin && !ownerIds.includes(asked.requestedBy)) {
    log.warn('admin work of somebody who is no admin any more', { work: id, kind });
    return void (await db.write([endWork(id)]));
  }
  let told = asked.detail;
  if (readJson(told) === undefined || (kind !== 'report' && !(kind in KINDS))) {
    // Somebody's SQL, or a restored row: nobody could tell what was asked for.
    log.error('admin work cannot be read', { work: id, kind });
    return void (await db.write([endWork(id)]));
  }
  if (kind !== 'report') {
    const t = textsIn(asked.language, defaultLocale);
    const failed = { screen: { text: t.admin.system.workFailed(commandOf(asked)) } };
    const isOver = asked.attempts > MAX_ATTEMPTS || isTooOld(asked, now());
    const outcome = isOver
      ? failed
      : await KINDS[kind](parts, asked, t, signal).catch((error: unknown) => {
          if (mayPass(error) || (signal.aborted && !(signal.reason instanceof Cancelled))) throw error;
          log.error('admin work', { work: id, kind, error: describeError(error) });
          return failed;
        });
    const { screen, statements = [] } = { statements: [], ...outcome };
    if (screen === undefined) return void (await db.write([...statements, endWork(id)]));
    told = toldOf(screen, replyOf(asked));
    await db.write([...statements, workDone(id, told)]);
  }
  if (kind === 'report' && isTooOld(asked, now())) return void (await db.write([endWork(id)]));
  await tell(parts, asked, JSON.parse(told) as Told);
  await db.write([endWork(id)]);
}

interface Told {
  readonly markup: string;
  readonly keyboard?: InlineKeyboard;
  readonly replyTo?: number;
}

function toldOf({ text, keyboard }: Screen, replyTo?: number): string {
  return JSON.stringify({ markup: text.markup, keyboard, replyTo });
}

/** The message that a new one would answer: the file. */
function replyOf({ detail }: AdminWork): number | undefined {
  return (JSON.parse(detail) as { replyTo?: number }).replyTo;
}

/** In the message the admin waits at, else in a new one. */
async function tell({ api, log }: WorkParts, { chatId, messageId }: AdminWork, told: Told): Promise<void> {
  const options = messageOptions(told);
  const reply =
    told.replyTo === undefined
      ? {}
      : { reply_parameters: { message_id: told.replyTo, allow_sending_without_reply: true } };
  const send = () => api.sendMessage(chatId, told.markup, { ...options, ...reply });
  try {
    if (messageId === null) await send();
    else
      await api.editMessageText(chatId, messageId, told.markup, options).catch(async (error: unknown) => {
        if (readSendFailure(error).kind !== 'refused') throw error;
        // Deleted by the admin.
        await send();
      });
  } catch (error) {
    if (mayPass(error)) throw error;
    log.warn('admin not told', { chat: chatId, error: describeError(error) });
  }
}

const VERBS: Readonly<Record<WorkKind, string>> = {
  check: 'verify',
  send: 'download',
  moment: 'download',
  look: 'import',
  import: 'import',
  report: '',
};

/** What does the same on a computer. */
function commandOf({ kind, detail }: AdminWork): string {
  const { name } = JSON.parse(detail) as { name: string };
  return `npm run backup -- ${VERBS[kind]} ${fileWord(name)}`;
}

function mayPass(error: unknown): boolean {
  return error instanceof DatabaseUnavailable || isPassing(error);
}
