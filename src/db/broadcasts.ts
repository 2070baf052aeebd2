/**
 * Broadcasts: one message copied to many people. A cursor holds the progress: everybody up to it
 * was dealt with, nobody after the slice under way was. It moves with every slice, so a killed host
 * repeats at most that slice and skips nobody. 100,000 deliveries cost 10,000 updates of one row,
 * and no rows of their own. Only a recipient who must be tried again has a row; the others do not
 * wait for that.
 */
import { LONGEST_PAUSE_MS } from '../lib/recipient-wait.ts';
import { all, listed, one, type Query, type Statement, sql } from './database.ts';
import type { Row } from './row.ts';
import { beginning, shown } from './shown-text.ts';
import { holding, holdingSince, toSqlTime } from './time.ts';
import { LARGEST_USER_ID } from './users.ts';

export const AUDIENCES = ['users', 'groups', 'group'] as const;
export type Audience = (typeof AUDIENCES)[number];
export type BroadcastState = 'draft' | 'running' | 'paused' | 'cancelled' | 'failed' | 'done';

export interface Broadcast {
  readonly id: number;
  readonly requestedBy: number;
  /** JSON of the message's own buttons: copyMessage does not copy them. */
  readonly replyMarkup: string | null;
  readonly messages: readonly number[];
  readonly audience: Audience | null;
  readonly groupId: number | null;
  readonly groupName: string | null;
  readonly state: BroadcastState;
  readonly total: number;
  readonly cursor: number;
  /** Slices begun, over all hosts: the last one is under way, or was when its host died. */
  readonly slice: number;
  readonly sent: number;
  readonly failed: number;
  readonly blocked: number;
  readonly progressMessage: number | null;
  readonly problem: string | null;
  readonly startedAt: string | null;
  readonly language: string | null;
}

const BROADCAST = `SELECT b.*,
  (SELECT json_group_array(m.message_id) FROM (SELECT message_id FROM broadcast_messages
     WHERE broadcast_id = b.id ORDER BY message_id) AS m) AS messages,
  (SELECT ${beginning('g.name')} FROM groups AS g WHERE g.id = b.group_id) AS group_name,
  (SELECT u.language FROM users AS u WHERE u.user_id = b.requested_by) AS language FROM broadcasts AS b`;

export function broadcastById(id: number): Query<Broadcast | undefined> {
  return one(sql(`${BROADCAST} WHERE b.id = ?`, id), readBroadcast);
}

/** Those with work for the tick. */
export function dueBroadcasts(now: Date): Query<Broadcast[]> {
  const { after, last } = holding(now, LONGEST_PAUSE_MS);
  return all(
    sql(
      `${BROADCAST} WHERE (b.state = 'running' AND (b.not_before_ms <= ? OR b.not_before_ms > ?))
         OR (b.state IN ('done', 'failed') AND b.reported_at IS NULL) ORDER BY b.id LIMIT 5`,
      after.getTime(),
      last.getTime(),
    ),
    readBroadcast,
  );
}

/** The last ones begun, for the admins' list. */
export function recentBroadcasts(limit: number): Query<Broadcast[]> {
  return listed(
    sql(`${BROADCAST} WHERE b.state <> 'draft' ORDER BY b.id DESC LIMIT ?`, limit),
    readBroadcast,
  );
}

/**
 * Keeps a message to be broadcast. Messages of one album come as separate updates, at once and in
 * any order: the album's id joins them. RETURNING id and the messages kept before this one.
 */
export function keepBroadcast(
  userId: number,
  message: { readonly album: string | null; readonly replyMarkup: string | null },
  now: Date,
): Statement {
  return sql(
    `INSERT INTO broadcasts (requested_by, album, reply_markup, created_at) VALUES (?, ?, ?, ?)
     ON CONFLICT (requested_by, album) WHERE album IS NOT NULL DO UPDATE SET album = excluded.album
     RETURNING id, (SELECT COUNT(*) FROM broadcast_messages AS m WHERE m.broadcast_id = broadcasts.id) AS messages`,
    userId,
    message.album,
    message.replyMarkup,
    toSqlTime(now),
  );
}

