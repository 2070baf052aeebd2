/** /test: tries everything the bot stands on, and says of what is wrong what to do. */
import { TIMELINE_REASONS } from '../../backup/catalog/change-position.ts';
import { changeState } from '../../backup/catalog/change-state.ts';
import { LONGEST_LAG_SECONDS, lagSeconds, peek, pending } from '../../backup/changes/peek.ts';
import { REASONS, UNRECORDED } from '../../backup/changes/spans.ts';
import { ACCEPT } from '../../backup/changes/went-on.ts';
import { copyHealth, readMemory } from '../../backup/copy/memory.ts';
import type { BackupEngine } from '../../backup/engine.ts';
import { StoreError } from '../../backup/store/types.ts';
import { lookAtChat } from '../../bot/chat-health.ts';
import type { BotContext } from '../../bot/context.ts';
import { feature } from '../../bot/feature.ts';
import { Keyboard } from '../../bot/keyboard.ts';
import type { Services } from '../../bot/services.ts';
import type { Screen } from '../../bot/show.ts';
import { ALLOWED_UPDATES } from '../../bot/telegram.ts';
import { copyNote, meantNote } from '../../db/bucket-notes.ts';
import { chatUses } from '../../db/chat-uses.ts';
import { lackNow } from '../../db/own-schema.ts';
import { newestRun } from '../../db/runs.ts';
import { claimedUntil, givenUpUpdates, writeAndRead } from '../../db/self-check.ts';
import { holding, toSqlTime } from '../../db/time.ts';
import { describeError } from '../../lib/log.ts';
import type { Texts } from '../../locales/index.ts';
import { type Html, html, join } from '../../text/html.ts';
import { copyMoment } from '../../text/moment.ts';
import { DEFAULT_TIME_ZONE, localTime } from '../../text/times.ts';
import { reachForTest } from './backup-reach.ts';

export const selfTestFeature = feature('admins').on('selfTest', run);

/** What one check found; an error of the check itself is a finding as well. */
interface Finding {
  readonly state: 'fine' | 'poor' | 'broken';
  readonly text: Html;
}

/** Undefined: there is nothing to check. `probed`: whether the bucket takes and gives back. */
type Check = (
  services: Services,
  t: Texts,
  now: Date,
  probed: ReturnType<BackupEngine['probe']>,
) => Promise<Finding | undefined>;

async function run(ctx: BotContext): Promise<Screen> {
  await ctx.answerPress();
  const probed = ctx.services.backups.probe();
  const found = await Promise.all(
    CHECKS.map(([name, check]) =>
      check(ctx.services, ctx.t, ctx.now, probed).catch(
        (error: unknown): Finding => ({
          state: 'broken',
          text: ctx.t.admin.system.checkFailed(name, troubleOf(error, ctx.t)),
        }),
      ),
    ),
  );
  const findings = found.filter((finding) => finding !== undefined);
  const { system } = ctx.t.admin;
  const lines = findings.map(({ state, text }) => system.finding(state, text));
  const troubles = findings.filter(({ state }) => state !== 'fine').length;
  const keyboard = new Keyboard()
    .button(system.again(), { kind: 'selfTest' })
    .button(system.panel(), { kind: 'panel' });
  return { text: system.selfTestResult(join(lines, '\n\n'), troubles), keyboard };
}

/** What a bucket refuses is said in the words for buckets. */
function troubleOf(error: unknown, t: Texts): Html {
  const said = describeError(error);
  return error instanceof StoreError ? t.backupTrouble(said) : t.trouble(said);
}

/** Writes, reads back what was written, and looks whether every table of ours is there. */
const database: Check = async ({ db, now }, t) => {
  const started = now().getTime();
  const mark = `${toSqlTime(now())} ${started}`;
  const [write, query] = writeAndRead(mark);
  const [, read] = await db.write([write, query]);
  if (query.parse(read?.rows ?? []) !== mark) throw new Error('what was written does not come back');
  const lack = await lackNow(db);
  if (lack !== undefined)
    return {
      state: 'broken',
      text: t.admin.system.databaseLacks(t.trouble(lack.findings.slice(0, 5).join('; '))),
    };
  return { state: 'fine', text: t.admin.system.databaseFine(now().getTime() - started) };
};

