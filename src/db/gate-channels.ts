/** Mandatory channels, and what the bot knows of a viewer's membership in them. */
import { DAY_MS } from '../text/times.ts';
import { listed, type Query, type Statement, sql } from './database.ts';
import { shown } from './shown-text.ts';
import { holding, toSqlTime } from './time.ts';

/** `asked`: the viewer's request to join waits for an admin of the channel. */
export type Membership = 'in' | 'out' | 'asked';

const MINUTE = 60_000;
/** How long the bot believes an answer. */
export const BELIEF_MS: Readonly<Record<Membership, number>> = {
  /**
   * A chat_member update usually tells sooner that somebody left; this is for channels that send
   * none.
   */
  in: 10 * MINUTE,
  /**
   * For a viewer on the way to subscribe: a short wait, without a call to Telegram at every
   * message.
   */
  out: 1 * MINUTE,
  /** Telegram tells when a request is granted (chat_member), never when it is refused. */
  asked: 30 * DAY_MS,
};

export interface GateChannel {
  readonly id: number;
  /** A chat id, or `@name` (old databases). */
  readonly chat: string;
  readonly name: string;
  readonly username: string | null;
  readonly inviteLink: string | null;
  readonly link: string | null;
  readonly isBroken: boolean;
  readonly checkedAt: string | null;
  /** What Telegram said of this viewer, while the bot still believes it. */
  readonly answer: Membership | undefined;
}

/** Every mandatory channel in the admins' order. One row each, found by primary key. */
export function gateFor(userId: number): Query<(now: Date) => GateChannel[]> {
  const query = listed(
    sql(
      `SELECT c.id, c.channel_id, ${shown('c.name', 'c.username', 'c.invite_link', 'c.link')}, c.check_state = 'broken' AS broken,
         c.checked_at, g.state, g.fresh_until
       FROM mandatory_channels AS c LEFT JOIN gate_answers AS g ON g.channel_id = c.id AND g.user_id = ?
       ORDER BY c.position, c.id`,
      userId,
    ),
    (row) => ({
      freshUntil: row.textOrNull('fresh_until') ?? '',
      state: readMembership(row.textOrNull('state')),
      channel: {
        id: row.int('id'),
        chat: row.text('channel_id'),
        name: row.text('name'),
        username: row.textOrNull('username'),
        inviteLink: row.textOrNull('invite_link'),
        link: row.textOrNull('link'),
        isBroken: row.bool('broken'),
        checkedAt: row.textOrNull('checked_at'),
      },
    }),
  );
  return {
    ...query,
    parse: (rows) => {
      const found = query.parse(rows);
      return (now) =>
        found.map(({ channel, state, freshUntil }) => ({
          ...channel,
          answer: isFresh(freshUntil, state, now) ? state : undefined,
        }));
    },
  };
}

function isFresh(until: string, state: Membership | undefined, now: Date): boolean {
  if (state === undefined) return false;
  const { after, last } = holding(now, BELIEF_MS[state]);
  return until > toSqlTime(after) && until <= toSqlTime(last);
}

export function rememberAnswer(
  channelId: number,
  userId: number,
  state: Membership,
  freshUntil: Date,
): Statement {
  return sql(
    `INSERT INTO gate_answers (channel_id, user_id, state, fresh_until) SELECT id, ?, ?, ? FROM mandatory_channels WHERE id = ?
     ON CONFLICT (channel_id, user_id) DO UPDATE SET state = excluded.state, fresh_until = excluded.fresh_until`,
    userId,
    state,
    toSqlTime(freshUntil),
    channelId,
  );
}

/** The same from an update about a chat; writes nothing when the chat is no mandatory channel. */
export function membershipChanged(
  chat: { readonly id: number; readonly username: string | undefined },
  userId: number,
  state: Membership,
  freshUntil: Date,
): Statement {
  return sql(
    `INSERT INTO gate_answers (channel_id, user_id, state, fresh_until)
     SELECT id, ?, ?, ? FROM mandatory_channels WHERE ${SAME_CHAT}
     ON CONFLICT (channel_id, user_id) DO UPDATE SET state = excluded.state, fresh_until = excluded.fresh_until`,
    userId,
    state,
    toSqlTime(freshUntil),
    ...sameChat(chat),
  );
}

/** The bot cannot look up members there: everybody passes until the next look. */
export function channelBroken(channelId: number, reason: string, now: Date): Statement {
  return sql(
    `UPDATE mandatory_channels SET check_state = 'broken', check_error = ?, checked_at = ? WHERE id = ?`,
    reason,
    toSqlTime(now),
    channelId,
  );
}

export function channelFine(channelId: number, now: Date): Statement {
  return sql(
    `UPDATE mandatory_channels SET check_state = 'ok', check_error = NULL, checked_at = ? WHERE id = ?`,
    toSqlTime(now),
    channelId,
  );
}

const KEEP_MS = DAY_MS;

/**
 * Answers that nobody needed lately, and those that a clock running ahead wrote. The gate asks
 * Telegram again when the viewer returns.
 */
export function forgetOldAnswers(now: Date, limit: number): Statement {
  return sql(
    `DELETE FROM gate_answers WHERE (channel_id, user_id) IN
       (SELECT channel_id, user_id FROM gate_answers WHERE fresh_until < ? OR fresh_until > ? ORDER BY fresh_until LIMIT ?)`,
    toSqlTime(new Date(now.getTime() - KEEP_MS)),
    toSqlTime(holding(now, BELIEF_MS.asked).last),
    limit,
  );
}

const SAME_CHAT = 'channel_id IN (?, ?) OR lower(channel_id) = ?';

function sameChat(chat: { readonly id: number; readonly username: string | undefined }): string[] {
  return [String(chat.id), `@${chat.username ?? ''}`, `@${chat.username?.toLowerCase() ?? ''}`];
}

function readMembership(state: string | null): Membership | undefined {
  return state === 'in' || state === 'out' || state === 'asked' ? state : undefined;
}