/** Only before the broadcast begins: a running one does not change. */
export function keepBroadcastMessage(userId: number, album: string | null, messageId: number): Statement {
  return sql(
    `INSERT INTO broadcast_messages (broadcast_id, message_id)
     SELECT id, ? FROM broadcasts WHERE requested_by = ? AND state = 'draft' AND ${album === null ? '? IS NULL' : 'album = ?'}
     ORDER BY id DESC LIMIT 1 ON CONFLICT DO NOTHING`,
    messageId,
    userId,
    album,
  );
}

/** People who can be written to, without those who blocked the bot or were blocked. */
export const REACHABLE = `blocked_at IS NULL AND banned_at IS NULL AND user_id <= ${LARGEST_USER_ID}`;

/** Chooses the audience and counts it. */
export function chooseAudience(
  id: number,
  userId: number,
  audience: Audience,
  groupId: number | null,
): Statement {
  return sql(
    `UPDATE broadcasts SET audience = ?1, group_id = ?2, total = CASE ?1
       WHEN 'users' THEN (SELECT COUNT(*) FROM users WHERE ${REACHABLE})
       WHEN 'groups' THEN (SELECT COUNT(*) FROM groups)
       ELSE (SELECT COUNT(*) FROM groups WHERE groups.id = ?2) END
     WHERE id = ?3 AND requested_by = ?4 AND state = 'draft'`,
    audience,
    groupId,
    id,
    userId,
  );
}

/** 0 changes when it had begun already. Users who come later are not in it. */
export function beginBroadcast(id: number, userId: number, now: Date): Statement {
  return sql(
    `UPDATE broadcasts SET state = 'running', started_at = ?
     WHERE id = ? AND requested_by = ? AND state = 'draft' AND audience IS NOT NULL AND total > 0`,
    toSqlTime(now),
    id,
    userId,
  );
}

/** Pause, resume or cancel; 0 changes when its state does not allow that. */
export function steerBroadcast(id: number, to: 'paused' | 'running' | 'cancelled', now: Date): Statement {
  const from = to === 'paused' ? ['running'] : to === 'running' ? ['paused'] : ['draft', 'running', 'paused'];
  return sql(
    `UPDATE broadcasts SET state = ?1, finished_at = CASE WHEN ?1 = 'cancelled' THEN ?2 ELSE finished_at END
     WHERE id = ?3 AND state IN (${from.map((state) => `'${state}'`).join(', ')})`,
    to,
    toSqlTime(now),
    id,
  );
}

/**
 * Gives up this person's last broadcast where it waits for its recipients or start. RETURNING its
 * id.
 */
export function dropUnsent(userId: number, now: Date): Statement {
  return sql(
    `UPDATE broadcasts SET state = 'cancelled', finished_at = ?
     WHERE id = (SELECT MAX(id) FROM broadcasts WHERE requested_by = ?) AND state = 'draft' RETURNING id`,
    toSqlTime(now),
    userId,
  );
}

export interface Recipient {
  /** What the cursor counts: user id, or row id of a group. */
  readonly position: number;
  readonly chatId: number;
  /** The title of a group; empty for people. */
  readonly name: string;
}