const telegram: Check = async ({ api, me }, t) => {
  const found = await api.getMe();
  if (found.id !== me.id) return { state: 'broken', text: t.admin.system.otherBot(found.username) };
  return { state: 'fine', text: t.admin.system.telegramFine(found.username) };
};

/** Longer ago than this, an error of the webhook is history. */
const RECENT_ERROR_SECONDS = 3_600;
/** More waiting updates than this mean that the bot does not keep up. */
const MANY_PENDING = 100;

const webhook: Check = async ({ api }, t, now) => {
  const { system } = t.admin;
  const info = await api.getWebhookInfo();
  // Polling: Telegram keeps nothing about errors then, and counts this very command as waiting: it
  // is confirmed when it was answered.
  if (info.url === undefined || info.url === '')
    return { state: 'fine', text: system.polling(Math.max(0, info.pending_update_count - 1)) };
  const missing = ALLOWED_UPDATES.filter((kind) => info.allowed_updates?.includes(kind) !== true);
  if (missing.length > 0) return { state: 'broken', text: system.webhookMissing(missing.join(', ')) };
  const errorAge = now.getTime() / 1000 - (info.last_error_date ?? 0);
  if (info.last_error_message !== undefined && errorAge < RECENT_ERROR_SECONDS)
    return {
      state: 'poor',
      text: system.webhookError(t.trouble(info.last_error_message), t.frame.ago(1000 * errorAge)),
    };
  if (info.pending_update_count > MANY_PENDING)
    return { state: 'poor', text: system.webhookSlow(info.pending_update_count) };
  return { state: 'fine', text: system.webhookFine(info.pending_update_count) };
};

const bucket: Check = async ({ backups }, t, _, probed) => {
  const { keepsDeleted } = await probed;
  const { total } = await backups.list({ limit: 1 });
  if (keepsDeleted) return { state: 'poor', text: t.admin.system.bucketKeepsDeleted(total) };
  return { state: 'fine', text: t.admin.system.bucketFine(total) };
};

const lastBackup: Check = async ({ backups }, t, now) => {
  const { system } = t.admin;
  const health = await backups.health();
  if (health.damaged !== undefined)
    return {
      state: 'broken',
      text: (health.damaged.isRun
        ? system.damagedDatabase
        : health.damaged.isUnopened
          ? system.unopenedBackup
          : system.damagedBackup)(health.damaged.name, t.backupTrouble(health.damaged.problem)),
    };
  if (health.reason === 'none') return { state: 'broken', text: system.noBackup() };
  const past = t.frame.ago(now.getTime() - Date.parse(health.lastVerified ?? ''));
  if (!health.ok) return { state: 'broken', text: system.oldBackup(past) };
  return { state: 'fine', text: system.backupFine(past, health.isBeforeImport === true) };
};

const secondCopy: Check = async ({ db, backups }, t, now) => {
  const { system } = t.admin;
  if (backups.copy === undefined) return undefined;
  const [note, run] = await db.read([copyNote(), newestRun()]);
  const { state, left, problem } = copyHealth(readMemory(note), now, run);
  const reason = problem === null ? null : t.backupTrouble(problem);
  if (state === 'late') return { state: 'broken', text: system.copyLate(left, reason) };
  if (state === 'whole' && problem === null)
    return { state: 'fine', text: html`${system.copyFine()}${backups.isSealed ? t.frame.plainStay() : ''}` };
  if (state === 'whole')
    return {
      state: 'poor',
      text: html`${system.copyFine()}
⚠️ ${reason ?? ''}`,
    };
  const text =
    left === 0 && reason !== null ? system.checkFailed('copy', reason) : system.copyBehind(left, reason);
  return { state: 'poor', text };
};

