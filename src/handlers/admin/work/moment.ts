/** The database of a moment: what has changed since then, or its file. */
import { InputFile } from 'grammy';
import type { MomentOptions, MomentProgress } from '../../../backup/restore/moments.ts';
import type { OutOfReach } from '../../../backup/restore/out-of-reach.ts';
import type { TableDiff } from '../../../backup/verify/database-diff.ts';
import { Keyboard } from '../../../bot/keyboard.ts';
import type { Screen } from '../../../bot/show.ts';
import { ask } from '../../../db/admin-questions.ts';
import type { AdminWork } from '../../../db/admin-work.ts';
import { audit } from '../../../db/audit-log.ts';
import { personById } from '../../../db/users.ts';
import { describeError } from '../../../lib/log.ts';
import { TABLES } from '../../../locales/admin/imports/uz.ts';
import type { MomentChange } from '../../../locales/admin/moment/uz.ts';
import type { Texts } from '../../../locales/index.ts';
import type { Html } from '../../../text/html.ts';
import { copyMoment, toTheSecond } from '../../../text/moment.ts';
import { DEFAULT_TIME_ZONE } from '../../../text/times.ts';
import { asking, withNote } from '../edit-screens.ts';
import { oneLine } from '../lines.ts';
import { pacedEdits } from '../paced-edits.ts';
import { Cancelled, type DoWork, type WorkOutcome, type WorkParts } from './parts.ts';
import { UPLOAD_LIMIT } from './send.ts';

const DAY_MINUTES = 24 * 60;
/** A message has room for them. */
const MOST_NOTES = 3;
const MOST_NOTE = 300;

export interface AskedMoment {
  /** As the command line takes it. */
  readonly name: string;
  readonly at: number;
  /** The file; left out: what has changed. */
  readonly isSend?: boolean;
}

export function askedMoment(at: Date, zone: string): AskedMoment {
  return { name: `--at ${copyMoment(at, zone)}`, at: at.getTime() };
}

export function stopButton({ admin: { moment } }: Texts): Keyboard {
  return new Keyboard().button(moment.stop(), { kind: 'momentStop' });
}

export const doMoment: DoWork = async (parts, work, t, signal) => {
  const { moments, background, log } = parts;
  const { moment } = t.admin;
  const asked = JSON.parse(work.detail) as AskedMoment;
  if (moments === undefined) return { screen: { text: moment.elsewhere(background !== undefined) } };
  const edits = pacedEdits(parts, (text) => edit(parts, work, text, t));
  const options: MomentOptions = {
    signal,
    onProgress: (progress) => edits.show(() => progressText(progress, t)),
  };
  try {
    const outcome = asked.isSend === true ? sendFile : showChanges;
    return await outcome({ parts, work, t, moments, options, settled: edits.settled }, new Date(asked.at));
  } catch (error) {
    await edits.settled();
    const keyboard = onward(t);
    if (signal.reason instanceof Cancelled) return { screen: { text: moment.stopped(), keyboard } };
    if (signal.aborted) throw error;
    const said = describeError(error);
    log.error('moment', { work: work.id, error: said });
    const text = moment.failed(t.backupTrouble(said), commandFor('download', asked.at, parts));
    return { screen: { text, keyboard } };
  }
};

interface Doing {
  readonly parts: WorkParts;
  readonly work: AdminWork;
  readonly t: Texts;
  readonly moments: NonNullable<WorkParts['moments']>;
  readonly options: MomentOptions;
  readonly settled: () => Promise<void>;
}

async function showChanges(
  { parts, t, moments, options, settled, ...doing }: Doing,
  at: Date,
): Promise<WorkOutcome> {
  const found = await moments.compare(at, options);
  await settled();
  if (!(await isStillAdmin(parts, doing.work))) return { screen: undefined };
  if (found.kind === 'beyond') return beyond(at, found.why, { parts, t, work: doing.work });
  const { time, tables, notes } = found;
  const { moment } = t.admin;
  const keyboard = new Keyboard().last(moment.sendHere(), { kind: 'momentSend', at: time.getTime() });
  const zone = zoneOf(parts);
  const command = `${commandFor('restore', time.getTime(), parts)} --replace`;
  const told = notes.slice(0, MOST_NOTES).map((note) => oneLine(note, MOST_NOTE));
  const text = moment.found(toTheSecond(time, zone), zone, changesOf(tables), told, command);
  return { screen: { text, keyboard: onward(t, keyboard) } };
}

