/** Asks whether updates can arrive, sets a removed webhook again, tells owners of the rest. */
import { GrammyError } from 'grammy';
import type { WebhookInfo } from 'grammy/types';
import { setWebhook } from '../bot/hearing.ts';
import { forgetNotice, noticeAdmins } from '../db/admin-notices.ts';
import { type Heard, heard, recordWebhook } from '../db/hearing.ts';
import { toSqlTime } from '../db/time.ts';
import { describeError } from '../lib/log.ts';
import { isTokenRefused, TOKEN_REFUSED } from '../lib/token-refused.ts';
import type { Job, JobContext } from './job.ts';

/** As many in two minutes: more than the end of a host that was restarted. */
const MANY_CONFLICTS = 3;
/** An error of the webhook longer ago is history. */
const RECENT_MS = 10 * 60_000;

export const hearingJob: Job = {
  name: 'hearing',
  everyMinutes: 2,
  async run(context) {
    const { db, log, now, hearing, requests } = context;
    if (hearing === undefined || !requests.take(4)) return;
    const [known] = await db.read([heard(now())]);
    const own = hearing.trouble(now());
    const trouble = own ?? (hearing.webhook === undefined ? undefined : await webhookTrouble(context, known));
    if (trouble !== undefined)
      log[known.deafSince === null ? 'error' : 'debug']('updates cannot arrive', { reason: trouble });
    const isShared = (hearing.conflicts?.() ?? 0) >= MANY_CONFLICTS;
    if (isShared)
      log.error('another program polls with this token', { remedy: 'stop it, or change the token' });
    const tell = (key: string, reason: string) => noticeAdmins(key, { kind: 'deaf', reason }, now());
    await db.write([
      ...(isShared ? [tell('poll-conflict', '409 Conflict: getUpdates')] : []),
      trouble === undefined ? forgetNotice('deaf') : tell('deaf', trouble),
    ]);
  },
};

async function webhookTrouble(context: JobContext, known: Heard): Promise<string | undefined> {
  const { api, db, log, now, hearing } = context;
  const info = await api.getWebhookInfo().catch((error: unknown) => {
    if (!isTokenRefused(error)) throw error;
  });
  if (info === undefined) return TOKEN_REFUSED;
  const url = info.url ?? '';
  const wanted = hearing?.webhook?.url ?? known.webhook ?? url;
  if (wanted === '') return 'no webhook is set: npm run deploy';
  if (url === wanted) {
    if (known.webhook !== url) await db.write([recordWebhook(url)]);
    return errorOf(info, known, now());
  }
  // Two hosts that take it from each other would help nobody.
  if (url !== '') return `another address has the webhook: ${new URL(url).host}`;
  try {
    const recorded = await setWebhook(api, wanted, hearing?.webhook?.secret ?? '');
    log.warn('webhook set again', { reason: 'another program removed it' });
    const reason = 'another program removed the webhook; it is set again';
    await db.write([recorded, noticeAdmins('webhook-removed', { kind: 'deaf', reason }, now())]);
    return undefined;
  } catch (error) {
    return error instanceof GrammyError ? error.description : describeError(error);
  }
}

/** Our own routes answer so when an update has to wait: it arrived. */
const OWN_ANSWER = /: (?:429|503)\b/;

/** Updates wait, the last try failed, and nothing came since. */
function errorOf(info: WebhookInfo, known: Heard, now: Date): string | undefined {
  const { pending_update_count: waiting, last_error_date: at = 0, last_error_message: words = '' } = info;
  const isRecent = now.getTime() - at * 1000 < RECENT_MS;
  const isHeardSince = (known.lastReceived ?? '') >= toSqlTime(new Date(at * 1000));
  return waiting > 0 && isRecent && !isHeardSince && !OWN_ANSWER.test(words) ? words : undefined;
}
