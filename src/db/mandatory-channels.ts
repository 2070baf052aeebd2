/**
 * Channels viewers must join, as admins keep them; `channels.ts` has what the gate reads. Every
 * channel here was looked up at Telegram first: its address fits a button, and the bot can see who
 * is in.
 */
import { listed, one, type Query, type Statement, sql } from './database.ts';
import { raise } from './groups.ts';
import type { Row } from './row.ts';
import { beginning, shown } from './shown-text.ts';
import { toSqlTime } from './time.ts';

/** request: joining waits for an admin's approval, and asking counts as subscribed. */
export type ChannelKind = 'public' | 'private' | 'request';

export interface MandatoryChannel {
  readonly id: number;
  /** Chat id as text, or `@name` (old databases). */
  readonly chat: string;
  readonly name: string;
  readonly kind: ChannelKind;
  readonly username: string | null;
  readonly link: string | null;
  readonly isBroken: boolean;
  readonly problem: string | null;
}

const CHANNEL = `SELECT c.id, c.channel_id, ${shown('c.name', 'c.username')}, c.kind, c.check_state, c.check_error,
  COALESCE(${beginning('c.invite_link')}, ${beginning('c.link')}) AS address FROM mandatory_channels AS c`;

export function mandatoryChannels(): Query<MandatoryChannel[]> {
  return listed(sql(`${CHANNEL} ORDER BY c.position, c.id`), readChannel);
}

export function mandatoryChannel(id: number): Query<MandatoryChannel | undefined> {
  return one(sql(`${CHANNEL} WHERE c.id = ?`, id), readChannel);
}

/** The channel with this chat, in either spelling. */
export function channelOfChat(chat: {
  readonly chatId: number;
  readonly username: string | null;
}): Query<MandatoryChannel | undefined> {
  return one(sql(`${CHANNEL} WHERE ${SAME}`, ...same(chat)), readChannel);
}

export interface NewChannel {
  readonly chatId: number;
  readonly name: string;
  readonly username: string | null;
  readonly link: string;
  readonly kind: ChannelKind;
}

/** At the end of the list; RETURNING nothing when the chat is there already. */
export function addChannel(channel: NewChannel, now: Date): Statement {
  return sql(
    `INSERT INTO mandatory_channels
       (channel_id, name, username, link, invite_link, kind, check_state, checked_at, position, created_at)
     SELECT ?, ?, ?, ?, ?, ?, 'ok', ?, (SELECT COALESCE(MAX(position), 0) + 1 FROM mandatory_channels), ?
     WHERE NOT EXISTS (SELECT 1 FROM mandatory_channels AS c WHERE ${SAME}) RETURNING id`,
    String(channel.chatId),
    channel.name,
    channel.username,
    channel.link,
    channel.username === null ? channel.link : null,
    channel.kind,
    toSqlTime(now),
    toSqlTime(now),
    ...same(channel),
  );
}

/**
 * Takes over what Telegram says of the channel now; an `@name` of an old database becomes its id.
 */
export function refreshChannel(id: number, channel: NewChannel, now: Date): Statement {
  return sql(
    `UPDATE mandatory_channels SET channel_id = ?, username = ?, link = ?, invite_link = ?, kind = ?,
       check_state = 'ok', check_error = NULL, checked_at = ? WHERE id = ?`,
    String(channel.chatId),
    channel.username,
    channel.link,
    channel.username === null || channel.kind === 'request' ? channel.link : null,
    channel.kind,
    toSqlTime(now),
    id,
  );
}

export function renameChannel(id: number, name: string): Statement {
  return sql('UPDATE mandatory_channels SET name = ? WHERE id = ?', name, id);
}

/** Nothing brings it back: only the database has the list. */
export function deleteChannel(id: number): Statement {
  return sql('DELETE FROM mandatory_channels WHERE id = ?', id);
}

/** Changes places with the one above. */
export function raiseChannel(id: number): readonly Statement[] {
  return raise('mandatory_channels', id);
}

const SAME = 'c.channel_id = ? OR lower(c.channel_id) = ?';

function same(chat: { readonly chatId: number; readonly username: string | null }): string[] {
  return [String(chat.chatId), chat.username === null ? '' : `@${chat.username.toLowerCase()}`];
}

function readChannel(row: Row): MandatoryChannel {
  const kind = row.text('kind');
  return {
    id: row.int('id'),
    chat: row.text('channel_id'),
    name: row.text('name'),
    kind: kind === 'private' || kind === 'request' ? kind : 'public',
    username: row.textOrNull('username'),
    link: row.textOrNull('address'),
    isBroken: row.text('check_state') === 'broken',
    problem: row.textOrNull('check_error'),
  };
}