async function sendFile(
  { parts, work, t, moments, options, settled }: Doing,
  at: Date,
): Promise<WorkOutcome> {
  const { api, now } = parts;
  const { moment } = t.admin;
  const zone = zoneOf(parts);
  const made = await moments.pack(at, { ...options, most: UPLOAD_LIMIT });
  await settled();
  if (made.kind === 'beyond') return beyond(at, made.why, { parts, t, work });
  const { body, fileName } = made;
  if (body === undefined)
    return {
      screen: { text: moment.tooLarge(commandFor('download', at.getTime(), parts)), keyboard: onward(t) },
    };
  // The making may have taken minutes.
  if (!(await isStillAdmin(parts, work))) return { screen: undefined };
  options.signal.throwIfAborted();
  const time = toTheSecond(made.time, zone);
  await api.sendDocument(work.chatId, new InputFile(body, fileName), {
    caption: moment.file(time).markup,
    parse_mode: 'HTML',
  });
  return {
    screen: { text: moment.sent(time), keyboard: onward(t) },
    statements: [audit(work.requestedBy, 'moment-sent', fileName, now())],
  };
}

/** Asks for another time, where there is one. */
function beyond(
  at: Date,
  why: OutOfReach,
  { parts, work, t }: Pick<Doing, 'parts' | 'work' | 't'>,
): WorkOutcome {
  const { moment } = t.admin;
  const zone = zoneOf(parts);
  const near = why.kind === 'early' ? why.earliest : why.kind === 'gap' ? why.last : undefined;
  const keyboard = new Keyboard();
  if (near !== undefined)
    keyboard.last(moment.near(toTheSecond(near, zone)), { kind: 'momentLook', at: near.getTime() });
  const shown = near === undefined ? null : toTheSecond(near, zone);
  if (why.kind === 'early' && shown === null)
    return { screen: { text: moment.early(shown), keyboard: onward(t) } };
  const said = { early: moment.early(shown), ahead: moment.ahead() };
  const text =
    why.kind === 'gap'
      ? moment.gap(toTheSecond(at, zone), t.momentTrouble(why.reason), shown)
      : said[why.kind];
  return {
    screen: withNote(text, momentQuestion(t, zone, keyboard)),
    statements: ask(work.requestedBy, 'moment', {}, parts.now()),
  };
}

export function momentQuestion(t: Texts, zone: string, keyboard = new Keyboard()): Screen {
  const { moment } = t.admin;
  keyboard
    .button(moment.tenMinutes(), { kind: 'momentAgo', minutes: 10 })
    .last(moment.oneHour(), { kind: 'momentAgo', minutes: 60 })
    .last(moment.yesterday(), { kind: 'momentAgo', minutes: DAY_MINUTES });
  return asking(moment.ask(zone), t, keyboard);
}

/** Buttons of every outcome. */
function onward({ admin: { moment, system } }: Texts, keyboard = new Keyboard()): Keyboard {
  return keyboard
    .button(moment.other(), { kind: 'moment' })
    .button(system.backups(), { kind: 'backups', page: 0 });
}

/** Tables that have a name for people, in the order of their names' list; the others as one. */
function changesOf(tables: readonly TableDiff[]): MomentChange[] {
  const names = Object.keys(TABLES);
  const changed = tables.filter((table) => table.added + table.removed + table.changed > 0);
  const named = changed.filter(({ table }) => names.includes(table));
  const others = changed.filter(({ table }) => !names.includes(table));
  const sum = (of: 'added' | 'removed' | 'changed'): number =>
    others.reduce((total, table) => total + table[of], 0);
  return [
    ...named.toSorted((a, b) => names.indexOf(a.table) - names.indexOf(b.table)),
    ...(others.length === 0
      ? []
      : [{ table: undefined, added: sum('added'), removed: sum('removed'), changed: sum('changed') }]),
  ];
}

async function isStillAdmin({ db, ownerIds }: WorkParts, { requestedBy }: AdminWork): Promise<boolean> {
  if (ownerIds.includes(requestedBy)) return true;
  const [person] = await db.read([personById(requestedBy)]);
  return person.isAdmin;
}

function progressText({ phase, bytes = 0, total = 0 }: MomentProgress, { admin: { moment } }: Texts): Html {
  if (phase === 'fetching')
    return moment.fetching(total === 0 ? null : Math.min(99, Math.floor((100 * bytes) / total)));
  return moment[phase]();
}

function edit({ api }: WorkParts, { chatId, messageId }: AdminWork, text: Html, t: Texts): Promise<unknown> {
  if (messageId === null) return Promise.resolve();
  return api.editMessageText(chatId, messageId, text.markup, {
    parse_mode: 'HTML',
    reply_markup: stopButton(t),
  });
}

/** In the zone of the times beside it, and unambiguous in every other. */
function commandFor(verb: 'download' | 'restore', at: number, parts: WorkParts): string {
  return `npm run backup -- ${verb} ${askedMoment(new Date(at), zoneOf(parts)).name}`;
}

function zoneOf({ timeZone = DEFAULT_TIME_ZONE }: WorkParts): string {
  return timeZone;
}