/** The next recipients after the cursor, in its order. */
export function nextRecipients(broadcast: Broadcast, limit: number, now: Date): Query<Recipient[]> {
  const { cursor, audience } = broadcast;
  const statement =
    audience === 'users'
      ? sql(
          `SELECT user_id AS position, user_id AS chat_id, '' AS name FROM users
           WHERE user_id > ? AND ${REACHABLE} AND (created_at IS NULL OR created_at <= ? OR created_at > ?) ORDER BY user_id LIMIT ?`,
          cursor,
          broadcast.startedAt ?? '',
          // A clock that ran ahead wrote these: they were here before.
          toSqlTime(holdingSince(now, 0).last),
          limit,
        )
      : sql(
          `SELECT id AS position, group_id AS chat_id, ${shown('name')} FROM groups WHERE id > ? AND (? = 'groups' OR id = ?) ORDER BY id LIMIT ?`,
          cursor,
          audience,
          broadcast.groupId,
          limit,
        );
  return all(statement, (row) => ({
    position: row.int('position'),
    chatId: row.int('chat_id'),
    name: row.text('name'),
  }));
}

export type Delivery = 'sent' | 'failed' | 'blocked';

/** How far a broadcast is, as a host saw it that has a slice under way. */
export type Place = Pick<Broadcast, 'id' | 'cursor' | 'slice'>;

const NONE: Readonly<Record<Delivery, number>> = { sent: 0, failed: 0, blocked: 0 };

/**
 * Begins the first slice of a tick. RETURNING state: any other than `running` says stop. No row:
 * another host has begun one, so this one stops.
 */
export function beginSlice(place: Place): Statement {
  return recordSlice(place, place.cursor, NONE);
}

/**
 * Records a slice and begins the next: moves the cursor over its recipients and counts them; who is
 * tried again is not counted yet. RETURNING the state as {@link beginSlice} does.
 */
export function recordSlice(
  { id, cursor, slice }: Place,
  to: number,
  { sent, failed, blocked }: Readonly<Record<Delivery, number>>,
): Statement {
  return sql(
    `UPDATE broadcasts SET cursor = ?, sent = sent + ?, failed = failed + ?, blocked = blocked + ?, attempts = attempts + 1
     WHERE id = ? AND cursor = ? AND attempts = ? RETURNING state`,
    to,
    sent,
    failed,
    blocked,
    id,
    cursor,
    slice,
  );
}

/** Telegram refuses everything: waits until the given time. */
export function waitBroadcast(id: number, untilMs: number): Statement {
  return sql('UPDATE broadcasts SET not_before_ms = ? WHERE id = ?', untilMs, id);
}

export function endBroadcast(
  id: number,
  state: 'done' | 'failed',
  problem: string | null,
  now: Date,
): Statement {
  return sql(
    `UPDATE broadcasts SET state = ?, problem = ?, finished_at = ? WHERE id = ? AND state = 'running'`,
    state,
    problem,
    toSqlTime(now),
    id,
  );
}

export function broadcastReported(id: number, now: Date): Statement {
  return sql('UPDATE broadcasts SET reported_at = ? WHERE id = ?', toSqlTime(now), id);
}

export function progressShown(id: number, messageId: number): Statement {
  return sql('UPDATE broadcasts SET progress_message_id = ? WHERE id = ?', messageId, id);
}

const STATES: readonly BroadcastState[] = ['draft', 'running', 'paused', 'cancelled', 'failed', 'done'];

function readBroadcast(row: Row): Broadcast {
  return {
    id: row.int('id'),
    requestedBy: row.int('requested_by'),
    replyMarkup: row.textOrNull('reply_markup'),
    messages: JSON.parse(row.text('messages')) as number[],
    audience: AUDIENCES.find((audience) => audience === row.textOrNull('audience')) ?? null,
    groupId: row.intOrNull('group_id'),
    groupName: row.textOrNull('group_name'),
    state: STATES.find((state) => state === row.text('state')) ?? 'failed',
    total: row.int('total'),
    cursor: row.int('cursor'),
    slice: row.int('attempts'),
    sent: row.int('sent'),
    failed: row.int('failed'),
    blocked: row.int('blocked'),
    progressMessage: row.intOrNull('progress_message_id'),
    problem: row.textOrNull('problem'),
    startedAt: row.textOrNull('started_at'),
    language: row.textOrNull('language'),
  };
}