/** What the bucket or a file beside the database holds and it does not, as `list --check`. */
const missed: Check = async (services, t, now) => {
  const { db, backups, recordsChanges, rescued, timeZone: zone = DEFAULT_TIME_ZONE } = services;
  const [state, meant] = await db.read([changeState, meantNote()]);
  const reminder = { now, meant };
  const until =
    recordsChanges === true && state !== undefined
      ? await backups.missed(state, reminder, async () => (await db.read([changeState]))[0])
      : undefined;
  const beside = rescued?.(reminder);
  const { system } = t.admin;
  if (beside !== undefined && beside.at > (until?.getTime() ?? 0))
    return { state: 'poor', text: system.rescued(beside.how, ACCEPT) };
  if (until === undefined) return undefined;
  const command = `npm run backup -- restore --at ${copyMoment(until, zone)} --replace`;
  return { state: 'poor', text: system.missed(localTime(until, zone), command, ACCEPT) };
};

/** A change waits for seconds on Node, for a minute on the Worker. */
const SOME_SECONDS = 120;

const changes: Check = async (services, t, now, probed) => {
  const { db, backups, recordsChanges, timeZone: zone = DEFAULT_TIME_ZONE } = services;
  if (recordsChanges !== true) return undefined;
  const [found] = await db.read([peek]);
  if (found === undefined) return undefined;
  const { system } = t.admin;
  const lag = lagSeconds(found);
  const takes = pending(found) === 0 || (await probed.then(Boolean, () => false));
  if (lag <= SOME_SECONDS && takes) {
    const { text, goesOn } = await reachForTest({ backups }, found, { t, zone });
    return goesOn ? { state: 'fine', text: system.changesFine() } : { state: 'poor', text };
  }
  const { needsBase } = found.state;
  const reason = TIMELINE_REASONS.find((known) => known === needsBase);
  const why =
    needsBase === null ? null : t.momentTrouble(reason === undefined ? UNRECORDED : REASONS[reason]);
  return {
    state: lag > LONGEST_LAG_SECONDS ? 'broken' : 'poor',
    text: system.changesWait(localTime(new Date(now.getTime() - lag * 1000), zone), pending(found), why),
  };
};

/** The tick renews this lease hourly (src/jobs/forget-marks.ts); minutes late are no silence. */
const TICK_EVERY_MS = 3_600_000;
const TICK_GRACE_MS = 10 * 60_000;

const schedule: Check = async ({ db, firstTickBy }, t, now) => {
  const [until] = await db.read([claimedUntil('maintenance')]);
  const { after, last } = holding(new Date(now.getTime() - TICK_GRACE_MS), TICK_EVERY_MS + TICK_GRACE_MS);
  const isAlive = until !== undefined && until >= toSqlTime(after) && until <= toSqlTime(last);
  const { system } = t.admin;
  if (!isAlive && firstTickBy !== undefined && now < firstTickBy)
    return { state: 'fine', text: system.scheduleBegins() };
  return isAlive
    ? { state: 'fine', text: system.scheduleFine() }
    : { state: 'broken', text: system.scheduleSilent() };
};

/** Chats looked at, at random: a Worker on the free plan has 50 requests for all of this. */
const MANY_CHATS = 12;

const chats: Check = async (services, t) => {
  const { db } = services;
  const [uses, unanswered] = await db.read([chatUses(MANY_CHATS), givenUpUpdates]);
  const { system } = t.admin;
  const looked = await Promise.all(
    uses.map(async (use) => ({ ...use, ...(await lookAtChat(services, use)) })),
  );
  const statements = looked.flatMap((one) => one.statements);
  if (statements.length > 0) await db.write(statements);
  const bad = looked.filter(({ trouble }) => trouble !== undefined).map(({ name }) => name);
  if (bad.length > 0) return { state: 'poor', text: system.chatTrouble(bad.join(', ')) };
  if (unanswered > 0) return { state: 'poor', text: system.unanswered(unanswered) };
  return { state: 'fine', text: system.chatsFine() };
};

const CHECKS: readonly (readonly [name: string, check: Check])[] = [
  ['database', database],
  ['telegram', telegram],
  ['webhook', webhook],
  ['bucket', bucket],
  ['backup', lastBackup],
  ['changes', changes],
  ['missed', missed],
  ['copy', secondCopy],
  ['schedule', schedule],
  ['chats', chats],
];
